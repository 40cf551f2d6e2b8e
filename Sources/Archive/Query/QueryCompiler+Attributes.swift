// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// One attribute and what it has to match, as SQL where SQL says the same, and judged in Swift where it does not.
extension QueryCompiler {
  /// PS3.5 §6.2.1.2.
  private static let mostGroups = 3
  /// Modality and SOP Instance UID have an index behind the number of the row above: of so many values each may be looked up
  /// there for each such row, of more it would be rows times values.
  private static let fewValues = 64

  mutating func addCondition(_ matching: MatchingKey.Matching, on attribute: IndexedAttribute) {
    let column = "\(attribute.table).\(attribute.keyColumn)"
    let holdsMany = attribute.holdsManyKeys
    switch matching {
    case .universal, .sequence: break
    case .singleValue where attribute.vr == .pn && options.matchesNamesBySound: judge(matching, attribute)
    case .singleValue(let value) where attribute.vr == .dt: addDateTimes(attribute, from: value, to: value)
    case .range(let from, let to) where attribute.vr == .dt: addDateTimes(attribute, from: from, to: to)
    case .singleValue(let value) where attribute.vr == .tm:
      holdsMany ? judge(matching, attribute) : addRange(column, from: value, to: value, attribute.vr)
    case .singleValue(let value):
      let groups = MatchingForm.soughtGroups(value, vr: attribute.vr)
      if holdsMany { addAll(groups, column) } else { add("\(column) = ?", groups.first ?? "") }
    case .uidList(let values), .anyOf(let values):
      addList(values.map { MatchingForm.sought($0, vr: attribute.vr) }, attribute, column)
    case .allOf(let values) where holdsMany: addAll(values.map { MatchingForm.sought($0, vr: attribute.vr) }, column)
    case .wildcard(let pattern): addWildcard(pattern, matching, attribute, column)
    case .range(let from, let to) where !holdsMany: addRange(column, from: from, to: to, attribute.vr)
    case .empty where !holdsMany: add("\(column) = ''")
    case .allOf, .range, .empty: judge(matching, attribute)
    }
  }

  private mutating func judge(_ matching: MatchingKey.Matching, _ attribute: IndexedAttribute) {
    judge(
      "\(attribute.table).\(attribute.keyColumn)",
      ValueMatcher(matching, vr: attribute.vr, splits: attribute.holdsManyKeys, options: options))
  }

  /// However many there are, it is one condition.
  private mutating func addAll(_ values: [String], _ column: String) {
    guard let first = values.first else { return }
    if values.count == 1 { return contains(first, in: column) }
    add(ValueListFunction.holdsAllOf.condition(on: column), ValueListFunction.list(of: values))
  }

  private mutating func addList(_ values: [String], _ attribute: IndexedAttribute, _ column: String) {
    let isFoundBelow = [.modality, .sopInstanceUID].contains(attribute.tag)
    if let only = values.first, values.count == 1, !attribute.holdsManyKeys {
      add("\(column) = ?", only)
    } else if attribute.holdsManyKeys && !values.isEmpty || isFoundBelow && values.count > Self.fewValues {
      let function: ValueListFunction = attribute.holdsManyKeys ? .holdsOneOf : .isOneOf
      add(function.condition(on: column), ValueListFunction.list(of: values))
    } else {
      // SQLite makes a table of the list, once, or looks each value up in an index.
      add("\(column) IN (SELECT value FROM json_each(?))", Self.json(values))
    }
  }

  private mutating func addRange(_ column: String, from: String?, to: String?, _ vr: VR) {
    add("\(column) <> ''")
    if let from {
      add("\(column) >= ?", MatchingForm.bound(from, vr: vr, isUpper: false, timezone: options.timezone))
    }
    if let to { add("\(column) <= ?", MatchingForm.bound(to, vr: vr, isUpper: true, timezone: options.timezone)) }
  }

  private mutating func addWildcard(
    _ pattern: String, _ matching: MatchingKey.Matching, _ attribute: IndexedAttribute, _ column: String
  ) {
    guard attribute.vr != .pn || !options.matchesNamesBySound else { return judge(matching, attribute) }
    let patterns = MatchingForm.soughtPatterns(pattern, vr: attribute.vr).map(WildcardPattern.init)
    // Of a name with more component groups than there are the rest is left to judge.
    for pattern in patterns.prefix(Self.mostGroups) {
      let prefix = pattern.literalPrefix
      if !attribute.holdsManyKeys, !prefix.isEmpty {
        add("\(column) >= ? AND \(column) < ?", prefix, prefix + "\u{10FFFF}")
      } else if !pattern.longestLiteral.isEmpty {
        add("instr(\(column), ?) > 0", pattern.longestLiteral)
      }
    }
    // A prefix and nothing more was said in SQL.
    if attribute.holdsManyKeys || !patterns.allSatisfy(\.isPrefix) { judge(matching, attribute) }
  }
}

extension IndexedAttribute {
  /// Whether the column that is matched has several values between backslashes: a name has one for each component group.
  var holdsManyKeys: Bool { isMultiValued || vr == .pn }
}
