// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// A question as one SQL statement over the caller's visible rows, and what is left to judge in Swift.
struct QueryCompiler {
  /// A wildcard is matched in Swift, in linear time, over what its literal beginning selects.
  struct Wildcard {
    let column: Int
    let pattern: WildcardPattern
  }

  static let pageSize = 256

  private(set) var columns: [String] = []
  private(set) var wildcards: [Wildcard] = []
  /// Where the values of each returned tag are among the columns; absent for what is not supported.
  private(set) var columnOfTag: [Tag: Int] = [:]
  /// The same for the attributes in the items of each returned sequence.
  private(set) var columnsOfSequence: [Tag: [Tag: Int]] = [:]
  private var conditions: [String] = []
  private var arguments: [DatabaseValue] = []
  private let level: IndexedAttribute.Level
  private let layout: IndexLayout
  private let visibility: Visibility
  /// Whether a key selects few rows by itself, whoever asks.
  private(set) var isSelective: Bool

  init(_ query: FindQuery, layout: IndexLayout, visibility: Visibility) {
    self.layout = layout
    self.visibility = visibility
    level = query.level.indexLevel
    columns = ["\(level.rawValue).id", level.nameInOrder]
    isSelective = query.keys.contains(where: \.isSelective)
    for tag in query.returning { addColumn(for: tag) }
    for key in query.keys { addCondition(for: key) }
  }

  /// One page: the visible rows behind `lastID`, in the order of their ids.
  /// `named`: the studies among which all that is visible is, where these are few.
  func statement(
    after lastID: Int64, within named: String?, among numbers: [Int64]?
  ) -> (sql: String, arguments: StatementArguments) {
    let among = numbers.map { _ in "\(level.rawValue).id IN (SELECT value FROM json_each(:among))" }
    let within = named.map { named in
      level == .patient
        ? "patient.id IN (SELECT patient FROM study WHERE id IN (\(named)))" : "study.id IN (\(named))"
    }
    let all = ["\(level.rawValue).id > ?", within, among, visibilityCondition].compactMap(\.self) + conditions
    let sql = """
      SELECT \(columns.joined(separator: ", ")) FROM \(tables)
      WHERE \(all.joined(separator: " AND "))
      ORDER BY \(level.rawValue).id LIMIT \(Self.pageSize)
      """
    return (
      sql,
      visibility.arguments + StatementArguments(["among": numbers.map(IndexTables.json)])
        + StatementArguments([lastID.databaseValue] + arguments)
    )
  }

  private var tables: String {
    // A patient is answered as the earliest visible study tells of them.
    let study =
      level == .patient
      ? """
      JOIN study ON study.id = (
        SELECT MIN(study.id) FROM study WHERE study.patient = patient.id AND \(visibility.study))
      """ : "JOIN study ON study.patient = patient.id"
    let joins = [
      "patient", study, "JOIN series ON series.study = study.id",
      "JOIN instance ON instance.series = series.id AND instance.fault = 0",
    ]
    return joins.prefix(max(level.depth, 2)).joined(separator: " ")
  }

  private var visibilityCondition: String {
    switch level {
    case .patient, .study: visibility.study
    case .series: visibility.series
    case .instance:
      // Of several versions of an object the chosen one is served, else the earliest.
      """
      \(visibility.instance) AND NOT EXISTS (SELECT 1 FROM instance AS other WHERE +other.series = series.id
        AND other.v_00080018 = instance.v_00080018 AND other.fault = 0 AND \(visibility.otherVersion)
        AND (other.preference, other.id) < (instance.preference, instance.id))
      """
    }
  }

  private mutating func addColumn(for tag: Tag) {
    if let members = layout.bySequence[tag], columnsOfSequence[tag] == nil { addColumns(for: members, of: tag) }
    guard columnOfTag[tag] == nil, let expression = expression(for: tag) else { return }
    columnOfTag[tag] = columns.count
    columns.append(expression)
  }

  private mutating func addColumns(for members: [IndexedAttribute], of sequence: Tag) {
    var indices: [Tag: Int] = [:]
    for member in members where member.level.depth <= level.depth {
      indices[member.tag] = columns.count
      columns.append("\(member.table).\(member.column)")
    }
    if !indices.isEmpty { columnsOfSequence[sequence] = indices }
  }

  /// nil for what is unknown, or belongs to a level below.
  private func expression(for tag: Tag) -> String? {
    if let attribute = layout.byTag[tag], attribute.level.depth <= level.depth {
      return "\(attribute.table).\(attribute.column)"
    }
    guard let derived = DerivedKey.expression(for: tag, visibility), derived.level.depth <= level.depth else {
      return nil
    }
    return derived.sql
  }

  private mutating func addCondition(for key: MatchingKey) {
    guard key.matching != .universal else { return }
    if let sequence = key.sequence {
      // Keys in one sequence are matched each by itself: an item that matches all of them is not sought for.
      let member = layout.bySequence[sequence]?.first { $0.tag == key.tag && $0.level.depth <= level.depth }
      if let member { addCondition(key.matching, on: member) }
    } else if let attribute = layout.byTag[key.tag], attribute.level.depth <= level.depth {
      addCondition(key.matching, on: attribute)
    } else if key.tag == .modalitiesInStudy, level.depth >= IndexedAttribute.Level.study.depth {
      addModalitiesCondition(key.matching)
    }
    // A key that is not supported does not narrow the matches: the answer says so by FF01 (PS3.4 C.4.1.1.4).
  }

  private mutating func addCondition(_ matching: MatchingKey.Matching, on attribute: IndexedAttribute) {
    let column = "\(attribute.table).\(attribute.keyColumn)"
    let holdsMany = attribute.isMultiValued || attribute.vr == .pn
    switch matching {
    case .universal: break
    case .singleValue(let value):
      if attribute.vr == .tm || attribute.vr == .dt {
        // "10" is any time within that hour (PS3.4 C.2.2.2.1).
        addRange(column, from: value, to: value, vr: attribute.vr)
      } else if holdsMany {
        conditions.append("instr('\\' || \(column) || '\\', ?) > 0")
        bind("\\\(MatchingForm.sought(value, vr: attribute.vr))\\")
      } else {
        conditions.append("\(column) = ?")
        bind(attribute.vr == .da ? MatchingForm.plainDate(value) : value)
      }
    case .uidList(let uids) where attribute.isMultiValued:
      conditions.append(
        "EXISTS (SELECT 1 FROM json_each(?) WHERE instr('\\' || \(column) || '\\', '\\' || value || '\\') > 0)")
      bind(Self.json(uids.map(MatchingForm.storable)))
    case .uidList(let uids):
      conditions.append("\(column) IN (SELECT value FROM json_each(?))")
      bind(Self.json(uids.map(MatchingForm.storable)))
    case .wildcard(let pattern): addWildcard(pattern, on: attribute, column: column, holdsMany: holdsMany)
    case .range(let from, let to): addRange(column, from: from, to: to, vr: attribute.vr)
    }
  }

  private mutating func addRange(_ column: String, from: String?, to: String?, vr: VR) {
    conditions.append("\(column) <> ''")
    if let from {
      conditions.append("\(column) >= ?")
      bind(MatchingForm.bound(from, vr: vr, isUpper: false))
    }
    if let to {
      conditions.append("\(column) <= ?")
      bind(MatchingForm.bound(to, vr: vr, isUpper: true))
    }
  }

  private mutating func addWildcard(
    _ pattern: String, on attribute: IndexedAttribute, column: String, holdsMany: Bool
  ) {
    // Each component group of a name is a key of its own: the first that says something is looked for.
    let group = pattern.split(separator: "=").first { !$0.allSatisfy { $0 == "*" } } ?? "*"
    let sought = attribute.vr == .pn ? MatchingForm.personName(String(group)) : MatchingForm.storable(pattern)
    let compiled = WildcardPattern(sought)
    if !holdsMany, !compiled.literalPrefix.isEmpty {
      conditions.append("\(column) >= ?")
      conditions.append("\(column) < ?")
      bind(compiled.literalPrefix)
      bind(compiled.literalPrefix + "\u{10FFFF}")
    }
    wildcards.append(Wildcard(column: columns.count, pattern: compiled))
    columns.append(column)
  }

  private mutating func bind(_ text: String) {
    arguments.append(MatchingForm.storable(text).databaseValue)
  }

  /// Whether a row that the statement selected matches its wildcards too.
  func judges(_ row: Row) -> Bool {
    wildcards.allSatisfy { wildcard in
      wildcard.pattern.matches(
        anyOf: (row[wildcard.column] as String? ?? "").split(separator: "\\", omittingEmptySubsequences: false))
    }
  }

  private mutating func addModalitiesCondition(_ matching: MatchingKey.Matching) {
    if case .wildcard(let pattern) = matching, let derived = DerivedKey.expression(for: .modalitiesInStudy, visibility)
    {
      wildcards.append(Wildcard(column: columns.count, pattern: WildcardPattern(pattern)))
      columns.append(derived.sql)
    }
    guard case .singleValue(let modality) = matching else { return }
    let wanted = modality.split(separator: "\\").map(String.init)
    conditions.append(
      """
      EXISTS (SELECT 1 FROM series WHERE series.study = study.id AND \(visibility.series)
        AND series.v_00080060 IN (SELECT value FROM json_each(?)))
      """)
    bind(Self.json(wanted.map(MatchingForm.storable)))
  }

  static func json(_ values: [String]) -> String {
    let quoted = values.map { value in
      let escaped = value.unicodeScalars.map { scalar -> String in
        guard scalar == "\"" || scalar == "\\" || scalar.value < 0x20 else { return String(Character(scalar)) }
        let hex = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      }
      return "\"\(escaped.joined())\""
    }
    return "[\(quoted.joined(separator: ","))]"
  }
}

extension IndexedAttribute.Level {
  /// How many tables a statement at this level joins.
  var depth: Int {
    switch self {
    case .patient: 1
    case .study: 2
    case .series: 3
    case .instance: 4
    }
  }
}

extension IndexedAttribute.Level {
  /// By what the answers of a page are ordered: the order of rows would tell which of them hidden objects began. Instances
  /// come in the order of their arrival.
  fileprivate var nameInOrder: String {
    switch self {
    case .patient: "patient.patient_id || char(31) || patient.issuer || char(31) || patient.sole_study"
    case .study: "study.v_0020000d"
    case .series: "series.v_0020000e"
    case .instance: "''"
    }
  }
}

extension MatchingKey {
  private static let selective: Set<Tag> = [
    .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .patientID, .accessionNumber,
  ]

  /// Whether it names one row, or as many as it says, and an index finds them.
  fileprivate var isSelective: Bool {
    guard sequence == nil, Self.selective.contains(tag) else { return false }
    return switch matching {
    case .singleValue, .uidList: true
    case .universal, .wildcard, .range: false
    }
  }
}

extension QueryRetrieveLevel {
  var indexLevel: IndexedAttribute.Level {
    switch self {
    case .patient: .patient
    case .study: .study
    case .series: .series
    case .image: .instance
    }
  }
}
