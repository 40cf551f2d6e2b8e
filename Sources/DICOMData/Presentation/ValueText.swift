// SPDX-License-Identifier: Apache-2.0

/// The value of an element as a person reads it, on part of a line.
struct ValueText {
  let shown: String
  /// What a UID stands for.
  let meaning: String?

  init(_ element: Element, in dataSet: DataSet, width: Int) {
    meaning = element.vr == .ui ? UIDRegistry.name(of: element.strings(in: .default).first ?? "") : nil
    shown = Self.shown(element, in: dataSet, width: width)
  }

  private static func shown(_ element: Element, in dataSet: DataSet, width: Int) -> String {
    if element.vr == .sq {
      let count = dataSet.items(of: element).count
      return "(\(count) item\(count == 1 ? "" : "s"))"
    }
    if element.hasUndefinedLength { return "(\(dataSet.fragments(of: element).count) fragments)" }
    if element.isOmitted { return "(not read)" }
    if element.length == 0 { return "(no value)" }
    if element.vr.isText { return "[" + cut(printable(text(of: element, in: dataSet, width: width)), width) + "]" }
    guard element.vr.numberSize > 0, !element.vr.isBulk else {
      let most = max(width / 4, 1)
      let bytes = element.value.prefix(most).map(hex).joined(separator: "\\")
      return element.length > most ? bytes + "..." : bytes
    }
    return cut(element.strings(in: dataSet.characterSet).joined(separator: "\\"), width)
  }

  /// Of a long text no more is decoded than is shown.
  private static func text(of element: Element, in dataSet: DataSet, width: Int) -> String {
    guard element.length > 64 << 10 else {
      return element.strings(in: dataSet.characterSet).joined(separator: "\\")
    }
    return dataSet.characterSet.decode(element.value.prefix(8 * min(width, element.length)), vr: element.vr)
  }

  private static func cut(_ text: String, _ width: Int) -> String {
    let end = text.index(text.startIndex, offsetBy: width, limitedBy: text.endIndex) ?? text.endIndex
    return end == text.endIndex ? text : text[..<end] + "..."
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// A file must not drive the reader's terminal.
  private static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
      default: scalar
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }
}
