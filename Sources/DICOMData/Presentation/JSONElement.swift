// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A data set of the DICOM JSON model, as JSON (PS3.18 §F.2.2).
struct JSONDataSet: Decodable {
  let elements: [Tag: JSONElement]

  init(from decoder: any Decoder) throws {
    // A key, "Value", an index: three steps a level.
    let limit = decoder.userInfo[.nestingLimit] as? Int ?? 64
    guard decoder.codingPath.count <= 3 * limit + 1 else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "sequences are nested more than \(limit) deep"))
    }
    let container = try decoder.container(keyedBy: TagKey.self)
    var elements: [Tag: JSONElement] = [:]
    for key in container.allKeys { elements[key.tag] = try container.decode(JSONElement.self, forKey: key) }
    self.elements = elements
  }
}

/// An element: a VR, and one of Value, InlineBinary and BulkDataURI.
struct JSONElement: Decodable {
  enum Value {
    case none
    case items([JSONDataSet])
    case texts([String])
    /// In the digits of the JSON, or of a string in their place.
    case numbers([String])
    case binary([UInt8])
    case reference(String)
  }

  let vr: VR
  let value: Value

  private enum Key: String, CodingKey {
    case vr
    case value = "Value"
    case inlineBinary = "InlineBinary"
    case bulkDataURI = "BulkDataURI"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .vr)
    guard let vr = VR(name: name) else {
      throw DecodingError.dataCorruptedError(forKey: .vr, in: container, debugDescription: "'\(name)' is no VR")
    }
    self.vr = vr
    if let text = try container.decodeIfPresent(String.self, forKey: .inlineBinary) {
      guard let data = Data(base64Encoded: text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .inlineBinary, in: container, debugDescription: "it is no Base64")
      }
      value = .binary(Array(data))
    } else if let uri = try container.decodeIfPresent(String.self, forKey: .bulkDataURI) {
      value = .reference(uri)
    } else if container.contains(.value) {
      value = try Self.values(of: container, vr: vr)
    } else {
      value = .none
    }
  }

  private static func values(of container: KeyedDecodingContainer<Key>, vr: VR) throws -> Value {
    switch vr {
    case .sq: .items(try container.decode([JSONDataSet].self, forKey: .value))
    case .pn: .texts(try container.decode([JSONPersonName?].self, forKey: .value).map { $0?.text ?? "" })
    case .is, .ds: .texts(try container.decode([JSONNumber?].self, forKey: .value).map { $0?.text ?? "" })
    case .us, .ss, .ul, .sl, .uv, .sv, .fl, .fd, .at:
      .numbers(try container.decode([JSONNumber?].self, forKey: .value).compactMap { $0?.text })
    default: .texts(try container.decode([String?].self, forKey: .value).map { $0 ?? "" })
    }
  }

  var texts: [String] {
    if case .texts(let texts) = value { texts } else { [] }
  }

  var isASCII: Bool {
    switch value {
    case .texts(let texts): texts.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    case .items(let items): items.allSatisfy { $0.elements.values.allSatisfy(\.isASCII) }
    default: true
    }
  }
}

/// A number or, where JSON has none for it, a string; its digits as they would be written.
private struct JSONNumber: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self.text = text
    } else if let integer = try? container.decode(Int64.self) {
      text = String(integer)
    } else if let integer = try? container.decode(UInt64.self) {
      text = String(integer)
    } else {
      // A decimal of up to 38 digits is exact; beyond its range a double is as near as JSON readers come.
      let decimal = try? container.decode(Decimal.self)
      let double = try container.decode(Double.self)
      let digits = decimal.map { "\($0)" } ?? "\(double)"
      text = digits.utf8.count <= 16 ? digits : "\(double)"
    }
  }
}

/// PS3.18 §F.2.2: a name by its component groups; a plain string is what some writers send.
private struct JSONPersonName: Decodable {
  let text: String

  private enum Key: String, CodingKey {
    case alphabetic = "Alphabetic"
    case ideographic = "Ideographic"
    case phonetic = "Phonetic"
  }

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.text = text
      return
    }
    let container = try decoder.container(keyedBy: Key.self)
    var groups = try [Key.alphabetic, .ideographic, .phonetic].map { key in
      try container.decodeIfPresent(String.self, forKey: key) ?? ""
    }
    while groups.last?.isEmpty == true { groups.removeLast() }
    text = groups.joined(separator: "=")
  }
}

/// Eight hexadecimal digits.
private struct TagKey: CodingKey {
  let tag: Tag

  init?(stringValue: String) {
    guard let tag = Tag(hex: stringValue) else { return nil }
    self.tag = tag
  }

  init?(intValue: Int) {
    nil
  }

  var stringValue: String { tag.hex }
  var intValue: Int? { nil }
}

extension CodingUserInfoKey {
  static var nestingLimit: CodingUserInfoKey {
    guard let key = CodingUserInfoKey(rawValue: "nestingLimit") else { preconditionFailure("a key is any text") }
    return key
  }
}
