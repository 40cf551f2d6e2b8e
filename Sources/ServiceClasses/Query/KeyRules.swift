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

  /// PS3.5 §6.2 has 18, 28 and 54 bytes for ranges of DA, TM and DT; the separators of ACR-NEMA, and spaces, add some.
  private static let longestRange = 64
  /// Of a name (PS3.5 §6.2.1.2).
  private static let mostGroups = 3

  /// Each page of the answer goes through the list anew. Of UIDs the archive takes some at a time.
  private static let mostValues = 10_000

  /// Throws where the value is none that could be matched.
  func matching(of element: Element, in dataSet: DataSet) throws(ServiceFailure) -> MatchingKey.Matching {
    guard element.vr != .sq else { return .universal }
    let vr = element.matchedVR
    guard !vr.isDateOrTime || element.length <= Self.longestRange else {
      throw refusal("a key of VR \(vr) has more than \(Self.longestRange) bytes", element)
    }
    let values = element.strings(in: dataSet.characterSet).filter { !$0.isEmpty }
    guard let first = values.first else { return .universal }
    if negotiated.matchesEmptyValues, values == ["\"\""] { return .empty }
    guard vr != .pn || values.allSatisfy({ $0.utf8.count { $0 == UInt8(ascii: "=") } < Self.mostGroups }) else {
      throw refusal("a name has \(Self.mostGroups) component groups at most", element)
    }
    if vr == .ui { return .uidList(values) }
    if vr.isDateOrTime { return try range(values.joined(separator: "\\"), element, vr) }
    guard values.count <= Self.mostValues else {
      throw ServiceFailure(
        .refusedOutOfResources, "a key other than a UID has more than \(Self.mostValues) values",
        offendingElements: [element.tag])
    }
    if values.count > 1 { return several(values, vr) }
    guard vr.allowsWildcards, first.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) else {
      return .singleValue(first)
    }
    return first.utf8.allSatisfy { $0 == UInt8(ascii: "*") } ? .universal : .wildcard(first)
  }

  private func refusal(_ reason: String, _ element: Element) -> ServiceFailure {
    ServiceFailure(.dataSetDoesNotMatchSOPClass, reason, offendingElements: [element.tag])
  }

  /// PS3.4 C.2.2.2.8 where it was agreed to; else what nearly everybody means who sends several.
  private func several(_ values: [String], _ vr: VR) -> MatchingKey.Matching {
    negotiated.matchesMultipleValues && vr.allowsMultipleValueMatching ? .allOf(values) : .anyOf(values)
  }

  /// PS3.4 C.2.2.2.5: `from-to`, `from-` and `-to`. The offset of a DT from UTC may have a minus too.
  private func range(_ value: String, _ element: Element, _ vr: VR) throws(ServiceFailure) -> MatchingKey.Matching {
    let text = value.filter { $0 != " " }
    if vr.isMoment(text[...]) { return .singleValue(text) }
    if text == "-" { return .universal }
    let dashes = text.indices.filter { text[$0] == "-" }
    for dash in dashes where dashes.count <= (vr == .dt ? 3 : 1) {
      let (from, to) = (text[..<dash], text[text.index(after: dash)...])
      guard from.isEmpty || vr.isMoment(from), to.isEmpty || vr.isMoment(to) else { continue }
      return .range(from: from.isEmpty ? nil : String(from), to: to.isEmpty ? nil : String(to))
    }
    throw refusal("a key of VR \(vr) is no \(vr.whatItIs), and no range", element)
  }
}

extension Element {
  /// By which the archive matches it, whatever the peer says that it is: the dictionary's, where both are text.
  fileprivate var matchedVR: VR {
    guard vr.isText || vr == .un, let known = DataDictionary.vr(of: tag), known.isText else { return vr }
    return known
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
