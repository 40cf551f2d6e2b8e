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

  static func key(of values: [String], vr: VR) -> String {
    values.flatMap { keys(of: $0, vr: vr) }.joined(separator: "\\")
  }

  /// A name has a key for each of its component groups (PS3.5 §6.2.1.2), so that either script finds it.
  private static func keys(of value: String, vr: VR) -> [String] {
    guard !value.isEmpty else { return [""] }
    return switch vr {
    case .pn:
      value.split(separator: "=", omittingEmptySubsequences: true).map { personName(String($0)) }
    case .tm: [time(value, isUpperBound: false)]
    case .dt: [dateTime(value, isUpperBound: false)]
    case .da: [plainDate(value)]
    default: [value]
    }
  }

  static func sought(_ value: String, vr: VR) -> String {
    keys(of: value, vr: vr).first ?? ""
  }

  /// Case, accents and width do not count in names, nor do empty components at the end.
  static func personName(_ name: String) -> String {
    var folded = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    while folded.last == "^" || folded.last == " " { folded.removeLast() }
    return folded
  }

  static func bound(_ value: String, vr: VR, isUpper: Bool) -> String {
    switch vr {
    case .tm: time(value, isUpperBound: isUpper)
    case .dt: dateTime(value, isUpperBound: isUpper)
    default: plainDate(value)
    }
  }

  /// HHMMSS.FFFFFF, whatever precision was written; "10" is 10:00 as a lower bound and the end of that hour as an upper.
  private static func time(_ value: String, isUpperBound: Bool) -> String {
    let digits = value.filter { $0.isASCII && $0.isNumber }
    let rest = isUpperBound ? "235959999999" : "000000000000"
    return String(digits.prefix(12)) + rest.dropFirst(min(digits.count, 12))
  }

  private static func dateTime(_ value: String, isUpperBound: Bool) -> String {
    // An offset from UTC at the end is set aside: local times are compared as they were written.
    let local = value.prefix { $0 != "+" && $0 != "-" }.filter { $0.isASCII && $0.isNumber }
    let rest = isUpperBound ? "99991231235959999999" : "00000101000000000000"
    return String(local.prefix(20)) + rest.dropFirst(min(local.count, 20))
  }

  /// ACR-NEMA wrote dates as 1997.04.01 (PS3.5 §6.2, VR DA).
  static func plainDate(_ value: String) -> String {
    value.filter { $0.isNumber }
  }
}
