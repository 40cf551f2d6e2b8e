// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB

/// By which index a question goes through the archive. The order of the rows is that index's, so that a page begins where the
/// last one ended, however many there are; without one it is the order in which the rows came.
struct QueryDriver {
  private enum Way {
    /// From the level's own table, row by row.
    case rows
    /// From a table in which one key selects few; `sought`: the column of a study's key and what is in it.
    case key(IndexedAttribute.Level, sought: (column: String, value: String)?)
    /// A list of UIDs in order, some at a time: of each there may be many rows at a lower level.
    case list(IndexedAttribute, [String], atOnce: Int)
    /// Names in the order of `patient_name_key`.
    case names(form: Int, from: String, below: String?)
    /// Studies in the order of their date.
    case dates(from: String?, to: String?)
  }

  private static let listChunk = 256
  /// Of which one value selects few rows, the most selective first.
  static let keys: [Tag] = [
    .sopInstanceUID, .seriesInstanceUID, .studyInstanceUID, .accessionNumber, .patientID,
  ]

  private let way: Way
  private let level: IndexedAttribute.Level
  private let visibility: Visibility
  private let isByNames: Bool

  /// `mark`: where the page begins; its order goes on whatever the caller may see by now.
  init(_ query: FindQuery, _ question: CompiledQuestion, after mark: PageMark?) {
    let level = question.level
    self.level = level
    visibility = question.visibility
    isByNames = mark.map { $0.names != nil } ?? !visibility.predicate.seesWholeStudies
    way =
      Self.key(query, question) ?? Self.list(query, question, level) ?? Self.names(query, level)
      ?? Self.dates(query, level) ?? .rows
  }

  private static func key(_ query: FindQuery, _ question: CompiledQuestion) -> Way? {
    for tag in keys {
      guard let attribute = question.attribute(tag) else { continue }
      let sought: String?
      switch query.keys.first(where: { $0.tag == tag })?.matching {
      case .singleValue(let value): sought = MatchingForm.soughtGroups(value, vr: attribute.vr).first
      case .uidList(let uids) where uids.count == 1: sought = MatchingForm.sought(uids[0], vr: attribute.vr)
      default: continue
      }
      let isOfStudy = attribute.level == .study && !attribute.identifiesPatient && !attribute.holdsManyKeys
      return .key(
        attribute.identifiesPatient ? .patient : attribute.level,
        sought: isOfStudy ? sought.map { (attribute.keyColumn, MatchingForm.storable($0)) } : nil)
    }
    return nil
  }

  private static func list(
    _ query: FindQuery, _ question: CompiledQuestion, _ level: IndexedAttribute.Level
  ) -> Way? {
    for tag in keys {
      guard let attribute = question.attribute(tag),
        case .uidList(let uids)? = query.keys.first(where: { $0.tag == tag })?.matching
      else { continue }
      return .list(attribute, uids, atOnce: attribute.level == level ? listChunk : 1)
    }
    return nil
  }

  /// Whether a key is one of which each page says a part: the whole of a long list for each of its parts would be its square.
  func says(_ tag: Tag) -> Bool {
    guard case .list(let attribute, _, _) = way else { return false }
    return attribute.tag == tag
  }

  private static func names(_ query: FindQuery, _ level: IndexedAttribute.Level) -> Way? {
    guard level == .study || level == .patient,
      let matching = query.keys.first(where: { $0.tag == .patientName })?.matching
    else { return nil }
    if query.options.matchesNamesBySound {
      guard case .singleValue = matching,
        let longest = PersonNameSound.sought(matching)?.map(\.sound).max(by: { $0.count < $1.count }),
        !longest.isEmpty
      else { return nil }
      return .names(form: 1, from: longest, below: nil)
    }
    switch matching {
    case .singleValue(let value):
      return MatchingForm.soughtGroups(value, vr: .pn).first.map { .names(form: 0, from: $0, below: nil) }
    case .wildcard(let pattern):
      let prefixes = MatchingForm.soughtPatterns(pattern, vr: .pn).map { WildcardPattern($0).literalPrefix }
      guard let prefix = prefixes.first(where: { !$0.isEmpty }) else { return nil }
      return .names(form: 0, from: prefix, below: prefix + "\u{10FFFF}")
    default: return nil
    }
  }

  private static func dates(_ query: FindQuery, _ level: IndexedAttribute.Level) -> Way? {
    guard level == .study, let key = query.keys.first(where: { $0.tag == .studyDate }),
      let range = DayOrTimeRange(key.matching, .da)
    else { return nil }
    guard query.options.timezone != nil else { return .dates(from: range.from, to: range.to) }
    return .dates(
      from: range.from.map { MatchingForm.day($0, shiftedBy: -2) },
      to: range.to.map { MatchingForm.day($0, shiftedBy: 2) })
  }
}

extension QueryDriver {
  /// Whether voices are told of study by study, by the row's own voice `base`, and not voice by voice: a study may have as many
  /// voices as objects, and who may not see the first of these asks all for each.
  func hasBase(isNamed: Bool) -> Bool {
    guard visibility.telling == .voices, level != .patient else { return false }
    return switch way {
    case .rows: level == .study || isNamed
    case .key(.patient, _): true
    case .key(.study, let sought): sought != nil
    case .key, .list, .names, .dates: false
    }
  }

  /// The number of the study, as early as it is known.
  func studyColumn(isNamed: Bool) -> String { hasBase(isNamed: isNamed) ? "base.id" : "study.id" }

  var order: PageOrder {
    PageOrder(
      level, study: level == .study && hasBase(isNamed: false) ? "base" : "study", key: keyColumn, number: numberColumn,
      isByNames: isByNames)
  }

  private var numberColumn: String {
    switch (way, level) {
    case (.names, _): "name.study"
    case (_, .patient), (.dates, _): "study.id"
    case (_, .study): studyColumn(isNamed: false)
    case (_, .series), (_, .instance): "\(level.rawValue).id"
    }
  }

  private var keyColumn: String? {
    switch way {
    case .rows, .key, .list: nil
    case .names: "name.key"
    case .dates: "study.k_00080020"
    }
  }

  /// What is selected in front of whose row it is: its number, the key it was found by, its names. The rows of a page are put
  /// in order by key and full name; instances come in the order of their arrival.
  var columns: [String] {
    [numberColumn, keyColumn ?? "''", level.fullName, order.isByNames ? level.uniqueName : "''"]
  }

  /// Whether it goes through all rows, or through all of a time.
  var isBroad: Bool {
    switch way {
    case .rows, .dates: true
    case .key, .list, .names: false
    }
  }

  /// Joined in the order in which they are gone through: SQLite keeps it where it says CROSS.
  /// `isNamed`: there are conditions that name studies.
  func tables(isNamed: Bool) -> String {
    if hasBase(isNamed: isNamed) { return tablesByBase }
    return switch way {
    case .rows: tables(from: first(isNamed: isNamed))
    case .key(let first, _): tables(from: first)
    case .list(let attribute, _, _): tables(from: attribute.level)
    case .dates: tables(from: .study)
    case .names:
      (visibility.telling == .rows
        ? "patient_name_key AS name CROSS JOIN study ON study.id = name.study "
        : "voice_name_key AS name CROSS JOIN study_voice AS study ON study.voice = name.voice ")
        + joins(from: .study).joined(separator: " ")
    }
  }

  /// The table that is gone through where no key leads to the rows.
  private func first(isNamed: Bool) -> IndexedAttribute.Level {
    switch level {
    // By the number of the study that tells of them: their own tells of hidden ones.
    case .patient: order.isByNames || visibility.telling == .voices ? .patient : .study
    case .study: .study
    case .series, .instance: isNamed ? .study : level
    }
  }

  /// Of named studies there are few: they are put in order, not met in it.
  func orderColumns(isNamed: Bool) -> String { order.columns(isSorted: isNamed) }

  /// Which of the studies are among those that are `named`.
  func within(_ named: String) -> String {
    level == .patient && first(isNamed: true) == .patient
      ? "patient.id IN (SELECT patient FROM study WHERE id IN (\(named)))"
      : "\(studyColumn(isNamed: true)) IN (\(named))"
  }

  private var tablesByBase: String {
    let first =
      if case .key(.patient, _) = way {
        "patient CROSS JOIN study_voice AS base ON base.patient = patient.id"
      } else {
        "study_voice AS base CROSS JOIN patient ON patient.id = base.patient"
      }
    let below = [
      "CROSS JOIN study_voice AS study ON \(visibility.baseStudy)",
      "CROSS JOIN series_voice AS begun ON begun.study = study.id AND begun.voice = -begun.id "
        + "CROSS JOIN series_voice AS series ON \(visibility.begunSeries)",
      "CROSS JOIN instance ON instance.series = series.id",
    ]
    return ([first] + below.prefix(level.depth - 1)).joined(separator: " ")
  }

  private func tables(from first: IndexedAttribute.Level) -> String {
    ([visibility.telling.table(first)] + joins(from: first)).joined(separator: " ")
  }

  private func joins(from first: IndexedAttribute.Level) -> [String] {
    let (study, series) = (visibility.telling.table(.study), visibility.telling.table(.series))
    let upward = [
      "CROSS JOIN patient ON patient.id = study.patient", "CROSS JOIN \(study) ON study.id = series.study",
      "CROSS JOIN \(series) ON series.id = instance.series",
    ]
    // A patient is answered as the earliest visible study tells of them.
    if level == .patient {
      return first == .patient
        ? ["CROSS JOIN \(study) ON \(visibility.patient)"]
        : ["CROSS JOIN patient ON patient.id = study.patient AND \(visibility.patient)"]
    }
    let downward = [
      "CROSS JOIN \(study) ON study.patient = patient.id", "CROSS JOIN \(series) ON series.study = study.id",
      "CROSS JOIN instance ON instance.series = series.id",
    ]
    return Array(upward.prefix(first.depth - 1).reversed())
      + downward.prefix(max(level.depth, 2) - 1).dropFirst(first.depth - 1)
  }

  /// What the rows of a page have to fulfil.
  func conditions(after mark: PageMark?, isNamed: Bool) -> (sql: [String], arguments: [DatabaseValue]) {
    let behind = order.behind(mark, isSorted: isNamed)
    switch way {
    case .rows, .key:
      guard hasBase(isNamed: isNamed) else { return ([behind.sql], behind.arguments) }
      guard case .key(_, let sought?) = way else { return ([behind.sql, "base.voice = -base.id"], behind.arguments) }
      return (
        [
          behind.sql, "base.voice = -base.id",
          "base.id IN (SELECT said.id FROM study_voice AS said WHERE said.\(sought.column) = ?)",
        ], behind.arguments + [sought.value.databaseValue]
      )
    case .list(let attribute, let uids, let atOnce):
      let some = Array(uids.dropFirst(mark?.list ?? 0).prefix(atOnce))
      return (
        ["\(attribute.table).\(attribute.column) IN (SELECT value FROM json_each(?))", behind.sql],
        [QueryCompiler.json(some).databaseValue] + behind.arguments
      )
    case .names(let form, let from, let below): return names(form, from, below, mark, behind)
    case .dates(let from, let to):
      // Of several lower bounds SQLite may take the wrong one for its index: there is but one.
      let lower = max(from ?? "", mark?.key ?? "")
      var sql = ["study.k_00080020 >= ?", "study.k_00080020 <> ''"]
      var arguments = [lower.databaseValue]
      if let to {
        sql.append("study.k_00080020 <= ?")
        arguments.append(to.databaseValue)
      }
      guard let mark else { return (sql, arguments) }
      return (
        sql + ["(study.k_00080020 > ? OR \(behind.sql))"], arguments + [mark.key.databaseValue] + behind.arguments
      )
    }
  }

  private func names(
    _ form: Int, _ from: String, _ below: String?, _ mark: PageMark?,
    _ behind: (sql: String, arguments: [DatabaseValue])
  ) -> (sql: [String], arguments: [DatabaseValue]) {
    guard let below else {
      return (["name.form = \(form) AND name.key = ?", behind.sql], [from.databaseValue] + behind.arguments)
    }
    // A study of which several component groups begin so is met once.
    let (table, own) = visibility.telling == .rows ? ("patient_name_key", "study") : ("voice_name_key", "voice")
    let first = """
      NOT EXISTS (SELECT 1 FROM \(table) AS other WHERE other.\(own) = name.\(own) AND other.form = \(form)
        AND other.key >= ? AND other.key < name.key)
      """
    let lower = max(from, mark?.key ?? "")
    let sql = ["name.form = \(form) AND name.key >= ? AND name.key < ?", first]
    let arguments = [lower, below, from].map(\.databaseValue)
    guard let mark else { return (sql, arguments) }
    return (sql + ["(name.key > ? OR \(behind.sql))"], arguments + [mark.key.databaseValue] + behind.arguments)
  }

  /// `last`: the last row of a page that began behind `mark`.
  func next(after last: PageMark, mark: PageMark?, isFull: Bool) -> PageMark? {
    guard case .list(_, let uids, let atOnce) = way else { return isFull ? last : nil }
    let position = mark?.list ?? 0
    if isFull { return PageMark(value: last.value, names: last.names, list: position) }
    let following = position + atOnce
    return following < uids.count ? PageMark(value: 0, names: order.isByNames ? [] : nil, list: following) : nil
  }
}
