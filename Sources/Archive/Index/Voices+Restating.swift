// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What a row says its first object said. When that one goes, or an earlier one comes, the earliest speaks: what a deleted
/// object said must not outlive it, and a reindex would say the same.
extension Voices {
  /// After objects are gone from these places: where all of a study agree, what its rows say stays true.
  func succeed(in places: Set<SelectedInstance.Place>, layout: IndexLayout) throws {
    for study in Set(places.map(\.receivedStudy)).sorted() where try isGainsaid(study: study) {
      try restate(study: study, sayings(ofStudy: study), layout: layout)
    }
    // Which of several rows is shown is decided by who came first of what is here.
    let divided = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT v_0020000d FROM study WHERE id IN (SELECT value FROM json_each(?)) AND EXISTS (
          SELECT 1 FROM study AS other WHERE other.v_0020000d = study.v_0020000d AND other.id <> study.id)
        """, arguments: [IndexTables.json(Set(places.map(\.receivedStudy)))])
    for uid in divided { try Placement(layout: layout, in: database).place(study: uid) }
    // A row that had become empty and of which others were a part is one no more.
    if !divided.isEmpty { try IndexTables.prune(places, in: database) }
    for patient in Set(places.flatMap { [$0.patient, $0.receivedPatient] }).sorted() { try rebuild(patient: patient) }
  }

  /// Whether an object says of it or of its series what the first one does not.
  func isGainsaid(study: Int64) throws -> Bool {
    try Int.fetchOne(
      database,
      sql: """
        SELECT 1 FROM study_voice WHERE received = :study AND voice > 0
        UNION ALL SELECT 1 FROM series JOIN series_voice ON series_voice.received = series.id
          WHERE received_study = :study AND voice > 0
        """, arguments: ["study": study]) != nil
  }

  /// What each instance of a study's row said when it was received, as far as the index knows.
  func sayings(ofStudy study: Int64) throws -> [Int64: Saying] {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM study WHERE id = ?", arguments: [study]) else {
      return [:]
    }
    let received = try (row["received_demographics"] as String?).map(Demographics.init(json:))
    let own = statements.study.map { received?[$0] ?? row[$0] as String }
    let series = Dictionary(
      try Row.fetchAll(database, sql: "SELECT * FROM series WHERE received_study = ?", arguments: [study]).map { row in
        (row["id"] as Int64, statements.series.map { row[$0] as String })
      }, uniquingKeysWith: { first, _ in first })
    let said = try saidOtherwise(.study, of: Rows(ids: [study]))
    let seriesSaid = try saidOtherwise(.series, of: Rows(ids: Array(series.keys)))
    let studyVoices = try Self.spoken(said, over: [study: own], statements.study)
    let seriesVoices = try Self.spoken(seriesSaid, over: series, statements.series)
    var sayings: [Int64: Saying] = [:]
    for instance in try instances(ofStudy: study) {
      sayings[instance.id] = Saying(
        study: instance.studyVoice.flatMap { studyVoices[$0] } ?? own,
        series: instance.seriesVoice.flatMap { seriesVoices[$0] } ?? series[instance.series] ?? [])
    }
    return sayings
  }

  /// From now on the rows say what the earliest instance says, and of the others it is kept what they say otherwise.
  func restate(study: Int64, _ sayings: [Int64: Saying], layout: IndexLayout) throws {
    let instances = try instances(ofStudy: study)
    guard let first = instances.first.flatMap({ sayings[$0.id] }) else { return }
    try forget(study: study)
    try write(first.study, .study, to: study)
    var firsts: [Int64: Saying] = [:]
    for instance in instances {
      guard let saying = sayings[instance.id] else { continue }
      if firsts[instance.series] == nil {
        firsts[instance.series] = saying
        try write(saying.series, .series, to: instance.series)
      }
      let said = Self.differing(saying.study, from: first.study, statements.study)
      let seriesSaid = Self.differing(
        saying.series, from: firsts[instance.series]?.series ?? saying.series, statements.series)
      try noteDifferences(said, study: study, instance: instance.id)
      guard !said.isEmpty || !seriesSaid.isEmpty else { continue }
      try adopt(instance.id, (study, said), (instance.series, seriesSaid))
    }
    let uid = try String.fetchOne(database, sql: "SELECT v_0020000d FROM study WHERE id = ?", arguments: [study])
    // A correction is laid over what is said now.
    try Placement(layout: layout, in: database).place(study: uid ?? "")
  }

  private struct ReceivedInstance {
    let id: Int64
    let series: Int64
    let studyVoice: Int64?
    let seriesVoice: Int64?
  }

  /// In the order of arrival.
  private func instances(ofStudy study: Int64) throws -> [ReceivedInstance] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT instance.id, own.id, study_voice, series_voice FROM series AS own JOIN instance
          ON (instance.series = own.id AND instance.folded_from IS NULL) OR instance.folded_from = own.id
        LEFT JOIN contradiction ON contradiction.instance = instance.id
        WHERE own.received_study = ? ORDER BY instance.id
        """, arguments: [study]
    ).map { ReceivedInstance(id: $0[0], series: $0[1], studyVoice: $0[2], seriesVoice: $0[3]) }
  }

  private func forget(study: Int64) throws {
    let instances = try IndexTables.json(self.instances(ofStudy: study).map(\.id))
    try database.execute(
      sql: """
        DELETE FROM contradiction WHERE instance IN (SELECT value FROM json_each(:instances));
        DELETE FROM difference WHERE study = :study;
        DELETE FROM study_voice WHERE received = :study AND voice > 0;
        DELETE FROM series_voice WHERE received IN (SELECT id FROM series WHERE received_study = :study) AND voice > 0;
        UPDATE study SET received_demographics = NULL WHERE id = :study
        """, arguments: ["instances": instances, "study": study])
  }

  private func write(_ values: [String], _ level: Level, to row: Int64) throws {
    let columns = level == .study ? statements.study : statements.series
    try database.cachedStatement(
      sql: "UPDATE \(level.rawValue) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?"
    ).execute(arguments: StatementArguments(values.map(\.databaseValue) + [row.databaseValue]))
  }

  private static func differing(_ said: [String], from first: [String], _ columns: [String]) -> [String: String] {
    var differing: [String: String] = [:]
    for (column, (value, other)) in zip(columns, zip(said, first)) where !value.utf8.elementsEqual(other.utf8) {
      differing[column] = value
    }
    return differing
  }

  private static func spoken(
    _ voices: [(voice: Int64, row: Int64, said: String)], over rows: [Int64: [String]], _ columns: [String]
  ) throws -> [Int64: [String]] {
    var spoken: [Int64: [String]] = [:]
    for voice in voices {
      let said = try Demographics(json: voice.said)
      spoken[voice.voice] = rows[voice.row].map { own in zip(columns, own).map { said[$0] ?? $1 } }
    }
    return spoken
  }
}
