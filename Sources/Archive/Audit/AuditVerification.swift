// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// What a walk along the chain found.
package struct AuditVerification: Codable, Sendable {
  package struct Fault: Codable, Sendable, Hashable {
    /// The record where the chain does not hold; nil where it is about the chain as a whole.
    package let record: Int64?
    package let what: String
  }

  /// What was taken away at the beginning, as a record in the chain says.
  package struct Pruned: Codable, Sendable, Hashable {
    package let record: Int64
    package let through: Int64
    package let at: String
    package let before: String
    package let by: String
    /// Whether a checkpoint that agrees with the chain was taken since, so that the record was not written later.
    package let isConfirmed: Bool
  }

  /// The first record that is here; those before were pruned.
  package var first: Int64 = 0
  package var last: Int64 = 0
  package var records = 0
  /// Of the last record, in hexadecimal digits.
  package var head = ""
  /// Checkpoints that the chain agrees with.
  package var checkpointsHeld = 0
  /// Checkpoints that saw nothing but what was pruned since: there is nothing left to compare them with.
  package var checkpointsBeforeCut = 0
  package var pruned: Pruned?
  /// Something is gone, and that it was pruned is said by nothing but the chain itself.
  package var isUnproven = false
  /// What cannot be told from the chain and the checkpoints that were given.
  package var untold: [String] = []
  /// The first hundred.
  package var faults: [Fault] = []
  package var faultCount = 0

  package var isWhole: Bool { faultCount == 0 }
  package var isProven: Bool { isWhole && !isUnproven }

  fileprivate mutating func add(_ record: Int64?, _ what: String) {
    faultCount += 1
    if faults.count < 100 { faults.append(Fault(record: record, what: what)) }
  }
}

/// Walks along the chain from its first record to its last, and computes each hash again.
struct AuditVerifier {
  private let database: DatabasePool
  private let checkpoints: [AuditCheckpoint]
  private let now: Double
  private let retention: Double?
  private let progress: OperationProgress
  private var report = AuditVerification()
  private var hash = AuditDigest.start
  private var number: Int64 = 0
  private var hashes: [Int64: String] = [:]
  /// Where the chain begins with it.
  private var cut: AuditCut?

  private static let pageSize = 4096

  /// `retention`: seconds, where it is known how long records are kept.
  init(
    _ database: DatabasePool, checkpoints: [AuditCheckpoint], at now: Double, retention: Double?,
    _ progress: OperationProgress
  ) {
    self.database = database
    self.checkpoints = checkpoints
    self.now = now
    self.retention = retention
    self.progress = progress
  }

  consuming func perform() throws -> AuditVerification {
    let total = try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM audit") ?? 0 }
    try progress.begin("following the chain", total: total)
    try begin()
    let wanted = Set(checkpoints.map(\.records))
    while case let count = try takePage(wanted), count > 0 { try progress.advance(by: count) }
    report.last = number
    report.head = Arrival.hex(hash)
    try checkOrphans()
    compareCheckpoints()
    try judgeCut()
    try checkStructure()
    return report
  }

  /// Where the chain begins: with the first record, or where a record that is in it says that it was cut.
  private mutating func begin() throws {
    let (first, cut) = try database.read { database in
      (try Int64.fetchOne(database, sql: "SELECT MIN(number) FROM audit"), try AuditCut.last(in: database))
    }
    report.first = first ?? 0
    guard let first, first != 1 else { return }
    number = first - 1
    guard let cut, cut.through == number else {
      report.add(first, "the records before it are gone, and no record says that they were pruned")
      hash = []
      return
    }
    self.cut = cut
    hash = cut.hash
    hashes[cut.through] = Arrival.hex(cut.hash)
  }

  /// Returns how many records there were.
  private mutating func takePage(_ wanted: Set<Int64>) throws -> Int {
    let position = number
    let (rows, subjects) = try database.read { database in
      let rows = try Row.fetchAll(database, sql: Self.selection, arguments: [position, Self.pageSize])
      let last = (rows.last?[0]).flatMap(Int64.fromDatabaseValue) ?? position
      let subjects = try Row.fetchAll(database, sql: Self.subjectSelection, arguments: [position, last])
      return (rows, Dictionary(grouping: subjects) { Int64.fromDatabaseValue($0[0]) ?? 0 })
    }
    for row in rows { take(row, subjects[Int64.fromDatabaseValue(row[0]) ?? 0] ?? [], wanted) }
    return rows.count
  }

  private mutating func take(_ row: Row, _ subjects: [Row], _ wanted: Set<Int64>) {
    let own = Int64.fromDatabaseValue(row[0]) ?? 0
    report.records += 1
    if own != number + 1 {
      report.add(
        own, own == number + 2 ? "record \(number + 1) is missing" : "records \(number + 1) to \(own - 1) are missing")
    }
    var digest = AuditDigest(after: hash)
    Self.add(row, AuditTable.columns.count, to: &digest)
    for subject in subjects { Self.add(subject, AuditTable.subjectColumns.count, to: &digest) }
    let stored = row[1 + 2 * AuditTable.columns.count] as DatabaseValue
    let said: [UInt8] = if case .blob(let data) = stored.storage { Array(data) } else { [] }
    // After a gap the chain cannot be followed, only taken up again.
    if own == number + 1, !hash.isEmpty, digest.finalize() != said {
      report.add(own, "it is not what was recorded, or the one before it is not")
    }
    // What follows is judged by what stands here, so that one change is one fault.
    hash = said
    number = own
    if wanted.contains(own) { hashes[own] = Arrival.hex(said) }
  }

  private static func add(_ row: Row, _ count: Int, to digest: inout AuditDigest) {
    for column in 0..<count {
      let value = row[1 + 2 * column] as DatabaseValue
      let isText = row[2 + 2 * column] as DatabaseValue == 1.databaseValue
      if isText, case .blob(let data) = value.storage { digest.add(text: data) } else { digest.add(value) }
    }
  }

  /// Behind its number each column and whether it is a text. Texts come as bytes: some that are no UTF-8 would pass for others.
  private static func columns(_ key: String, _ names: [String]) -> String {
    ([key]
      + names.map { "CASE typeof(\($0)) WHEN 'text' THEN CAST(\($0) AS BLOB) ELSE \($0) END, typeof(\($0)) = 'text'" })
      .joined(separator: ", ")
  }

  private static let selection = """
    SELECT \(columns("number", AuditTable.columns)), hash FROM audit WHERE number > ? ORDER BY number LIMIT ?
    """
  private static let subjectSelection = """
    SELECT \(columns("record", AuditTable.subjectColumns)) FROM audit_subject WHERE record > ? AND record <= ?
    ORDER BY record, ordinal
    """

  private mutating func checkOrphans() throws {
    let orphans = try database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT record FROM audit_subject WHERE NOT EXISTS (SELECT 1 FROM audit WHERE number = record) LIMIT 100
          """
      ).compactMap { Int64.fromDatabaseValue($0[0]) }
    }
    for record in orphans { report.add(record, "subjects of a record that is not there") }
  }

  private mutating func compareCheckpoints() {
    for checkpoint in checkpoints {
      if checkpoint.records == 0 || checkpoint.records < report.first - 1 {
        report.checkpointsBeforeCut += 1
        continue
      }
      if checkpoint.records > number {
        report.add(
          nil, "the chain ends at record \(number): the checkpoint of \(checkpoint.at) saw record \(checkpoint.records)"
        )
      } else if hashes[checkpoint.records] == checkpoint.head {
        report.checkpointsHeld += 1
      } else {
        report.add(checkpoint.records, "it is not the record that the checkpoint of \(checkpoint.at) saw")
      }
    }
  }

  /// What was pruned is told by a record alone, unless a checkpoint was taken since.
  private mutating func judgeCut() throws {
    let last = checkpoints.max { $0.records < $1.records }
    if last.map({ $0.records == 0 }) ?? true {
      report.untold.append(
        "no checkpoint that saw a record was given: records cut off at the end, or a chain written anew, cannot be missed"
      )
    }
    guard let cut else { return }
    let judgement = AuditCutJudgement(cut, at: now, retention: retention)
    let contradictions = judgement.contradictions + checkpoints.flatMap { judgement.contradictions(with: $0) }
    for words in contradictions { report.add(cut.number, words) }
    let isConfirmed = checkpoints.contains { $0.records >= cut.number && hashes[$0.records] == $0.head }
    report.pruned = AuditVerification.Pruned(
      record: cut.number, through: cut.through, at: Moment.text(cut.at), before: cut.before.map(Moment.text) ?? "",
      by: cut.actor, isConfirmed: isConfirmed)
    report.untold += try database.read { try judgement.doubts(in: $0) }
    if !isConfirmed {
      // Where it is known how long records are kept, they go by and by; but something that a checkpoint saw has to be left.
      report.isUnproven = retention == nil || last.map { $0.records == 0 } ?? true
      report.untold.append(
        "that the records up to \(cut.through) were pruned, and not taken away, is said by record \(cut.number) alone: no "
          + "checkpoint taken since was given")
    }
    if let last, last.records > 0, last.records <= cut.through {
      report.isUnproven = true
      report.untold.append(
        "nothing that the last checkpoint (\(last.at), record \(last.records)) saw is left: whether anything else was removed "
          + "cannot be told")
    }
  }

  /// That whoever asks by patient, study, time or principal is led to the records that are there.
  private mutating func checkStructure() throws {
    let words = try LongReading(database.path, progress).read { database in
      try ["audit", "audit_subject"].flatMap {
        try String.fetchAll(database, sql: "PRAGMA integrity_check('\($0)')")
      }
    }
    for word in words where word != "ok" { report.add(nil, "the database is damaged: \(word)") }
  }
}
