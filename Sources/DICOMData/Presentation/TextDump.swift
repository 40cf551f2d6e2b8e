// SPDX-License-Identifier: Apache-2.0

/// A data set as lines of text, an element a line: tag, VR, value, length, name.
package struct TextDump {
  private static let longestValue = 64

  package private(set) var text = ""

  package init(_ file: Part10File) {
    if let meta = file.meta.elements {
      text += "# File meta information\n"
      write(meta, indent: 0)
    }
    text += "# Data set, \(file.transferSyntax)\n"
    write(file.dataSet, indent: 0)
    text.removeLast()
  }

  /// Recursion ends at the reader's nesting limit.
  private mutating func write(_ dataSet: DataSet, indent: Int) {
    var creators: [UInt32: String] = [:]
    for element in dataSet.topLevelElements {
      if element.tag.isPrivateCreator, let creator = element.strings(in: dataSet.characterSet).first {
        creators[UInt32(element.tag.group) << 8 | UInt32(element.tag.element)] = creator
      }
      let name = name(of: element.tag, creator: creators[element.tag.rawValue >> 8])
      let margin = String(repeating: "  ", count: indent)
      text += "\(margin)\(element.tag) \(element.vr) \(value(of: element, in: dataSet))  # \(element.length), \(name)\n"
      for (index, item) in dataSet.items(of: element).enumerated() {
        text += "\(margin)  item \(index + 1)\n"
        write(item, indent: indent + 2)
      }
    }
  }

  private func value(of element: Element, in dataSet: DataSet) -> String {
    if element.vr == .sq { return "(\(dataSet.items(of: element).count) items)" }
    if element.hasUndefinedLength { return "(\(dataSet.fragments(of: element).count) fragments)" }
    if element.length == 0 { return "(no value)" }
    let shown: String
    if element.vr.isText || (element.vr.numberSize > 0 && !element.vr.isBulk) {
      let joined = element.strings(in: dataSet.characterSet).joined(separator: "\\")
      shown = element.vr.isText ? "[\(Self.printable(joined))]" : joined
    } else {
      shown = element.value.prefix(16).map(Self.hex).joined(separator: "\\")
    }
    let isCut = shown.count > Self.longestValue || (!element.vr.isText && element.vr.isBulk && element.length > 16)
    return isCut ? shown.prefix(Self.longestValue) + "..." : shown
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// A file must not drive the reader's terminal.
  private static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private func name(of tag: Tag, creator: String?) -> String {
    if tag.isGroupLength { return "Group Length" }
    if tag.isPrivateCreator { return "Private Creator" }
    if let creator, let entry = PrivateDictionary.entry(for: tag, creator: creator) { return entry.name }
    return DataDictionary.entry(for: tag)?.name ?? (tag.isPrivate ? "Private element" : "Unknown element")
  }
}
