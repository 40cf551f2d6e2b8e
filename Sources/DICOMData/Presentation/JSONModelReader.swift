// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Data sets from the DICOM JSON model (PS3.18 annex F). Text becomes UTF-8, and the data set says so.
package struct JSONModelReader: Sendable {
  /// Why a text is not the JSON of data sets.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// What group 0002 and the others make of one object.
  package struct Result: Sendable {
    package let meta: DataSetBuilder?
    package let dataSet: DataSetBuilder
    /// nil where the JSON names none.
    package let transferSyntax: TransferSyntax?
  }

  private let nestingLimit: Int
  private let bulkData: @Sendable (String) throws -> [UInt8]

  /// `bulkData` fetches what a BulkDataURI names; without it, such an element is an error.
  package init(
    nestingLimit: Int = ReadingOptions.lenient.nestingLimit,
    bulkData: @escaping @Sendable (String) throws -> [UInt8] = { throw Failure(description: "'\($0)' is elsewhere") }
  ) {
    self.nestingLimit = nestingLimit
    self.bulkData = bulkData
  }

  /// One object, or an array of them.
  package func dataSets(_ json: [UInt8]) throws(Failure) -> [Result] {
    do {
      let decoder = JSONDecoder()
      decoder.userInfo[.nestingLimit] = nestingLimit
      let isArray = json.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
      let data = Data(json)
      let objects =
        try isArray ? decoder.decode([JSONDataSet].self, from: data) : [decoder.decode(JSONDataSet.self, from: data)]
      return try objects.map { try result(of: $0) }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(description: "no DICOM JSON: \(Self.description(of: error))")
    }
  }

  private func result(of object: JSONDataSet) throws -> Result {
    let isMeta: (Tag) -> Bool = { $0.group == 2 }
    let meta = object.elements.filter { isMeta($0.key) }
    let named = meta[.transferSyntaxUID]?.texts.first.flatMap { TransferSyntax(uid: $0) }
    let isEncapsulated = named?.isEncapsulated ?? false
    return Result(
      meta: meta.isEmpty ? nil : try builder(of: meta, isEncapsulated: false, fallback: .questionMarks),
      dataSet: try builder(
        of: object.elements.filter { !isMeta($0.key) }, isEncapsulated: isEncapsulated, fallback: .utf8),
      transferSyntax: named)
  }

  private func builder(
    of elements: [Tag: JSONElement], isEncapsulated: Bool, fallback: DataSetBuilder.Fallback,
    isItem: Bool = false
  ) throws -> DataSetBuilder {
    var builder = DataSetBuilder(characterSet: .utf8, fallback: fallback)
    for (tag, element) in elements.sorted(by: { $0.key < $1.key }) where tag != .specificCharacterSet {
      try set(tag, element, in: &builder, isEncapsulated: isEncapsulated)
    }
    let needsName = !isItem && !elements.values.allSatisfy(\.isASCII)
    if elements[.specificCharacterSet] != nil || needsName { builder.set(.specificCharacterSet, .cs, "ISO_IR 192") }
    return builder
  }

  private func set(
    _ tag: Tag, _ element: JSONElement, in builder: inout DataSetBuilder, isEncapsulated: Bool
  ) throws {
    let vr = element.vr
    switch element.value {
    case .none: builder.setEmpty(tag, vr)
    case .items(let items):
      builder.setSequence(
        tag, try items.map { try self.builder(of: $0.elements, isEncapsulated: false, fallback: .utf8, isItem: true) })
    case .texts(let texts): builder.set(tag, vr, texts)
    case .numbers(let numbers): try set(tag, vr, numbers, in: &builder)
    case .binary(let bytes): setBinary(tag, vr, bytes, in: &builder, isEncapsulated: isEncapsulated)
    case .reference(let uri):
      setBinary(tag, vr, try bulkData(uri), in: &builder, isEncapsulated: isEncapsulated)
    }
  }

  /// Encapsulated pixel data stand in JSON as the items that they are.
  private func setBinary(
    _ tag: Tag, _ vr: VR, _ bytes: [UInt8], in builder: inout DataSetBuilder, isEncapsulated: Bool
  ) {
    if isEncapsulated, tag == .pixelData, let fragments = Fragments(reading: bytes) {
      builder.put(tag, vr, .fragments(fragments.values))
    } else {
      builder.setBytes(tag, vr, bytes)
    }
  }

  private func set(_ tag: Tag, _ vr: VR, _ numbers: [String], in builder: inout DataSetBuilder) throws {
    func parsed<Number>(_ parse: (String) -> Number?) throws(Failure) -> [Number] {
      var values: [Number] = []
      for number in numbers {
        guard let value = parse(number) else { throw Failure(description: "\(tag): '\(number)' is no \(vr)") }
        values.append(value)
      }
      return values
    }
    switch vr {
    case .fl, .fd: builder.setDecimals(tag, vr, try parsed { Double($0) })
    case .uv: builder.setBytes(tag, vr, try parsed { UInt64($0) }.flatMap { $0.littleEndianBytes })
    case .at:
      builder.setBytes(
        tag, vr, try parsed { Tag(hex: $0) }.flatMap { $0.group.littleEndianBytes + $0.element.littleEndianBytes })
    default: builder.setIntegers(tag, vr, try parsed { Int($0) })
    }
  }

  private static func description(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    @unknown default: return "\(error)"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: "/")
    return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
  }
}

/// Items of encapsulated pixel data, one behind the other; nil for anything else.
private struct Fragments {
  var values: [[UInt8]] = []

  init?(reading bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 8, Array(rest.prefix(4)) == [0xFE, 0xFF, 0x00, 0xE0] else { return nil }
      let length = rest.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length <= rest.count - 8 else { return nil }
      values.append(Array(rest.dropFirst(8).prefix(length)))
      rest = rest.dropFirst(8 + length)
    }
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
