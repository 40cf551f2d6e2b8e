// SPDX-License-Identifier: Apache-2.0

/// The DICOM JSON model (PS3.18 annex F) of a data set.
package struct JSONModel: Sendable {
  /// What becomes of binary values.
  package enum BulkData: Sendable {
    case inline
    /// `{"Bulk": {"length": N, "sha256": "…"}}`, with the digest of the bytes as hexadecimal text.
    case hash(@Sendable ([UInt8]) -> String)
    case omit
    /// A BulkDataURI (PS3.18 §F.2.6) for the element at this path of tags and item numbers, such as
    /// "00081140/0/7FE00010"; nil has the value inline.
    case reference(@Sendable (_ path: String, _ length: Int) -> String?)
  }

  private let bulkData: BulkData

  private let selection: Set<Tag>?

  /// `selection`: only these elements, and the sequences around them; nil for all.
  package init(bulkData: BulkData = .inline, selection: Set<Tag>? = nil) {
    self.bulkData = bulkData
    self.selection = selection
  }

  package func text(of file: Part10File) -> String {
    var text = "{"
    if let meta = file.meta.elements { write(meta, to: &text) }
    write(file.dataSet, to: &text)
    text += "\n}"
    return text
  }

  package func text(of dataSet: DataSet) -> String {
    var text = "{"
    write(dataSet, to: &text)
    text += "\n}"
    return text
  }

  /// Recursion ends at the reader's nesting limit.
  private func write(_ dataSet: DataSet, at path: String = "", to text: inout String) {
    var written: Set<Tag> = []
    for element in dataSet.topLevelElements
    where !element.tag.isGroupLength && isSelected(element, in: dataSet) && written.insert(element.tag).inserted {
      text += text.last == "{" ? "\n" : ",\n"
      text += "\"\(element.tag.hex)\": {\"vr\": \"\(element.vr)\""
      writeValue(of: element, in: dataSet, at: path + element.tag.hex, to: &text)
      text += "}"
    }
  }

  private func isSelected(_ element: Element, in dataSet: DataSet) -> Bool {
    guard let selection, !selection.contains(element.tag) else { return true }
    return dataSet.items(of: element).contains { item in
      item.topLevelElements.contains { isSelected($0, in: item) }
    }
  }

  private func writeValue(of element: Element, in dataSet: DataSet, at path: String, to text: inout String) {
    if element.vr == .sq {
      writeItems(dataSet.items(of: element), at: path, to: &text)
    } else if element.hasUndefinedLength {
      // The items as they stand, the Basic Offset Table first.
      writeBulk(Array(element.value), at: path, to: &text)
    } else if element.vr.isBulk {
      if element.length > 0 { writeBulk(element.littleEndianValue, at: path, to: &text) }
    } else if element.tag == .specificCharacterSet {
      // JSON is UTF-8, whatever the file is (PS3.18 §F.2.1).
      text += ", \"Value\": [\"ISO_IR 192\"]"
    } else {
      let values = element.strings(in: dataSet.characterSet)
      guard values.contains(where: { !$0.isEmpty }) else { return }
      text += ", \"Value\": [" + values.map { json($0, vr: element.vr) }.joined(separator: ", ") + "]"
    }
  }

  private func writeItems(_ items: [DataSet], at path: String, to text: inout String) {
    guard !items.isEmpty else { return }
    text += ", \"Value\": ["
    for (index, item) in items.enumerated() {
      text += index == 0 ? "{" : ", {"
      write(item, at: "\(path)/\(index)/", to: &text)
      text += "}"
    }
    text += "]"
  }

  private func writeBulk(_ bytes: [UInt8], at path: String, to text: inout String) {
    switch bulkData {
    case .inline: text += ", \"InlineBinary\": \"\(Base64.encoded(bytes))\""
    case .reference(let uri):
      guard let uri = uri(path, bytes.count) else { return text += ", \"InlineBinary\": \"\(Base64.encoded(bytes))\"" }
      text += ", \"BulkDataURI\": \(quoted(uri))"
    case .hash(let digest):
      text += ", \"Bulk\": {\"length\": \(bytes.count), \"sha256\": \"\(digest(bytes))\"}"
    case .omit: break
    }
  }

  /// PS3.18 Table F.2.3-1: numbers as numbers where they are, names by component group.
  private func json(_ value: String, vr: VR) -> String {
    guard !value.isEmpty else { return "null" }
    switch vr {
    case .pn: return personName(value)
    case .is, .us, .ss, .ul, .sl: return Int(value).map(String.init) ?? quoted(value)
    case .ds:
      // Not by Double alone, which knows hexadecimal digits too.
      guard let number = DecimalString(value)?.double, number.isFinite else { return quoted(value) }
      return Self.isJSONNumber(value) ? value : "\(number)"
    case .fl, .fd:
      guard let number = Double(value), number.isFinite else { return quoted(value) }
      return "\(number)"
    // Beyond 2⁵³ a JSON number loses digits in many readers.
    case .sv, .uv: return Int64(value).map { $0.magnitude < 1 << 53 ? "\($0)" : quoted(value) } ?? quoted(value)
    default: return quoted(value)
    }
  }

  private func personName(_ value: String) -> String {
    let groups = value.unicodeScalars.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
    let named = zip(["Alphabetic", "Ideographic", "Phonetic"], groups).filter { !$0.1.isEmpty }
    guard !named.isEmpty else { return "null" }
    return "{" + named.map { "\"\($0.0)\": \(quoted(String($0.1)))" }.joined(separator: ", ") + "}"
  }

  /// DS allows "+1", "01" and "1."; JSON does not.
  private static func isJSONNumber(_ text: String) -> Bool {
    guard text.allSatisfy({ "0123456789+-.eE".contains($0) }) else { return false }
    var digits = Substring(text)
    if digits.first == "-" { digits = digits.dropFirst() }
    guard let first = digits.first, first.isNumber, !(first == "0" && digits.dropFirst().first?.isNumber == true),
      let last = digits.last, last.isNumber
    else { return false }
    return !digits.contains(".e") && !digits.contains(".E")
  }

  private func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": json += "\\\""
      case "\\": json += "\\\\"
      case "\n": json += "\\n"
      case "\r": json += "\\r"
      case "\t": json += "\\t"
      case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
        let hex = String(scalar.value, radix: 16)
        json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }
}

extension Element {
  /// Bulk data in JSON are little endian (PS3.18 §F.2.7).
  fileprivate var littleEndianValue: [UInt8] {
    let size = vr.numberSize
    guard isBigEndian, size > 1 else { return Array(value) }
    var bytes = Array(value)
    for start in stride(from: 0, through: bytes.count - size, by: size) { bytes[start..<start + size].reverse() }
    return bytes
  }
}
