// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Whether the values of one attribute, in the form in which they are matched, are what a key asks for.
struct ValueMatcher: Sendable {
  private indirect enum Test: Sendable {
    case anything
    case empty
    /// One of them is a value of the attribute.
    case oneOf(Set<String>)
    /// Each of them is.
    case allOf(Set<String>)
    case patterns([WildcardPattern])
    case range(from: String?, to: String?)
    case sounds([PersonNameSound.Sought], or: Test)
  }

  private let test: Test
  private let splits: Bool

  /// `splits`: whether backslashes divide values.
  init(_ matching: MatchingKey.Matching, vr: VR, splits: Bool = true, options: MatchingOptions) {
    self.splits = splits
    let ordinary = Self.test(matching, vr: vr, options: options)
    if vr == .pn, options.matchesNamesBySound, let sounds = PersonNameSound.sought(matching) {
      test = .sounds(sounds, or: ordinary)
    } else {
      test = ordinary
    }
  }

  private static func test(_ matching: MatchingKey.Matching, vr: VR, options: MatchingOptions) -> Test {
    switch matching {
    case .universal, .sequence: return .anything
    case .empty: return .empty
    case .singleValue(let value) where vr == .tm || vr == .dt:
      // "10" is any time within that hour (PS3.4 C.2.2.2.1).
      return range(from: value, to: value, vr: vr, options)
    case .singleValue(let value):
      return .allOf(Set(MatchingForm.soughtGroups(value, vr: vr)))
    case .uidList(let values), .anyOf(let values):
      return .oneOf(Set(values.map { MatchingForm.sought($0, vr: vr) }))
    case .allOf(let values): return .allOf(Set(values.map { MatchingForm.sought($0, vr: vr) }))
    case .wildcard(let pattern):
      return .patterns(MatchingForm.soughtPatterns(pattern, vr: vr).map(WildcardPattern.init))
    case .range(let from, let to): return range(from: from, to: to, vr: vr, options)
    }
  }

  private static func range(from: String?, to: String?, vr: VR, _ options: MatchingOptions) -> Test {
    .range(
      from: from.map { MatchingForm.bound($0, vr: vr, isUpper: false, timezone: options.timezone) },
      to: to.map { MatchingForm.bound($0, vr: vr, isUpper: true, timezone: options.timezone) })
  }

  /// `stored`: the column that is matched, its values divided by backslashes.
  func matches(_ stored: String) -> Bool {
    passes(test, stored)
  }

  private func values(_ stored: String) -> [Substring] {
    splits ? stored.split(separator: "\\", omittingEmptySubsequences: false) : [stored[...]]
  }

  private func passes(_ test: Test, _ stored: String) -> Bool {
    switch test {
    case .anything: return true
    case .empty: return stored.utf8.allSatisfy { $0 == UInt8(ascii: "\\") }
    case .sounds(let sounds, let ordinary):
      return passes(ordinary, stored) || PersonNameSound.matches(stored, sounds)
    case .oneOf(let sought): return values(stored).contains { sought.contains(String($0)) }
    case .allOf(let sought):
      let values = values(stored)
      return sought.count <= values.count && sought.isSubset(of: values.map(String.init))
    case .patterns(let patterns):
      let values = values(stored)
      return patterns.allSatisfy { $0.matches(anyOf: values) }
    case .range(let from, let to):
      return values(stored).contains { value in
        !value.isEmpty && (from.map { value >= $0 } ?? true) && (to.map { value <= $0 } ?? true)
      }
    }
  }
}

/// Whether an item of a sequence matches all keys of the identifier's one item.
struct ItemJudge: Sendable {
  private let members: [(tag: Tag, vr: VR, matcher: ValueMatcher)]

  /// Of keys that the index has no attribute for nothing is asked.
  init(_ keys: [MatchingKey], among attributes: [IndexedAttribute], options: MatchingOptions) {
    members = keys.compactMap { key in
      guard key.matching != .universal, let attribute = attributes.first(where: { $0.tag == key.tag }) else {
        return nil
      }
      return (key.tag, attribute.vr, ValueMatcher(key.matching, vr: attribute.vr, options: options))
    }
  }

  var judgesNothing: Bool { members.isEmpty }

  func matches(_ item: [Tag: String]) -> Bool {
    members.allSatisfy { member in
      member.matcher.matches(MatchingForm.key(of: [item[member.tag] ?? ""], vr: member.vr))
    }
  }
}
