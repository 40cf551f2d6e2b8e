// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Objects that came for a study from somebody who may not add to it.
package struct AsideStudy: Sendable, Hashable {
  package let studyInstanceUID: String
  package let patient: String
  /// Who sent them, as far as the name is still known.
  package let sender: String
  package let principal: Int64
  package let instances: Int
}

/// How much is kept aside, without a word about whose it is.
package struct AsideCount: Codable, Sendable, Hashable {
  package let studies: Int
  package let objects: Int
}

/// Studies of which something was kept aside that nobody has been told of.
package struct AsideNews: Sendable, Hashable {
  /// By the name of who sent them: how many studies.
  package let senders: [String: Int]
  /// Of the last of them; 0 where there is none.
  package let last: Int64
}

extension Archive {
  package func countAside() async throws -> AsideCount {
    try await database.read { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT COUNT(DISTINCT study.id), COUNT(instance.id) FROM study
          LEFT JOIN series ON series.received_study = study.id
          LEFT JOIN instance ON instance.series = series.id WHERE aside <> 0
          """)
      return AsideCount(studies: row?[0] ?? 0, objects: row?[1] ?? 0)
    }
  }

  /// Of the studies behind one of them.
  package func newsAside(after last: Int64) async throws -> AsideNews {
    try await database.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT coalesce((SELECT name FROM principal WHERE id = aside), 'removed'), COUNT(*), MAX(study.id) FROM study
          WHERE aside <> 0 AND study.id > ? GROUP BY 1
          """, arguments: [last])
      let senders = rows.map { ($0[0] as String, $0[1] as Int) }
      return AsideNews(
        senders: Dictionary(senders, uniquingKeysWith: +), last: rows.map { $0[2] as Int64 }.max() ?? last)
    }
  }
}

extension Administration {
  package func studiesAside() async throws -> [AsideStudy] {
    let aside = try await database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT v_0020000d, patient_id, issuer, sole_study, aside,
            coalesce((SELECT name FROM principal WHERE id = aside), 'removed'),
            (SELECT COUNT(*) FROM series JOIN instance ON instance.series = series.id
              WHERE series.received_study = study.id)
          FROM study JOIN patient ON patient.id = received_patient WHERE aside <> 0 ORDER BY study.id
          """
      ).map { row in
        let patient = PatientIdentity(stored: row[1], issuer: row[2], soleStudy: row[3])
        let study = AsideStudy(
          studyInstanceUID: row[0], patient: patient.description, sender: row[5], principal: row[4], instances: row[6])
        return (study, AuditSubject(patient, studyInstanceUID: study.studyInstanceUID))
      }
    }
    try await view.record("objects aside listed", count: aside.count, of: aside.map(\.1))
    return aside.map(\.0)
  }

  /// Lets what a sender added to a study in: it is seen by all to whom the study is open. Returns how many objects there were.
  package func admit(study uid: String, from sender: String) async throws -> Int {
    try await database.write { database in
      let aside = try studiesAside(uid, sender, in: database)
      guard !aside.isEmpty else {
        throw ArchiveError("nothing of '\(sender)' is aside for \(uid): see collimator aside list")
      }
      let layout = IndexLayout(further: try FurtherKeyTable.settled(nil, in: database))
      let series = try Self.series(ofStudies: aside.map(\.study), in: database)
      var count = 0
      for (study, patient) in aside {
        try database.execute(
          sql: """
            UPDATE arrival SET aside = 0 WHERE object IN (SELECT object FROM instance
              WHERE coalesce(folded_from, series) IN (SELECT id FROM series WHERE received_study = ?))
            """, arguments: [study])
        count += database.changesCount
        try Self.join(study, of: patient, uid, layout, in: database)
      }
      try Placement(layout: layout, in: database).place(study: MatchingForm.storable(uid))
      try ShareReview(by: user.name, because: "objects were let in", at: now(), in: database)
        .moved(studies: [MatchingForm.storable(uid)])
      try record(
        "objects let in", "\(count) objects of '\(sender)'", subjects: [AuditSubject](.study(uid: uid)), in: database)
      try applyRules(to: series, in: database)
      return count
    }
  }

  private static func series(ofStudies studies: [Int64], in database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database, sql: "SELECT id FROM series WHERE received_study IN (SELECT value FROM json_each(?)) ORDER BY id",
      arguments: [IndexTables.json(studies)])
  }

  /// As if they had come just now; those that became part of one that was there are not there any more.
  private func applyRules(to series: [Int64], in database: Database) throws {
    let rules = try RuleSet(ReferralRuleTable.all(in: database).map(\.rule), in: database)
    guard !rules.isEmpty else { return }
    let granting = ReferralGranting(at: now(), in: database)
    for id in series {
      let referral = try String.fetchOne(database, sql: "SELECT referral FROM series WHERE id = ?", arguments: [id])
      guard let referral else { continue }
      try granting.give(rules, series: id, Referral(json: referral))
    }
  }

  private func studiesAside(
    _ uid: String, _ sender: String, in database: Database
  ) throws -> [(study: Int64, patient: Int64)] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT study.id, received_patient FROM study LEFT JOIN principal ON principal.id = aside
        WHERE v_0020000d = ? AND aside <> 0 AND coalesce(principal.name, 'removed') = ?
        """, arguments: [MatchingForm.storable(uid), sender]
    ).map { ($0[0], $0[1]) }
  }

  /// As an index that is made anew would have it.
  private static func beginner(of study: Int64, _ uid: String, in database: Database) throws -> Int64 {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT instance.id, arrived_at, begun_by, patient_id, issuer, sole_study
        FROM study JOIN patient ON patient.id = received_patient JOIN series ON received_study = study.id
          JOIN instance ON coalesce(folded_from, series) = series.id JOIN arrival ON number = instance.id
        WHERE study.id = ? ORDER BY instance.id LIMIT 1
        """, arguments: [study])
    guard let row else { return 0 }
    let patient = PatientIdentity(stored: row[3], issuer: row[4], soleStudy: row[5])
    return try StudyBeginning(of: MatchingForm.storable(uid), of: patient, at: row[1], in: database)
      .principal(or: row[2], aside: 0, first: row[0])
  }

  /// The rows that were aside become, or become part of, those that are not.
  private static func join(
    _ study: Int64, of patient: Int64, _ uid: String, _ layout: IndexLayout, in database: Database
  ) throws {
    let main = try Int64.fetchOne(
      database, sql: "SELECT id FROM study WHERE v_0020000d = ? AND received_patient = ? AND aside = 0",
      arguments: [MatchingForm.storable(uid), patient])
    guard let main else {
      let begunBy = try beginner(of: study, uid, in: database)
      return try database.execute(
        sql: "UPDATE study SET aside = 0, begun_by = ? WHERE id = ?", arguments: [begunBy, study])
    }
    let voices = Voices(layout.voices, in: database)
    let sayings = try voices.sayings(ofStudy: main).merging(voices.sayings(ofStudy: study)) { first, _ in first }
    // What corrections moved is put back first; the placement that follows moves it again.
    try database.execute(
      sql: """
        UPDATE instance SET series = folded_from, folded_from = NULL
        WHERE folded_from IN (SELECT id FROM series WHERE received_study IN (?, ?))
        """, arguments: [study, main])
    for row in try Row.fetchAll(
      database,
      sql: """
        SELECT own.id, (SELECT id FROM series WHERE v_0020000e = own.v_0020000e AND received_study = ?)
        FROM series AS own WHERE own.received_study = ?
        """, arguments: [main, study])
    {
      let (series, other): (Int64, Int64?) = (row[0], row[1])
      if let other {
        try database.execute(
          sql:
            "UPDATE instance SET series = ? WHERE series = ?; UPDATE series SET folded_into = NULL WHERE folded_into = ?; DELETE FROM series WHERE id = ?",
          arguments: [other, series, series, series])
      } else {
        try database.execute(
          sql: "UPDATE series SET study = ?, received_study = ?, folded_into = NULL WHERE id = ?",
          arguments: [main, main, series])
      }
    }
    try database.execute(
      sql: """
        UPDATE OR REPLACE difference SET study = ? WHERE study = ?;
        UPDATE study SET folded_into = NULL WHERE folded_into = ?; DELETE FROM study WHERE id = ?
        """, arguments: [main, study, study, study])
    try voices.restate(study: main, sayings, layout: layout)
  }
}
