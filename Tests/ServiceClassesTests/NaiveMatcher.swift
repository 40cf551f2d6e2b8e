// SPDX-License-Identifier: Apache-2.0

import Foundation

/// PS3.4 C.2.2.2 once more, as slow and as plain as it can be said: on values as the test wrote them, with nothing of the
/// archive's.
struct NaiveMatcher {
  var combinesDateAndTime = false
  var matchesEmptyValues = false
  var matchesMultipleValues = false

  func matches(_ key: NaiveIdentifier, _ object: NaiveObject) -> Bool {
    if combinesDateAndTime, let dates = key.values["StudyDate"], let times = key.values["StudyTime"],
      dates.contains("-") || !dates.isEmpty, !times.isEmpty
    {
      let rest = key.values.filter { $0.key != "StudyDate" && $0.key != "StudyTime" }
      return combined(dates, times, object) && all(rest, object) && sequences(key, object)
    }
    return all(key.values, object) && sequences(key, object)
  }

  private func all(_ keys: [String: String], _ object: NaiveObject) -> Bool {
    keys.allSatisfy { keyword, value in
      matches(value, NaiveAttribute.named(keyword).vr, object.values[keyword] ?? [])
    }
  }

  private func sequences(_ key: NaiveIdentifier, _ object: NaiveObject) -> Bool {
    guard !key.item.isEmpty, key.item.values.contains(where: { !$0.isEmpty && !isStars($0) }) else { return true }
    return object.items.contains { item in
      key.item.allSatisfy { matches($0.value, NaiveAttribute.named($0.key).vr, [item[$0.key] ?? ""]) }
    }
  }

  private func matches(_ key: String, _ vr: String, _ stored: [String]) -> Bool {
    if key.isEmpty { return true }
    if matchesEmptyValues, key == "\"\"" { return stored.allSatisfy(\.isEmpty) }
    let asked = ["LT", "ST", "UR", "UT"].contains(vr) ? [key] : key.components(separatedBy: "\\")
    let isText = ["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"].contains(vr)
    if isText, asked.count == 1, isStars(key) { return true }
    switch vr {
    case "UI": return asked.contains { stored.contains($0) }
    case "DA", "TM", "DT": return stored.contains { !$0.isEmpty && inRange($0, key, vr) }
    case "PN": return asked.contains { one in stored.contains { !one.isEmpty && name(one, $0) } }
    default: break
    }
    guard asked.count == 1 else {
      return matchesMultipleValues && ["CS", "LO", "SH", "AE", "AS", "AT", "UC"].contains(vr)
        ? asked.allSatisfy(stored.contains) : asked.contains(where: stored.contains)
    }
    let values = stored.isEmpty ? [""] : stored
    if ["AS", "IS", "DS"].contains(vr) || NaiveAttribute.numbers.contains(vr)
      || !key.contains(where: { $0 == "*" || $0 == "?" })
    {
      return values.contains(key)
    }
    return isStars(key) || values.contains { wildcard(scalars(key)[...], scalars($0)[...]) }
  }

  private func isStars(_ text: String) -> Bool { text.allSatisfy { $0 == "*" } }

  /// Each component group of the key has to be one of the name's.
  private func name(_ key: String, _ stored: String) -> Bool {
    if isStars(key) { return true }
    let groups = stored.split(separator: "=").map { folded(String($0)) }
    let wanted = key.split(separator: "=").map(String.init).filter { !isStars($0) }
    return wanted.allSatisfy { one in
      groups.contains { wildcard(scalars(folded(one))[...], scalars($0)[...]) }
    } && (!wanted.isEmpty || key.contains("*"))
  }

  private func folded(_ name: String) -> String {
    var plain = name.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
      .filter { $0.properties.generalCategory != .nonspacingMark }
      .reduce(into: "") { $0.unicodeScalars.append($1) }
    plain = plain.precomposedStringWithCanonicalMapping
    while plain.hasSuffix("^") || plain.hasSuffix(" ") { plain.removeLast() }
    return plain
  }

  private func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }

  private func wildcard(_ pattern: ArraySlice<Unicode.Scalar>, _ value: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let first = pattern.first else { return value.isEmpty }
    if first == "*" {
      return (0...value.count).contains { wildcard(pattern.dropFirst(), value.dropFirst($0)) }
    }
    guard let one = value.first, first == "?" || first == one else { return false }
    return wildcard(pattern.dropFirst(), value.dropFirst())
  }

  private func inRange(_ stored: String, _ key: String, _ vr: String) -> Bool {
    let (from, to) = ends(key)
    let moment = interval(stored, vr).from
    if let from, moment < interval(from, vr).from { return false }
    if let to, moment > interval(to, vr).to { return false }
    return true
  }

  private func ends(_ key: String) -> (String?, String?) {
    guard key.contains("-") else { return (key, key) }
    let parts = key.components(separatedBy: "-")
    return (parts[0].isEmpty ? nil : parts[0], parts[1].isEmpty ? nil : parts[1])
  }

  /// What a value of any precision stands for, in digits of one length.
  private func interval(_ text: String, _ vr: String) -> (from: String, to: String) {
    let digits = text.filter(\.isNumber)
    switch vr {
    case "DA": return (digits, digits)
    case "TM": return (digits + "000000000000".dropFirst(digits.count), digits + "235959999999".dropFirst(digits.count))
    default:
      return (
        digits + "00000101000000000000".dropFirst(digits.count), digits + "99991231235959999999".dropFirst(digits.count)
      )
    }
  }

  private func combined(_ dates: String, _ times: String, _ object: NaiveObject) -> Bool {
    guard let date = object.values["StudyDate"]?.first, !date.isEmpty else { return false }
    let time = object.values["StudyTime"]?.first ?? ""
    let moment = interval(date, "DA").from + interval(time, "TM").from
    let ((firstDay, lastDay), (first, last)) = (ends(dates), ends(times))
    if let firstDay, moment < interval(firstDay, "DA").from + interval(first ?? "", "TM").from { return false }
    if let lastDay, moment > interval(lastDay, "DA").from + interval(last ?? "", "TM").to { return false }
    return true
  }
}

/// What a test object says, by keyword: its values, and the items of its Procedure Code Sequence.
struct NaiveObject {
  var number: Int
  var values: [String: [String]]
  var items: [[String: String]]
}

/// What is asked, by keyword: the text of each key, and of those in the one item of Procedure Code Sequence.
struct NaiveIdentifier {
  var level: String
  var values: [String: String]
  var item: [String: String]
}
