// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import GRDB

/// Rules by which objects are sent on, and the objects that wait for it, as they stand in the database.
enum ForwardingTable {
  /// Part of the transaction that adds an object to the index: what was acknowledged is sent on, whatever happens then.
  static func enqueue(arrival: Int64, _ record: InstanceRecord, in database: Database) throws {
    let rules = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT number, destination, sender.name, calling, modalities, receiver.name, conditions
          FROM forwarding_rule LEFT JOIN principal AS sender ON sender.id = sender
            JOIN principal AS receiver ON receiver.id = destination ORDER BY number
          """))
    guard !rules.isEmpty, let hierarchy = record.hierarchy else { return }
    let modality = try String.fetchOne(
      database.cachedStatement(
        sql: "SELECT v_00080060 FROM series JOIN instance ON instance.series = series.id WHERE instance.id = ?"),
      arguments: [arrival])
    for rule in rules {
      let modalities = list(rule[4])
      guard modalities.isEmpty || modality.map(modalities.contains) == true,
        (rule[3] as String?).map({ $0 == record.arrival.callingAETitle }) ?? true,
        (rule[2] as String?).map({ isSender(record.arrival.sender, $0) }) ?? true,
        // Nobody gets back what it sent.
        !isSender(record.arrival.sender, rule[5]), holds(try conditions(rule[6]), hierarchy.referral)
      else { continue }
      try database.cachedStatement(
        sql: """
          INSERT OR IGNORE INTO forwarding (destination, rule, arrival, sop_instance_uid, queued_at, next_attempt)
          VALUES (?, ?, ?, ?, ?, ?)
          """
      ).execute(
        arguments: [
          rule[1] as Int64, rule[0] as Int64, arrival, record.sopInstanceUID, record.arrival.time, record.arrival.time,
        ])
    }
  }

  private static func holds(_ conditions: ForwardingConditions, _ referral: Referral) -> Bool {
    conditions.conditions.isEmpty || ReferralMatcher(conditions.conditions, scheme: conditions.scheme).matches(referral)
  }

  /// JSON, as it stands in the database.
  static func conditions(_ text: String) throws -> ForwardingConditions {
    text.isEmpty ? ForwardingConditions() : try JSONDecoder().decode(ForwardingConditions.self, from: Data(text.utf8))
  }

  static func text(of conditions: ForwardingConditions) throws -> String {
    guard conditions != ForwardingConditions() else { return "" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(conditions), as: UTF8.self)
  }

  /// See `Sender.name`.
  private static func isSender(_ sender: String, _ peer: String) -> Bool {
    sender == peer || sender.hasPrefix("\(peer), user ")
  }

  static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

  static func rules(in database: Database) throws -> [ForwardingRule] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT number, receiver.name, sender.name, calling, modalities, added_by, added_at, conditions
        FROM forwarding_rule LEFT JOIN principal AS sender ON sender.id = sender
          JOIN principal AS receiver ON receiver.id = destination ORDER BY number
        """
    ).map { row in
      ForwardingRule(
        number: row[0], destination: row[1], sender: row[2], callingAETitle: row[3], modalities: list(row[4]),
        conditions: try conditions(row[7]), addedBy: row[5], addedAt: row[6])
    }
  }

  static func destinationsDue(at time: Double, in database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database, sql: "SELECT DISTINCT destination FROM forwarding WHERE next_attempt <= ?", arguments: [time])
  }

  static func due(to destination: Int64, at time: Double, atMost: Int, in database: Database) throws -> [ForwardingJob]
  {
    try Row.fetchAll(
      database,
      sql: """
        SELECT number, rule, sop_instance_uid FROM forwarding WHERE destination = ? AND next_attempt <= ?
        ORDER BY next_attempt, number LIMIT ?
        """, arguments: [destination, time, atMost]
    ).map { ForwardingJob(number: $0[0], rule: $0[1], sopInstanceUID: $0[2]) }
  }

  static func isKept(_ job: ForwardingJob, in database: Database) throws -> Bool {
    try Int.fetchOne(
      database.cachedStatement(sql: "SELECT 1 FROM instance WHERE v_00080018 = ?"), arguments: [job.sopInstanceUID])
      != nil
  }
}
