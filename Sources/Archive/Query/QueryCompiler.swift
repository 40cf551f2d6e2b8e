// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// A question as SQL statements over the caller's visible rows, a page each, and what is left to judge in Swift.
struct QueryCompiler {
  static let pageSize = 256
  /// Where rows are judged after they were selected, few of them may be left: so many times a page are looked at.
  private static let judgedPages = 8
  private static let mostInARow = 200

  /// What stands in a row in front of the values: by what its page is put in order and goes on, the row's own number at the
  /// level, and whose it is.
  enum Place {
    static let number = 0
    static let key = 1
    static let name = 2
    static let uid = 3
    static let own = 4
    static let patientID = 5
    static let issuer = 6
    static let soleStudy = 7
    static let studyInstanceUID = 8
    static let firstValue = 9
  }

  var layout: IndexLayout { question.layout }
  var level: IndexedAttribute.Level { question.level }
  private(set) var judges: [RowJudge] = []
  private(set) var columns: FindColumns
  /// By the place of what is answered in another zone than it was written in.
  private(set) var adjustments: [Int: TimeAdjustment] = [:]
  private(set) var expressions: [String] = []
  private var conditions: [String] = []
  private var arguments: [DatabaseValue] = []
  private let question: CompiledQuestion
  private let mark: PageMark?
  private let visibility: Visibility
  private let isApart: Bool
  let options: MatchingOptions
  private let driver: QueryDriver

  /// `isApart`: patients of whom objects contradict each other are told of by another statement than the others.
  init(
    _ query: FindQuery, layout: IndexLayout, visibility: Visibility, isApart: Bool, after mark: PageMark? = nil
  ) {
    self.isApart = isApart
    question = CompiledQuestion(layout: layout, level: query.level.indexLevel, visibility: visibility)
    self.visibility = visibility
    options = query.options
    self.mark = mark
    driver = QueryDriver(query, question, after: mark)
    columns = FindColumns(byTag: [:], bySequence: [:], width: 0)
    addColumns(for: query)
    if options.timezone != nil || options.namesTimezone {
      // In their order: the statements of a page have the same places, and the same words as those of the next.
      for (tag, place) in columns.byTag.sorted(by: { $0.value < $1.value }) {
        adjustments[place] = adjustment(of: tag, at: place)
      }
    }
    let moments = addMoments(query.keys)
    for key in query.keys where !moments.contains(key.tag) && !driver.says(key.tag) { addCondition(for: key) }
  }

  /// Whether no key leads to the rows, so that the few studies that a caller may see do.
  var isBroad: Bool { driver.isBroad }

  var order: PageOrder { driver.order }
  /// How many rows a page has, and after how many it ends though it has fewer.
  var pageSize: Int { visibility.pageSize }
  var limit: Int { judges.isEmpty ? pageSize : Self.judgedPages * pageSize }

  /// One page: the visible rows behind a mark, in an order that only the question decides.
  /// `named`: the studies among which all that is visible is, where these are few.
  func statement(within named: String?) -> (sql: String, values: [DatabaseValue]) {
    let isNamed = named != nil
    let (place, bound) = driver.conditions(after: mark, isNamed: isNamed)
    let all =
      place
      + [named.map(driver.within), visibilityCondition(isNamed: isNamed), apart, visibility.isTold(at: level)]
      .compactMap(\.self) + conditions
    let first =
      driver.columns + [
        "\(level.rawValue).id", "patient.patient_id", "patient.issuer", "patient.sole_study",
        level == .patient ? "''" : "study.v_0020000d",
      ]
    let sql = """
      SELECT \((first + expressions).joined(separator: ", "))
      FROM \(driver.tables(isNamed: isNamed)) WHERE \(Self.conjunction(all[...]))
      ORDER BY \(driver.orderColumns(isNamed: isNamed)) LIMIT \(limit)
      """
    return (sql, bound + arguments)
  }

  /// SQLite takes no more than a thousand conditions in a row, and a question may have as many keys: of many it is a tree.
  private static func conjunction(_ conditions: ArraySlice<String>) -> String {
    guard conditions.count > mostInARow else { return conditions.joined(separator: " AND ") }
    let middle = conditions.startIndex + conditions.count / 2
    return "(\(conjunction(conditions[..<middle]))) AND (\(conjunction(conditions[middle...])))"
  }

  /// Where the next page begins; nil where there is none.
  func next(after last: PageMark, isFull: Bool) -> PageMark? {
    driver.next(after: last, mark: mark, isFull: isFull)
  }

  /// The patients that the other statement does not tell of.
  private var apart: String? {
    guard isApart else { return nil }
    let least = visibility.leastContradiction
    guard visibility.telling == .voices else { return "patient.is_contradicted < \(least)" }
    return least == 2 ? "patient.is_contradicted = 2" : "patient.is_contradicted > 0"
  }

  private func visibilityCondition(isNamed: Bool) -> String {
    // Whose voices they are was said where the tables are joined.
    if driver.hasBase(isNamed: isNamed) { return level == .instance ? instanceCondition : "1" }
    return switch (visibility.telling, level) {
    case (.rows, .patient), (_, .study): visibility.study
    // Whose voice it is was said where the tables are joined.
    case (.voices, .patient): "1"
    case (.rows, .series): visibility.series
    case (.voices, .series): "\(visibility.study) AND \(visibility.series)"
    case (.rows, .instance): instanceCondition
    case (.voices, .instance): "\(visibility.study) AND \(visibility.series) AND \(instanceCondition)"
    }
  }

  private var instanceCondition: String {
    // Of several versions of an object the whole ones come before the faulty, the chosen one before the others.
    """
    \(visibility.toldInstance) AND NOT EXISTS (SELECT 1 FROM instance AS other WHERE +other.series = series.id
      AND other.v_00080018 = instance.v_00080018 AND \(visibility.otherVersion)
      AND (other.fault <> 0, other.preference, other.id) < (instance.fault <> 0, instance.preference, instance.id))
    """
  }

  private mutating func addColumns(for query: FindQuery) {
    var byTag: [Tag: Int] = [:]
    var bySequence: [Tag: [Tag: Int]] = [:]
    var itemJudges: [Tag: ItemJudge] = [:]
    // Each answer says whether what it names can be had (PS3.4 C.4.1.1.3.2).
    for tag in query.returning + [.instanceAvailability] {
      if let members = question.members(of: tag), bySequence[tag] == nil {
        bySequence[tag] = columnsOf(members, in: tag)
      }
      guard byTag[tag] == nil, let expression = question.expression(for: tag) else { continue }
      byTag[tag] = expressions.count
      expressions.append(expression)
    }
    for key in query.keys {
      guard case .sequence(let keys) = key.matching, let members = question.members(of: key.tag) else { continue }
      let judge = ItemJudge(keys, among: members, options: options)
      if !judge.judgesNothing { itemJudges[key.tag] = judge }
    }
    columns = FindColumns(
      byTag: byTag, bySequence: bySequence, width: expressions.count, itemJudges: itemJudges)
  }

  private mutating func columnsOf(_ members: [IndexedAttribute], in sequence: Tag) -> [Tag: Int] {
    var indices: [Tag: Int] = [:]
    for member in members {
      indices[member.tag] = expressions.count
      expressions.append(question.expression(of: member, in: sequence))
    }
    return indices
  }

  private mutating func addCondition(for key: MatchingKey) {
    guard key.matching != .universal else { return }
    if case .sequence(let keys) = key.matching {
      addCondition(for: keys, in: key.tag)
    } else if let attribute = question.attribute(key.tag) {
      addCondition(key.matching, on: attribute)
    } else if key.tag == .modalitiesInStudy, level.depth >= IndexedAttribute.Level.study.depth {
      addModalitiesCondition(key.matching)
    } else if let derived = question.expression(for: key.tag) {
      let vr = DataDictionary.vr(of: key.tag) ?? .lo
      judge(derived, ValueMatcher(key.matching, vr: vr, splits: true, options: options))
    }
    // A key that is not supported does not narrow the matches: the answer says so by FF01 (PS3.4 C.4.1.1.4).
  }

  /// One item has to match all keys; where that is one value, rows without it are not looked at.
  private mutating func addCondition(for keys: [MatchingKey], in sequence: Tag) {
    guard let members = question.members(of: sequence), let judge = columns.itemJudges[sequence] else { return }
    for key in keys {
      guard case .singleValue(let value) = key.matching, let member = members.first(where: { $0.tag == key.tag }),
        !member.hasKeyColumn
      else { continue }
      contains(MatchingForm.sought(value, vr: member.vr), in: question.expression(of: member, in: sequence))
    }
    judges.append(RowJudge(.items(columnsOf(members, in: sequence), judge)))
  }

  private mutating func addModalitiesCondition(_ matching: MatchingKey.Matching) {
    let wanted: [String]
    switch matching {
    case .singleValue(let value): wanted = [value]
    case .anyOf(let values): wanted = values
    default:
      guard let derived = question.expression(for: .modalitiesInStudy) else { return }
      return judge(derived, ValueMatcher(matching, vr: .cs, splits: true, options: options))
    }
    let (modality, sought) =
      wanted.count == 1
      ? ("series.v_00080060 = ?", wanted[0])
      : (
        ValueListFunction.isOneOf.condition(on: "series.v_00080060"),
        ValueListFunction.list(of: wanted.map(MatchingForm.storable))
      )
    let one = """
      EXISTS (SELECT 1 FROM \(visibility.telling.table(.series)) WHERE series.study = study.id AND \(visibility.series)
        AND \(modality))
      """
    guard visibility.hasAside else { return add(one, sought) }
    let (rows, areSeen) = visibility.bothSeries
    add(visibility.both(one, "EXISTS (SELECT 1 FROM \(rows) WHERE \(areSeen) AND \(modality))"), sought, sought)
  }
}

extension QueryCompiler {
  mutating func add(_ condition: String, _ values: String...) {
    conditions.append(condition)
    for value in values { bind(value) }
  }

  mutating func bind(_ text: String) {
    arguments.append(MatchingForm.storable(text).databaseValue)
  }

  /// Exact: `value` is one of those that the column has between backslashes.
  mutating func contains(_ value: String, in column: String) {
    add("instr('\\' || \(column) || '\\', ?) > 0", "\\\(value)\\")
  }

  mutating func judge(_ expression: String, _ matcher: ValueMatcher) {
    judges.append(RowJudge(.value(column(expression), matcher)))
  }

  mutating func judge(_ kind: RowJudge.Kind) {
    judges.append(RowJudge(kind))
  }

  /// The place of an expression that is selected beside what is answered.
  mutating func column(_ expression: String) -> Int {
    expressions.append(expression)
    return expressions.count - 1
  }

  func attribute(_ tag: Tag) -> IndexedAttribute? { question.attribute(tag) }

  static func json(_ values: [String]) -> String {
    let quoted = values.map { value in
      // Of a UID there is nothing to escape.
      if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
        return "\"\(value)\""
      }
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

/// What an index has at a level of the information model and above.
struct CompiledQuestion {
  let layout: IndexLayout
  let level: IndexedAttribute.Level
  let visibility: Visibility

  func attribute(_ tag: Tag) -> IndexedAttribute? {
    layout.byTag[tag].flatMap { $0.level.depth <= level.depth ? $0 : nil }
  }

  func members(of sequence: Tag) -> [IndexedAttribute]? {
    if sequence == DerivedKey.anatomicRegionsInStudy {
      return level == .patient ? nil : layout.bySequence[DerivedKey.anatomicRegion]
    }
    let members = layout.bySequence[sequence]?.filter { $0.level.depth <= level.depth } ?? []
    return members.isEmpty ? nil : members
  }

  /// `member`: one of the `members(of:)` the sequence.
  func expression(of member: IndexedAttribute, in sequence: Tag) -> String {
    guard sequence == DerivedKey.anatomicRegionsInStudy else { return "\(member.table).\(member.column)" }
    let all = layout.bySequence[DerivedKey.anatomicRegion] ?? []
    return DerivedKey.anatomicRegions(member, among: all, visibility)
  }

  /// nil for what is unknown, or belongs to a level below.
  func expression(for tag: Tag) -> String? {
    if let attribute = attribute(tag) { return "\(attribute.table).\(attribute.column)" }
    return visibility.written(.derived(tag, at: level)) {
      if tag == .instanceAvailability { return DerivedKey.availability(at: level, visibility) }
      guard let derived = DerivedKey.expression(for: tag, visibility), derived.level.depth <= level.depth else {
        return nil
      }
      return derived.sql
    }
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
