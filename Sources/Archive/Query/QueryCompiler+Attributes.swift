// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// One attribute and what it has to match, as SQL where SQL says the same, and judged in Swift where it does not.
extension QueryCompiler {
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
      for sought in MatchingForm.soughtGroups(value, vr: attribute.vr) {
        if holdsMany { contains(sought, in: column) } else { add("\(column) = ?", sought) }
      }
    case .uidList(let values), .anyOf(let values):
      addList(values.map { MatchingForm.sought($0, vr: attribute.vr) }, column, holdsMany: holdsMany)
    case .allOf(let values) where holdsMany:
      for value in values { contains(MatchingForm.sought(value, vr: attribute.vr), in: column) }
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

  private mutating func addList(_ values: [String], _ column: String, holdsMany: Bool) {
    if holdsMany {
      add(
        "EXISTS (SELECT 1 FROM json_each(?) WHERE instr('\\' || \(column) || '\\', '\\' || value || '\\') > 0)",
        Self.json(values))
    } else if let only = values.first, values.count == 1 {
      // For a list SQLite makes a table of its own.
      add("\(column) = ?", only)
    } else {
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
    for pattern in patterns {
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
