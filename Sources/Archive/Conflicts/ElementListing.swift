// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// An element in which two objects differ.
package struct ElementDifference: Sendable, Hashable {
  /// Tags and item numbers from the top down, as in `(0008,1140)[1].(0008,1155)`.
  package let path: String
  /// The element's name; empty where the dictionary has none.
  package let name: String
  /// nil where the object does not have it.
  package let first: String?
  package let second: String?
}

/// The elements of an object in document order, each with its value as text, or, where that is long, its digest.
struct ElementListing {
  private struct Line {
    let path: String
    let tag: Tag
    var value: String
  }

  private var lines: [Line] = []
  private var places: [(depth: Int, text: String)] = []
  private var itemCount: [Int: Int] = [:]
  private var characterSet = SpecificCharacterSet.default
  private var bulk: (digest: SHA256, count: Int)?
  /// The depth of what has fragments in it.
  private var fragmentsBelow: Int?

  private static let mostLines = 200_000
  private static let longestValue = 200

  static func read(_ key: ObjectKey, from store: any ObjectStore) async throws -> ElementListing {
    var listing = ElementListing()
    var piece = try await store.read(0..<(1 << 20), of: key)
    let head = try Part10Head(reading: piece)
    var offset = piece.count
    piece.removeFirst(head.dataSetOffset)
    var reader = PushReader(transferSyntax: head.transferSyntax, stoppingBefore: nil, keeping: [])
    while !piece.isEmpty {
      try piece.withUnsafeBytes { bytes in
        try reader.push(bytes) { event throws(ReadingError) in listing.take(event) }
      }
      piece = try await store.read(offset..<offset + (1 << 20), of: key)
      offset += piece.count
    }
    try reader.finish { event throws(ReadingError) in listing.take(event) }
    listing.endBulk()
    return listing
  }

  private mutating func take(_ event: PushReader.Event) {
    switch event {
    case .element(let element): take(element)
    case .bulkData(let bytes):
      bulk?.digest.update(bufferPointer: bytes)
      bulk?.count += bytes.count
    }
  }

  private mutating func take(_ element: Element) {
    endBulk()
    places.removeAll { $0.depth >= element.depth }
    guard element.tag != .item else {
      let number = (itemCount[element.depth] ?? 0) + 1
      itemCount[element.depth] = number
      places.append((element.depth, "[\(number)]"))
      if let fragmentsBelow, element.depth > fragmentsBelow { noteFragment(element) }
      return
    }
    fragmentsBelow = element.hasUndefinedLength && element.vr != .sq ? element.depth : nil
    itemCount = itemCount.filter { $0.key <= element.depth }
    itemCount[element.depth + 1] = 0
    let dot = places.isEmpty ? "" : "."
    let path = places.map(\.text).joined() + dot + "\(element.tag)"
    places.append((element.depth, dot + "\(element.tag)"))
    guard !element.tag.isGroupLength, lines.count < Self.mostLines else { return }
    if element.tag == .specificCharacterSet, element.depth == 0 {
      characterSet = SpecificCharacterSet(element.strings(in: .default))
    }
    lines.append(Line(path: path, tag: element.tag, value: text(of: element)))
  }

  private mutating func noteFragment(_ element: Element) {
    guard lines.count < Self.mostLines else { return }
    lines.append(Line(path: places.map(\.text).joined(), tag: element.tag, value: text(of: element)))
  }

  private mutating func text(of element: Element) -> String {
    if element.isOmitted {
      bulk = (SHA256(), 0)
      return ""
    }
    if element.vr == .sq { return "sequence" }
    if element.hasUndefinedLength { return "encapsulated" }
    let strings = element.strings(in: characterSet)
    let text = strings.joined(separator: "\\")
    return strings.isEmpty && element.length > 0 || text.count > Self.longestValue
      ? summary(Array(element.value)) : text
  }

  private func summary(_ bytes: [UInt8]) -> String {
    "\(bytes.count) bytes, SHA-256 \(Self.hex(SHA256.hash(data: bytes)))"
  }

  private mutating func endBulk() {
    guard let bulk, !lines.isEmpty else { return }
    lines[lines.count - 1].value = "\(bulk.count) bytes, SHA-256 \(Self.hex(bulk.digest.finalize()))"
    self.bulk = nil
  }

  private static func hex(_ digest: some Sequence<UInt8>) -> String {
    digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "…"
  }

  /// In the order of the tags.
  func differences(to other: ElementListing) -> [ElementDifference] {
    let left = Dictionary(lines.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let right = Dictionary(other.lines.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return Set(left.keys).union(right.keys).sorted().compactMap { path in
      guard left[path]?.value != right[path]?.value, let tag = left[path]?.tag ?? right[path]?.tag else { return nil }
      return ElementDifference(
        path: path, name: DataDictionary.entry(for: tag)?.name ?? "", first: left[path]?.value,
        second: right[path]?.value)
    }
  }
}
