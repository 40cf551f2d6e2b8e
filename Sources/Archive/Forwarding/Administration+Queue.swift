// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension Administration {
  /// Throws where a name is no peer's, or the destination cannot be called.
  package func addForwardingRule(
    to destination: String, from sender: String?, callingAETitle: String?, modalities: [String],
    conditions: ForwardingConditions = ForwardingConditions()
  ) async throws -> Int64 {
    try ReferralRuleTable.requireSense(
      in: conditions.conditions, scheme: conditions.scheme, keys: Set(conditions.conditions.map(\.key)))
    let text = try ForwardingTable.text(of: conditions)
    let time = now()
    return try await database.write { database in
      let known = try PeerTable.peers(in: database)
      func peer(_ name: String) throws -> PeerTable.Known {
        guard let found = known.first(where: { $0.peer.name == name }) else {
          throw ArchiveError("there is no peer '\(name)': see collimator peer list")
        }
        return found
      }
      let receiver = try peer(destination)
      if case .unusable(let why) = Archive.destination(receiver.peer, receiver.principal, address: nil) {
        throw ArchiveError(why)
      }
      let from = try sender.map { try peer($0).principal }
      guard from != receiver.principal else { throw ArchiveError("nobody gets back what it sent") }
      try database.execute(
        sql: """
          INSERT INTO forwarding_rule (destination, sender, calling, modalities, conditions, added_by, added_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [receiver.principal, from, callingAETitle, modalities.joined(separator: ","), text, user.name, time])
      let number = database.lastInsertedRowID
      let rule = try ForwardingTable.rules(in: database).first { $0.number == number }
      try record("forwarding rule added", rule?.description ?? "rule \(number)", in: database)
      return number
    }
  }

  package func forwardingRules() async throws -> [ForwardingRule] {
    try await database.read { try ForwardingTable.rules(in: $0) }
  }

  /// What waits already is sent all the same.
  package func removeForwardingRule(_ number: Int64) async throws {
    try await database.write { database in
      guard let rule = try ForwardingTable.rules(in: database).first(where: { $0.number == number }) else {
        throw ArchiveError("there is no forwarding rule \(number): see collimator forward list")
      }
      try database.execute(sql: "DELETE FROM forwarding_rule WHERE number = ?", arguments: [number])
      try record("forwarding rule removed", rule.description, in: database)
    }
  }

  /// The first of all that waits, by destination; `count`: how many there are in all.
  package func queue(atMost: Int) async throws -> (deliveries: [QueuedDelivery], count: Int) {
    try await database.read { database in
      let deliveries = try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM (SELECT 'commitment', number, peer AS whom, transaction_uid, requested_at, attempts, next_attempt,
              last_failure FROM commitment
            UNION ALL SELECT 'forwarding', number, destination, sop_instance_uid, queued_at, attempts, next_attempt,
              last_failure FROM forwarding) AS queued JOIN principal ON principal.id = whom
          ORDER BY principal.name, 1, number LIMIT ?
          """, arguments: [atMost]
      ).compactMap { row in
        QueuedDelivery.Kind(rawValue: row[0]).map { kind in
          QueuedDelivery(
            kind: kind, number: row[1], destination: row[10],
            // Behind a space stands what makes a UID that was in use unique.
            what: String((row[3] as String).prefix { $0 != " " }), since: row[4], attempts: row[5],
            nextAttempt: row[6], lastFailure: row[7])
        }
      }
      let count = try Int.fetchOne(
        database, sql: "SELECT (SELECT count(*) FROM commitment) + (SELECT count(*) FROM forwarding)")
      return (deliveries, count ?? 0)
    }
  }

  /// Of one kind and number, of one destination, or all; returns how many.
  package func retryQueue(_ kind: QueuedDelivery.Kind?, number: Int64?, to peer: String?) async throws -> Int {
    let time = now()
    return try await changeQueue(kind, number: number, to: peer, "retried") { table, condition in
      ("UPDATE \(table) SET next_attempt = ?, attempts = 0 WHERE \(condition)", [time.databaseValue])
    }
  }

  /// Nobody is told any more, and nothing is sent.
  package func dropQueue(_ kind: QueuedDelivery.Kind?, number: Int64?, to peer: String?) async throws -> Int {
    try await changeQueue(kind, number: number, to: peer, "dropped") { table, condition in
      ("DELETE FROM \(table) WHERE \(condition)", [])
    }
  }

  private func changeQueue(
    _ kind: QueuedDelivery.Kind?, number: Int64?, to peer: String?, _ word: String,
    _ statement: @escaping @Sendable (String, String) -> (String, [DatabaseValue])
  ) async throws -> Int {
    try await database.write { database in
      let principal = try peer.map { name in
        guard let id = try PrincipalTable.id(of: name, kind: "peer", in: database) else {
          throw ArchiveError("there is no peer '\(name)': see collimator peer list")
        }
        return id
      }
      var changed = 0
      for each in QueuedDelivery.Kind.allCases where kind == nil || kind == each {
        let whom = each == .commitment ? "peer" : "destination"
        let condition = "(? IS NULL OR number = ?) AND (? IS NULL OR \(whom) = ?)"
        let own = [number.databaseValue, number.databaseValue, principal.databaseValue, principal.databaseValue]
        try recordQueue(each, word, where: condition, StatementArguments(own), in: database)
        let (sql, values) = statement(each.rawValue, condition)
        try database.execute(sql: sql, arguments: StatementArguments(values + own))
        changed += database.changesCount
      }
      return changed
    }
  }
}

extension Administration {
  /// A record names no more of them one by one.
  private static let mostNamed = 100

  /// Of what is about to be changed, one record for each destination.
  private func recordQueue(
    _ kind: QueuedDelivery.Kind, _ word: String, where condition: String, _ arguments: StatementArguments,
    in database: Database
  ) throws {
    let (whom, what) = kind == .commitment ? ("peer", "transaction_uid") : ("destination", "sop_instance_uid")
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT principal.name, number, \(what), last_failure FROM \(kind.rawValue)
          JOIN principal ON principal.id = \(kind.rawValue).\(whom) WHERE \(condition) ORDER BY principal.name, number
        """, arguments: arguments)
    let time = now()
    for (name, rows) in Dictionary(grouping: rows, by: { $0[0] as String }).sorted(by: { $0.key < $1.key }) {
      let named = rows.prefix(Self.mostNamed).map { row in
        "\(row[1] as Int64) \(row[2] as String)" + ((row[3] as String?).map { " (\($0))" } ?? "")
      }
      let more = rows.count > named.count ? ["and \(rows.count - named.count) more"] : []
      try AuditTable.append(
        AuditEntry(
          at: time, .change, "\(kind.rawValue) \(word)", by: AuditActor(user), destination: name, count: rows.count,
          detail: (named + more).joined(separator: ", "),
          subjects: kind == .forwarding ? try Self.subjects(of: rows.map { $0[2] }, in: database) : []), in: database)
    }
  }

  /// Whose objects are not sent, or are tried again; those that are not stored any more are nobody's.
  private static func subjects(of sopInstanceUIDs: [String], in database: Database) throws -> [AuditSubject] {
    var found: [AuditSubject: [String: [String]]] = [:]
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT patient_id, issuer, sole_study, study.v_0020000d, v_00080016, v_00080018 FROM instance
          JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
          JOIN patient ON patient.id = study.patient
        WHERE v_00080018 IN (SELECT value FROM json_each(?))
        """, arguments: [QueryCompiler.json(sopInstanceUIDs)])
    for row in rows {
      let patient = PatientIdentity(stored: row[0], issuer: row[1], soleStudy: row[2])
      found[AuditSubject(patient, studyInstanceUID: row[3]), default: [:]][row[4], default: []].append(row[5])
    }
    return found.map { subject, instances in
      var subject = subject
      subject.instances = instances
      return subject
    }
  }
}
