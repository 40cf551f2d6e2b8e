// SPDX-License-Identifier: Apache-2.0

import Foundation

/// PS3.4 C.2.2.2 once more, as slow and as plain as it can be said: on values as the test wrote them, with nothing of the
/// archive's.
struct NaiveMatcher {
  var combinesDateAndTime = false
  var matchesEmptyValues = false
  var matchesMultipleValues = false
  /// Minutes east of UTC in which is asked.
  var zone: Int?

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
      let own = object.values["TimezoneOffsetFromUTC"]?.first.flatMap(minutes)
      let stored = keyword == "StudyDate" ? [moment(object).day] : keyword == "StudyTime" ? [moment(object).time] : nil
      return matches(value, NaiveAttribute.named(keyword).vr, stored ?? object.values[keyword] ?? [], own)
    }
  }

  private func sequences(_ key: NaiveIdentifier, _ object: NaiveObject) -> Bool {
    guard !key.item.isEmpty, key.item.values.contains(where: { !$0.isEmpty && !isStars($0) }) else { return true }
    return object.items.contains { item in
      key.item.allSatisfy { matches($0.value, NaiveAttribute.named($0.key).vr, [item[$0.key] ?? ""]) }
    }
  }

  private func matches(_ key: String, _ vr: String, _ stored: [String], _ own: Int? = nil) -> Bool {
    if key.isEmpty { return true }
    if matchesEmptyValues, key == "\"\"" { return stored.allSatisfy(\.isEmpty) }
    let asked = ["LT", "ST", "UR", "UT"].contains(vr) ? [key] : key.components(separatedBy: "\\")
    let isText = ["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"].contains(vr)
    if isText, asked.count == 1, isStars(key) { return true }
    switch vr {
    case "UI": return asked.contains { stored.contains($0) }
    case "DT": return stored.contains { !$0.isEmpty && inRange($0, key, in: own) }
    case "DA", "TM": return stored.contains { !$0.isEmpty && inRange($0, key, vr) }
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

  /// A moment: what names no zone is in the zone that is asked for; without one, what is written is compared, and of a value
  /// that names its zone itself what it is in UTC, too.
  private func inRange(_ stored: String, _ key: String, in own: Int?) -> Bool {
    let (from, to) = ends(key)
    let value = interval(local(stored), "DT").from
    let offset = minutes(String(stored.suffix(5)))
    let readings = [value] + (offset.map { [shifted(value, by: -$0)] } ?? [])
    return readings.contains { reading in
      [(from, true), (to, false)].allSatisfy { end, isLower in
        guard let end else { return true }
        var bound = isLower ? interval(local(end), "DT").from : interval(local(end), "DT").to
        var moment = reading
        if let its = minutes(String(end.suffix(5))) ?? zone {
          moment = shifted(value, by: -(offset ?? own ?? zone ?? its))
          bound = shifted(bound, by: -its)
        }
        return isLower ? moment >= bound : moment <= bound
      }
    }
  }

  private func local(_ text: String) -> String { text.components(separatedBy: "+")[0] }

  private func minutes(_ text: String) -> Int? {
    guard text.count == 5, let sign = text.first, sign == "+" || sign == "-", let number = Int(text.dropFirst()) else {
      return nil
    }
    return (sign == "-" ? -1 : 1) * (number / 100 * 60 + number % 100)
  }

  private func shifted(_ digits: String, by minutes: Int) -> String {
    guard minutes != 0 else { return digits }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: "GMT") ?? calendar.timeZone
    let all = Array(digits)
    let number = { (from: Int, to: Int) in Int(String(all[from..<to])) ?? 0 }
    let components = DateComponents(
      year: number(0, 4), month: number(4, 6), day: number(6, 8), hour: number(8, 10), minute: number(10, 12) + minutes)
    let moved = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute], from: calendar.date(from: components) ?? .distantPast)
    let parts = [moved.year, moved.month, moved.day, moved.hour, moved.minute].map { String($0 ?? 0) }
    let padded = zip(parts, [4, 2, 2, 2, 2]).map { String(repeating: "0", count: max(0, $1 - $0.count)) + $0 }
    return padded.joined() + String(all[12...])
  }

  /// Of a study, in the zone that is asked for.
  private func moment(_ object: NaiveObject) -> (day: String, time: String) {
    let (day, time) = (object.values["StudyDate"]?.first ?? "", object.values["StudyTime"]?.first ?? "")
    guard let zone, !time.isEmpty, let own = object.values["TimezoneOffsetFromUTC"]?.first.flatMap(minutes) else {
      return (day, time)
    }
    let moved = shifted((day.isEmpty ? "20260601" : day) + interval(time, "TM").from, by: zone - own)
    return (day.isEmpty ? "" : String(moved.prefix(8)), String(moved.dropFirst(8)))
  }

  private func combined(_ dates: String, _ times: String, _ object: NaiveObject) -> Bool {
    let (date, time) = moment(object)
    if date.isEmpty { return false }
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
  /// Timezone Offset From UTC.
  var zone: String?
}
