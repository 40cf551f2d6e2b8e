// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// The form in which values are stored to be matched, and in which what is asked for is compared with them.
enum MatchingForm {
  /// SQLite's text ends at a NUL: what a peer writes behind one must not be lost, or "P1\0X" would pass for "P1".
  static func storable(_ text: String) -> String {
    text.utf8.contains(0)
      ? String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : text
  }

  /// `timezone`: minutes east of UTC of what names no zone itself; nil where nobody knows.
  static func key(of values: [String], vr: VR, timezone: Int? = nil) -> String {
    if values.count == 1, let value = values.first { return keys(of: value, vr: vr, timezone).joined(separator: "\\") }
    return values.flatMap { keys(of: $0, vr: vr, timezone) }.joined(separator: "\\")
  }

  /// A name has a key for each of its component groups (PS3.5 §6.2.1.2), so that either script finds it.
  private static func keys(of value: String, vr: VR, _ timezone: Int?) -> [String] {
    guard !value.isEmpty else { return [""] }
    return switch vr {
    case .pn:
      value.split(separator: "=", omittingEmptySubsequences: true).map { personName(String($0)) }
    case .tm: [time(value, isUpperBound: false)]
    case .dt: [dateTime(value, isUpperBound: false, timezone)]
    case .da: [plainDate(value)]
    default: [value]
    }
  }

  static func sought(_ value: String, vr: VR) -> String {
    keys(of: storable(value), vr: vr, nil).first ?? ""
  }

  /// Each component group of a name that is asked for has to be one of the name's.
  static func soughtGroups(_ value: String, vr: VR) -> [String] {
    guard vr == .pn else { return [sought(value, vr: vr)] }
    let groups = keys(of: storable(value), vr: vr, nil).filter { !$0.isEmpty }
    return groups.isEmpty ? [""] : groups
  }

  /// The same with wildcards; a group of nothing but stars asks for nothing.
  static func soughtPatterns(_ pattern: String, vr: VR) -> [String] {
    guard vr == .pn else { return [storable(pattern)] }
    let groups = pattern.split(separator: "=").filter { !$0.allSatisfy { $0 == "*" } }
    return groups.isEmpty ? ["*"] : groups.map { personName(storable(String($0))) }
  }

  /// Case, accents and width do not count in names, nor do empty components at the end and spaces around components.
  static func personName(_ name: String) -> String {
    var folded =
      isASCII(name)
      ? name.lowercased()
      : name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    if folded.contains(" ^") || folded.contains("^ ") || folded.first == " " {
      folded = folded.split(separator: "^", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " ")) }.joined(separator: "^")
    }
    while folded.last == "^" || folded.last == " " { folded.removeLast() }
    return folded
  }

  /// Nearly all values are; what is in Foundation for all others takes ten times as long.
  private static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

  static func digits(in value: some StringProtocol) -> String {
    if value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return String(value) }
    return value.utf8.allSatisfy { $0 < 0x80 }
      ? String(decoding: value.utf8.filter { (0x30...0x39).contains($0) }, as: UTF8.self)
      : String(value.filter { $0.isASCII && $0.isNumber })
  }

  static func bound(_ value: String, vr: VR, isUpper: Bool, timezone: Int? = nil) -> String {
    switch vr {
    case .tm: time(value, isUpperBound: isUpper)
    case .dt: dateTime(value, isUpperBound: isUpper, timezone)
    default: plainDate(value)
    }
  }

  /// HHMMSS.FFFFFF, whatever precision was written; "10" is 10:00 as a lower bound and the end of that hour as an upper.
  private static func time(_ value: String, isUpperBound: Bool) -> String {
    let digits = digits(in: value)
    let rest = isUpperBound ? "235959999999" : "000000000000"
    return String(digits.prefix(12)) + rest.dropFirst(min(digits.count, 12))
  }

  /// In UTC where the zone is known, else as it was written (PS3.5 §6.2, VR DT).
  private static func dateTime(_ value: String, isUpperBound: Bool, _ timezone: Int?) -> String {
    let written = WrittenDateTime(value, isUpperBound: isUpperBound)
    return (written.offset ?? timezone).map(written.inUTC) ?? written.digits
  }

  /// ACR-NEMA wrote dates as 1997.04.01 (PS3.5 §6.2, VR DA).
  static func plainDate(_ value: String) -> String {
    isASCII(value) ? digits(in: value) : value.filter { $0.isNumber }
  }

  /// Some days before or after; what is no date stays what it is, and so does what would leave the years of four digits.
  static func day(_ date: String, shiftedBy days: Int) -> String {
    guard let shifted = CivilMoment(date: date, time: "000000000000")?.shifted(by: days * 1440).date,
      shifted.utf8.count == 8, (shifted < date) == (days < 0)
    else { return date }
    return shifted
  }
}
