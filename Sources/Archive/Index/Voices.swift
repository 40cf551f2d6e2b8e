// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Keeps what objects say otherwise than the first of their study or series. Where all agree, as nearly always, there is
/// nothing to keep; where they do not, all that is said of the patient's studies and series gets voices, and whoever does not
/// see all is answered from these. All but what was said follows from the other rows: see `rebuild`.
struct Voices {
  /// What an object says of its study and its series, in the order of the columns.
  struct Saying: Sendable, Equatable {
    var study: [String]
    var series: [String]
  }

  /// What the row says itself.
  static let nothingElse = "{}"

  let statements: VoiceStatements
  let database: Database

  init(_ statements: VoiceStatements, in database: Database) {
    self.statements = statements
    self.database = database
  }

  /// Of an instance that was put in just now; true where it says nothing else than the rows.
  @discardableResult
  func note(_ saying: Saying, at place: HierarchyRows.Found, instance: Int64) throws -> Bool {
    let standing = try standing(statements.standingStudy, ["study": place.receivedStudy]) { row in
      (row.integer(0), row.integer(1), try place.isNewStudy ? [:] : differing(saying.study, row))
    }
    guard let (patient, mark, said) = standing else { return false }
    try noteDifferences(said, study: place.receivedStudy, instance: instance)
    let seriesSaid =
      try place.newSeries != nil
      ? nil
      : self.standing(statements.standingSeries, ["series": place.receivedSeries]) { row in
        differing(saying.series, statements.series, row, after: 1)
      }
    let isGainsaid = !said.isEmpty || !(seriesSaid ?? [:]).isEmpty
    if isGainsaid { try adopt(instance, (place.receivedStudy, said), (place.receivedSeries, seriesSaid ?? [:])) }
    guard mark > 0 else {
      let isDivided = try isGainsaid || place.isNewStudy && differsFromAnother(place.receivedStudy)
      if isDivided { try rebuild(patient: patient) }
      return !isGainsaid
    }
    if place.isNewStudy { try put(.study, voice: -place.receivedStudy, of: place.receivedStudy, Self.nothingElse) }
    if let series = place.newSeries { try put(.series, voice: -series, of: series, Self.nothingElse) }
    return !isGainsaid
  }

  /// What it says otherwise than the rows; one who says the same already is its voice.
  func adopt(
    _ instance: Int64, _ study: (row: Int64, said: [String: String]), _ series: (row: Int64, said: [String: String])?
  ) throws {
    let studyVoice = try study.said.isEmpty ? nil : voice(.study, of: study.row, study.said, instance)
    let seriesVoice = try series.flatMap { try $0.said.isEmpty ? nil : voice(.series, of: $0.row, $0.said, instance) }
    try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO contradiction (instance, study_voice, series_voice) VALUES (?, ?, ?)"
    ).execute(arguments: [instance, studyVoice, seriesVoice])
  }

  /// Whose voices there are, and what is shown by them, as it follows from the rows: once more does no harm.
  func rebuild(patient: Int64) throws {
    let (studies, series, mark) = try extent(of: patient)
    let said = try saidOtherwise(.study, of: studies)
    let seriesSaid = try saidOtherwise(.series, of: series)
    try database.execute(
      sql: """
        DELETE FROM study_voice WHERE received IN (SELECT value FROM json_each(?));
        DELETE FROM series_voice WHERE received IN (SELECT value FROM json_each(?));
        UPDATE patient SET is_contradicted = ? WHERE id = ?
        """, arguments: [studies.json, series.json, mark, patient])
    guard mark > 0 else { return }
    for study in studies.ids { try put(.study, voice: -study, of: study, Self.nothingElse) }
    for row in series.ids { try put(.series, voice: -row, of: row, Self.nothingElse) }
    for (voice, row, what) in said { try put(.study, voice: voice, of: row, what) }
    for (voice, row, what) in seriesSaid { try put(.series, voice: voice, of: row, what) }
  }

  /// After a change to all there is: of those who may be contradicted.
  func markAll() throws {
    let patients = try Int64.fetchAll(
      database,
      sql: """
        \(statements.divided)
        UNION SELECT coalesce(study.patient, shown.patient) FROM study LEFT JOIN study AS shown ON shown.id = study.folded_into
          WHERE study.folded_into IS NOT NULL OR study.id IN (SELECT received FROM study_voice)
        UNION SELECT id FROM patient WHERE is_contradicted > 0
        """)
    for patient in patients { try rebuild(patient: patient) }
  }
}

extension Voices {
  enum Level: String {
    case study, series

    var table: String { "\(rawValue)_voice" }
  }

  struct Rows {
    let ids: [Int64]

    var json: String { IndexTables.json(ids) }
  }

  /// The rows that are shown as a patient's, and whether they are contradicted: 2 where rows are part of others, so that who
  /// sees all is answered by voices too.
  private func extent(of patient: Int64) throws -> (studies: Rows, series: Rows, mark: Int) {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, 0 FROM study WHERE patient = :patient
          UNION SELECT part.id, 1 FROM study AS shown JOIN study AS part ON part.v_0020000d = shown.v_0020000d
            AND part.folded_into = shown.id WHERE shown.patient = :patient
          """), arguments: ["patient": patient])
    let studies = Rows(ids: rows.map { $0[0] })
    let series = Rows(
      ids: try Int64.fetchAll(
        database.cachedStatement(
          sql: "SELECT id FROM series WHERE received_study IN (SELECT value FROM json_each(?)) ORDER BY id"),
        arguments: [studies.json]))
    if rows.contains(where: { $0[1] == 1 }) { return (studies, series, 2) }
    let isGainsaid = try Int.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT 1 FROM study_voice WHERE received IN (SELECT value FROM json_each(?)) AND voice > 0
          UNION ALL SELECT 1 FROM series_voice WHERE received IN (SELECT value FROM json_each(?)) AND voice > 0
          """), arguments: [studies.json, series.json])
    if isGainsaid != nil { return (studies, series, 1) }
    guard studies.ids.count > 1 else { return (studies, series, 0) }
    let sayings = try Row.fetchAll(
      database.cachedStatement(sql: statements.sayings), arguments: ["studies": studies.json])
    return (studies, series, sayings.count > 1 ? 1 : 0)
  }

  func saidOtherwise(_ level: Level, of rows: Rows) throws -> [(voice: Int64, row: Int64, said: String)] {
    try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT voice, received, said FROM \(level.table)
          WHERE received IN (SELECT value FROM json_each(?)) AND voice > 0 ORDER BY voice
          """), arguments: [rows.json]
    ).map { ($0[0], $0[1], $0[2]) }
  }

  private func put(_ level: Level, voice: Int64, of row: Int64, _ said: String) throws {
    try database.cachedStatement(sql: "DELETE FROM \(level.table) WHERE voice = ?").execute(arguments: [voice])
    try database.cachedStatement(sql: level == .study ? statements.putStudy : statements.putSeries)
      .execute(arguments: ["voice": voice, "row": row, "said": said])
  }

  private func voice(_ level: Level, of row: Int64, _ said: [String: String], _ instance: Int64) throws -> Int64 {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(said), as: UTF8.self)
    let known = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT voice FROM \(level.table) WHERE received = ? AND said = ?"),
      arguments: [row, text])
    if let known { return known }
    try put(level, voice: instance, of: row, text)
    return instance
  }

  private func differsFromAnother(_ study: Int64) throws -> Bool {
    try Int.fetchOne(
      database.cachedStatement(sql: statements.differsFromAnother), arguments: ["study": study]) != nil
  }

  /// nil where there is no such row.
  private func standing<Value>(
    _ sql: String, _ arguments: StatementArguments, _ body: (SelectedRow) throws -> Value
  ) throws -> Value? {
    let statement = try database.cachedStatement(sql: sql)
    let cursor = try Row.fetchCursor(statement, arguments: arguments)
    return try withExtendedLifetime(cursor) {
      try cursor.next() == nil ? nil : body(SelectedRow(statement: statement.sqliteStatement))
    }
  }

  /// What a study's row was received with, where a correction is laid over it.
  private func differing(_ said: [String], _ row: SelectedRow) throws -> [String: String] {
    let received = row.text(2)
    guard !received.isEmpty else { return differing(said, statements.study, row, after: 3) }
    let demographics = try Demographics(json: received)
    var differing: [String: String] = [:]
    for (index, column) in statements.study.enumerated() where index < said.count {
      let isSame =
        demographics[column].map { $0.utf8.elementsEqual(said[index].utf8) } ?? row.has(said[index], in: index + 3)
      if !isSame { differing[column] = said[index] }
    }
    return differing
  }

  private func differing(
    _ said: [String], _ columns: [String], _ row: SelectedRow, after first: Int
  ) -> [String: String] {
    var differing: [String: String] = [:]
    for index in said.indices where !row.has(said[index], in: index + first) { differing[columns[index]] = said[index] }
    return differing
  }

  /// Where an object says otherwise of its patient than its study's first one did, that is written down for the report.
  func noteDifferences(_ said: [String: String], study: Int64, instance: Int64) throws {
    for (column, value) in said where column.hasPrefix("v_") && statements.demographics.contains(column) {
      try database.cachedStatement(
        sql: "INSERT OR IGNORE INTO difference (study, attribute, value, instance) VALUES (?, ?, ?, ?)"
      ).execute(arguments: [study, column, value, instance])
    }
  }
}
