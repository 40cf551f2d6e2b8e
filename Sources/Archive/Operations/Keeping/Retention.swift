// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// What the rules would take away: the dry run that has to come before they take anything.
package struct RetentionPlan: Codable, Sendable {
  package struct Study: Codable, Sendable {
    package let studyInstanceUID: String
    package let studyDate: String
    package let rule: Int
    package let instances: Int
    package let bytes: Int
  }

  /// By this it is applied.
  package let number: Int
  package let madeAt: String
  package let studies: [Study]
  package let instances: Int
  package let bytes: Int
  /// Studies that a rule would take and a legal hold keeps.
  package let held: Int
}

package struct RetentionReport: Codable, Sendable {
  package let plan: Int
  package let studies: Int
  package let instances: Int
  package let bytes: Int
  /// Studies of the plan that are kept: held since, used since, changed since, or gone already.
  package let kept: Int
}

/// Rules become a plan, and a plan, when it is applied, takes at most what it said: what was held, used or added to since
/// then is kept, and so is what only a rule that was removed since would take.
struct Retention {
  private let operations: ArchiveOperations

  init(of operations: ArchiveOperations) {
    self.operations = operations
  }

  /// So many studies of a plan are written at once: objects that arrive meanwhile wait for no more.
  private static let pieceSize = 1_000

  func plan() throws -> RetentionPlan {
    let time = operations.now()
    try operations.accesses.write(to: operations.database)
    // At one moment, beside whoever writes.
    let (rules, found, lists) = try operations.database.read { database in
      let rules = try RetentionRuleTable.all(in: database)
      let found = try candidates(rules, at: time, in: database)
      return (rules, found, try found.map { try $0.isHeld ? "" : PlannedStudies.list(of: $0.id, in: database) })
    }
    let free = zip(found, lists).filter { !$0.0.isHeld }
    let studies = free.map(\.0.study)
    let instances = studies.reduce(0) { $0 + $1.instances }
    let bytes = studies.reduce(0) { $0 + $1.bytes }
    let words = String(decoding: try JSONEncoder().encode(rules), as: UTF8.self)
    let number = try operations.database.write { database in
      try database.execute(
        sql: """
          INSERT INTO retention_plan (made_at, made_by, rules, studies, instances, bytes) VALUES (?, ?, ?, ?, ?, ?)
          """, arguments: [time, operations.user.name, words, studies.count, instances, bytes])
      return Int(database.lastInsertedRowID)
    }
    try write(free.map { (uid: $0.0.study.studyInstanceUID, instances: $0.1) }, of: number)
    try PlannedStudies.thinOut(in: operations.database)
    return RetentionPlan(
      number: number, madeAt: Moment.text(time), studies: studies, instances: instances, bytes: bytes,
      held: found.count - free.count)
  }

  /// Not before all of it is there it can be applied.
  private func write(_ studies: [(uid: String, instances: String)], of plan: Int) throws {
    var rest = studies[...]
    repeat {
      let piece = rest.prefix(Self.pieceSize)
      rest = rest.dropFirst(piece.count)
      try operations.database.write { database in
        for study in piece {
          try PlannedStudies.insert(plan: plan, uid: study.uid, instances: study.instances, in: database)
        }
        if rest.isEmpty {
          try database.execute(sql: "UPDATE retention_plan SET is_listed = 1 WHERE number = ?", arguments: [plan])
        }
        try operations.record(
          .view, "retention planned", detail: "plan \(plan)", count: piece.count,
          subjects: piece.map { AuditSubject(patientID: "", issuer: "", studyInstanceUID: $0.uid) }, in: database)
      }
    } while !rest.isEmpty
  }

  func apply(_ number: Int, _ progress: OperationProgress) throws -> RetentionReport {
    let (rules, time, planned) = try operations.database.read { database in try stored(number, in: database) }
    let found = try operations.database.read { database in
      try candidates(rules, at: time, in: database).filter { try mayTake($0, plan: number, in: database) }
    }
    let deletion = Deletion(of: operations)
    var isComplete = false
    // Whoever stops it half-way has the space of what is deleted.
    defer { if !isComplete { _ = try? deletion.removeFiles() } }
    try progress.begin("deleting studies", total: found.count)
    var (studies, instances, bytes) = (0, 0, 0)
    for candidate in found {
      let reason = "retention plan \(number), rule \(candidate.study.rule)"
      let taken = try operations.spare.during {
        // It may have been retrieved a moment ago.
        try operations.accesses.write(to: operations.database)
        return try deletion.perform(study: candidate.id, reason: reason, OperationProgress()) { database in
          let now = try candidates(
            RetentionRuleTable.inForce(of: rules, in: database), at: time, study: candidate.id, in: database)
          return try now.contains { try mayTake($0, plan: number, in: database) }
        }
      }
      if let taken {
        studies += 1
        instances += taken.instances
        bytes += taken.bytes
      }
      try progress.advance()
    }
    isComplete = true
    _ = try deletion.removeFiles()
    let end = operations.now()
    try operations.database.write { database in
      try database.execute(
        sql: "UPDATE retention_plan SET applied_at = ?, is_listed = 0 WHERE number = ?", arguments: [end, number])
    }
    try PlannedStudies.remove(plan: number, from: operations.database)
    return RetentionReport(
      plan: number, studies: studies, instances: instances, bytes: bytes, kept: max(planned - studies, 0))
  }

  private func stored(
    _ number: Int, in database: Database
  ) throws -> (rules: [RetentionRule], time: Double, studies: Int) {
    let row = try Row.fetchOne(database, sql: "SELECT * FROM retention_plan WHERE number = ?", arguments: [number])
    guard let row else { throw ArchiveError("there is no plan \(number): make one with collimator retention plan") }
    guard (row["applied_at"] as Double?) == nil else { throw ArchiveError("plan \(number) was applied already") }
    guard row["is_listed"] else {
      throw ArchiveError(
        "of plan \(number) it is not known any more which studies it named: plan again with collimator retention plan")
    }
    let planned = try JSONDecoder().decode([RetentionRule].self, from: Data((row["rules"] as String).utf8))
    let rules = try RetentionRuleTable.inForce(of: planned, in: database)
    return (rules, row["made_at"], row["studies"])
  }

  /// Nothing that the plan did not name, whatever has become a candidate since.
  private func mayTake(_ candidate: Candidate, plan: Int, in database: Database) throws -> Bool {
    let isUsed = operations.accesses.isAwaited(candidate.study.studyInstanceUID)
    guard !candidate.isHeld, !isUsed || candidate.basis != .access else { return false }
    return try PlannedStudies.contain(
      study: candidate.id, uid: candidate.study.studyInstanceUID, plan: plan, in: database)
  }

  private typealias Candidate = (id: Int64, study: RetentionPlan.Study, isHeld: Bool, basis: RetentionRule.Basis)

  /// Whole studies that a rule would take, each by the first of its rules; nothing that came after `time` is among them.
  private func candidates(
    _ rules: [RetentionRule], at time: Double, study: Int64? = nil, in database: Database
  ) throws -> [Candidate] {
    var found: [Candidate] = []
    var known: Set<Int64> = []
    // An alternative in one statement would look at every study for the sake of one.
    let one = study == nil ? "? IS NULL" : "study.id = ?"
    for rule in rules {
      let condition = rule.condition(at: time)
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT study.id AS id, study.v_0020000d AS uid, study.v_00080020 AS date,
            (SELECT COUNT(*) FROM series JOIN instance ON instance.series = series.id
              WHERE series.study = study.id) AS instances,
            (SELECT COALESCE(SUM(size), 0) FROM series JOIN instance ON instance.series = series.id
              WHERE series.study = study.id) AS bytes,
            EXISTS (SELECT 1 FROM legal_hold AS hold WHERE \(LegalHoldTable.isHeld)) AS is_held
          FROM study WHERE study.patient IS NOT NULL AND \(one) AND \(condition.sql)
            AND \(RetentionRule.newestArrival) <= ?
          ORDER BY study.id
          """,
        arguments: StatementArguments([study.databaseValue] + condition.arguments + [time.databaseValue]))
      for row in rows where known.insert(row["id"]).inserted {
        found.append(
          (
            row["id"],
            RetentionPlan.Study(
              studyInstanceUID: row["uid"], studyDate: row["date"], rule: rule.number, instances: row["instances"],
              bytes: row["bytes"]), row["is_held"], rule.basis
          ))
      }
    }
    return found
  }
}

extension ArchiveOperations {
  package func addRetentionRule(_ rule: RetentionRule) async throws -> Int {
    let (name, time) = (user.name, now())
    return try await OperationThread.run {
      try database.write { database in
        let number = try RetentionRuleTable.insert(rule, by: name, at: time, in: database)
        try record(.correction, "retention rule added", detail: "rule \(number): \(rule.words)", in: database)
        return number
      }
    }
  }

  package func retentionRules() async throws -> [RetentionRule] {
    try await OperationThread.run { try database.read(RetentionRuleTable.all) }
  }

  package func removeRetentionRule(_ number: Int) async throws {
    try await OperationThread.run {
      try database.write { database in
        let rule = try RetentionRuleTable.all(in: database).first { $0.number == number }
        try RetentionRuleTable.remove(number, in: database)
        try record(
          .correction, "retention rule removed", detail: "rule \(number)\(rule.map { ": \($0.words)" } ?? "")",
          in: database)
      }
    }
  }

  package func planRetention() async throws -> RetentionPlan {
    try await OperationThread.run {
      try gate.during(.planning) { try spare.during { try Retention(of: self).plan() } }
    }
  }

  package func applyRetention(
    _ number: Int, _ progress: OperationProgress = OperationProgress()
  ) async throws -> RetentionReport {
    try await OperationThread.run(progress) {
      defer { spare.take() }
      return try Retention(of: self).apply(number, progress)
    }
  }
}
