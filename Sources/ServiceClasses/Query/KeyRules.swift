// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE

/// PS3.4 C.2.2.2: which kind of matching the value of a key asks for.
struct KeyRules {
  private let negotiated: QueryNegotiation

  init(negotiated: QueryNegotiation) {
    self.negotiated = negotiated
  }

  /// Throws where the value is none that could be matched.
  func matching(of element: Element, in dataSet: DataSet) throws(ServiceFailure) -> MatchingKey.Matching {
    guard element.vr != .sq else { return .universal }
    let values = element.strings(in: dataSet.characterSet).filter { !$0.isEmpty }
    guard let first = values.first else { return .universal }
    if negotiated.matchesEmptyValues, values == ["\"\""] { return .empty }
    if element.vr == .ui { return .uidList(values) }
    if element.vr.isDateOrTime { return try range(values.joined(separator: "\\"), element) }
    if values.count > 1 { return several(values, element.vr) }
    guard element.vr.allowsWildcards, first.contains(where: { $0 == "*" || $0 == "?" }) else {
      return .singleValue(first)
    }
    return first.allSatisfy { $0 == "*" } ? .universal : .wildcard(first)
  }

  /// PS3.4 C.2.2.2.8 where it was agreed to; else what nearly everybody means who sends several.
  private func several(_ values: [String], _ vr: VR) -> MatchingKey.Matching {
    negotiated.matchesMultipleValues && vr.allowsMultipleValueMatching ? .allOf(values) : .anyOf(values)
  }

  /// PS3.4 C.2.2.2.5: `from-to`, `from-` and `-to`. The offset of a DT from UTC may have a minus too.
  private func range(_ value: String, _ element: Element) throws(ServiceFailure) -> MatchingKey.Matching {
    let refusal = ServiceFailure(
      .dataSetDoesNotMatchSOPClass, "a key of VR \(element.vr) is no \(element.vr.whatItIs), and no range",
      offendingElements: [element.tag])
    let text = value.filter { $0 != " " }
    if element.vr.isMoment(text[...]) { return .singleValue(text) }
    guard text.contains("-") else { throw refusal }
    if text == "-" { return .universal }
    for dash in text.indices where text[dash] == "-" {
      let (from, to) = (text[..<dash], text[text.index(after: dash)...])
      guard from.isEmpty || element.vr.isMoment(from), to.isEmpty || element.vr.isMoment(to) else { continue }
      return .range(from: from.isEmpty ? nil : String(from), to: to.isEmpty ? nil : String(to))
    }
    throw refusal
  }
}

/// Minutes east of UTC (PS3.3 C.12.1.1.8).
enum TimezoneOffset {
  /// No zone is 0 minutes west of UTC.
  static func text(_ minutes: Int) -> String {
    let digits = String(10_000 + minutes.magnitude / 60 * 100 + minutes.magnitude % 60).dropFirst()
    return (minutes < 0 ? "-" : "+") + digits
  }

  static func minutes(_ text: String) -> Int? {
    guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-",
      let hours = Int(text.dropFirst().prefix(2)), let minutes = Int(text.suffix(2)),
      (0...14).contains(hours), (0..<60).contains(minutes)
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
  }
}

extension VR {
  fileprivate var isDateOrTime: Bool { self == .da || self == .tm || self == .dt }

  fileprivate var whatItIs: String { self == .da ? "date" : self == .tm ? "time" : "date and time" }

  /// As the Standard writes it, and as ACR-NEMA did (PS3.5 §6.2).
  fileprivate func isMoment(_ text: Substring) -> Bool {
    switch self {
    case .da:
      let digits = text.filter { $0 != "." }
      return digits.utf8.count == 8 && digits.allSatisfy(\.isDigit) && text.utf8.count <= 10
    case .tm: return Self.isTime(text.filter { $0 != ":" })
    default:
      let local = text.prefix { $0 != "+" && $0 != "-" }
      let zone = text.dropFirst(local.count)
      guard zone.isEmpty || TimezoneOffset.minutes(String(zone)) != nil else { return false }
      let whole = local.prefix { $0 != "." }
      guard whole.allSatisfy(\.isDigit), [4, 6, 8, 10, 12, 14].contains(whole.utf8.count) else { return false }
      return local.utf8.count == whole.utf8.count
        || Self.isFraction(local.dropFirst(whole.count), whole.utf8.count == 14)
    }
  }

  private static func isTime(_ text: Substring) -> Bool { isTime(String(text)) }

  private static func isTime(_ text: String) -> Bool {
    let whole = text.prefix { $0 != "." }
    guard whole.allSatisfy(\.isDigit), [2, 4, 6].contains(whole.utf8.count) else { return false }
    return whole.utf8.count == text.utf8.count || isFraction(text.dropFirst(whole.count), whole.utf8.count == 6)
  }

  private static func isFraction(_ text: Substring, _ mayBe: Bool) -> Bool {
    mayBe && (1...7).contains(text.utf8.count) && text.dropFirst().allSatisfy(\.isDigit)
  }

  /// PS3.4 C.2.2.2.4 excludes dates, times, numbers and UIDs.
  fileprivate var allowsWildcards: Bool {
    [.ae, .cs, .lo, .lt, .pn, .sh, .st, .uc, .ur, .ut].contains(self)
  }

  /// PS3.4 C.2.2.2.8.
  fileprivate var allowsMultipleValueMatching: Bool {
    [.ae, .as, .at, .cs, .lo, .pn, .sh, .uc].contains(self)
  }
}

extension Character {
  fileprivate var isDigit: Bool { isASCII && isNumber }
}
