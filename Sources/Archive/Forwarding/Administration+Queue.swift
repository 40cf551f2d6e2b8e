// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension Administration {
  /// Throws where a name is no peer's, or the destination cannot be called.
  package func addForwardingRule(
    to destination: String, from sender: String?, callingAETitle: String?, modalities: [String]
  ) async throws -> Int64 {
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
          INSERT INTO forwarding_rule (destination, sender, calling, modalities, added_by, added_at)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [receiver.principal, from, callingAETitle, modalities.joined(separator: ","), user.name, time])
      return database.lastInsertedRowID
    }
  }

  package func forwardingRules() async throws -> [ForwardingRule] {
    try await database.read { try ForwardingTable.rules(in: $0) }
  }

  /// What waits already is sent all the same.
  package func removeForwardingRule(_ number: Int64) async throws {
    try await database.write { database in
      try database.execute(sql: "DELETE FROM forwarding_rule WHERE number = ?", arguments: [number])
      guard database.changesCount == 1 else {
        throw ArchiveError("there is no forwarding rule \(number): see collimator forward list")
      }
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
            kind: kind, number: row[1], destination: row[10], what: row[3], since: row[4], attempts: row[5],
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
    return try await changeQueue(kind, number: number, to: peer) { table, condition in
      ("UPDATE \(table) SET next_attempt = ?, attempts = 0 WHERE \(condition)", [time.databaseValue])
    }
  }

  /// Nobody is told any more, and nothing is sent.
  package func dropQueue(_ kind: QueuedDelivery.Kind?, number: Int64?, to peer: String?) async throws -> Int {
    try await changeQueue(kind, number: number, to: peer) { table, condition in
      ("DELETE FROM \(table) WHERE \(condition)", [])
    }
  }

  private func changeQueue(
    _ kind: QueuedDelivery.Kind?, number: Int64?, to peer: String?,
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
        let (sql, values) = statement(
          each.rawValue, "(? IS NULL OR number = ?) AND (? IS NULL OR \(whom) = ?)")
        let own = [number.databaseValue, number.databaseValue, principal.databaseValue, principal.databaseValue]
        try database.execute(sql: sql, arguments: StatementArguments(values + own))
        changed += database.changesCount
      }
      return changed
    }
  }
}
