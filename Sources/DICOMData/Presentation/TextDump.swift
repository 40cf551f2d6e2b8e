// SPDX-License-Identifier: Apache-2.0

/// A data set as lines of text, an element a line: tag, VR, value, length, name.
package struct TextDump {
  package struct Options: Sendable {
    /// Sequences are opened down to here; 0 shows only their number of items.
    package var depth = Int.max
    /// Only these, wherever they stand, with the path to them; nil for all.
    package var selection: Set<Tag>?
    package var isColoured = false
    /// Of a value, in characters.
    package var width = 64

    package init() {}
  }

  private let options: Options
  package private(set) var text = ""

  package init(_ file: Part10File, options: Options = Options()) {
    self.options = options
    if let meta = file.meta.elements {
      writeHeading("File meta information")
      write(meta, level: 0, path: "")
    }
    writeHeading("Data set, \(file.transferSyntax)")
    write(file.dataSet, level: 0, path: "")
    if text.last == "\n" { text.removeLast() }
  }

  private mutating func writeHeading(_ heading: String) {
    guard options.selection == nil else { return }
    text += coloured("# \(heading)", .comment) + "\n"
  }

  /// Recursion ends at the reader's nesting limit.
  private mutating func write(_ dataSet: DataSet, level: Int, path: String) {
    var creators: [UInt32: String] = [:]
    for element in dataSet.topLevelElements {
      if element.tag.isPrivateCreator, let creator = element.strings(in: dataSet.characterSet).first {
        creators[UInt32(element.tag.group) << 8 | UInt32(element.tag.element)] = creator
      }
      if options.selection?.contains(element.tag) ?? true {
        writeLine(of: element, in: dataSet, creator: creators[element.tag.rawValue >> 8], level: level, path: path)
      }
      guard level < options.depth else { continue }
      for (index, item) in dataSet.items(of: element).enumerated() {
        if options.selection == nil {
          text += margin(level) + coloured("  item \(index + 1)", .comment) + "\n"
        }
        write(item, level: level + 1, path: "\(path)\(element.tag)[\(index + 1)]/")
      }
    }
  }

  private mutating func writeLine(
    of element: Element, in dataSet: DataSet, creator: String?, level: Int, path: String
  ) {
    let place = options.selection == nil ? margin(level) : path
    let value = ValueText(element, in: dataSet, width: options.width)
    text += place + coloured("\(element.tag)", .tag) + " " + coloured("\(element.vr)", .vr) + " \(value.shown)  "
    let comments = ["\(element.length)", name(of: element.tag, creator: creator)] + (value.meaning.map { [$0] } ?? [])
    text += coloured("# " + comments.joined(separator: ", "), .comment) + "\n"
  }

  private func margin(_ level: Int) -> String {
    String(repeating: "    ", count: level)
  }

  private func name(of tag: Tag, creator: String?) -> String {
    if tag.isGroupLength { return "Group Length" }
    if tag.isPrivateCreator { return "Private Creator" }
    if let creator, let entry = PrivateDictionary.entry(for: tag, creator: creator) { return entry.name }
    return DataDictionary.entry(for: tag)?.name ?? (tag.isPrivate ? "Private element" : "Unknown element")
  }

  private enum Colour: String {
    case tag = "36"
    case vr = "33"
    case comment = "2"
  }

  private func coloured(_ text: String, _ colour: Colour) -> String {
    options.isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }
}
