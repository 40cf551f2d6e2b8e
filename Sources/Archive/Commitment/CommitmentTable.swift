// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// Storage commitment requests that are not reported yet, as they stand in the database.
enum CommitmentTable {
  /// One that was asked for, before anything was looked at.
  struct Asked: Sendable {
    let number: Int64
    let caller: Caller
    let sender: String
    let callingAETitle: String
    let address: String
    let transactionUID: String
    let objects: [ReferencedObject]
    let results: [CommitmentResult]?
    let attempts: Int

    /// What was said of it when it came, whatever is true of its objects: its Transaction UID was in use. Earlier versions kept
    /// what they had found, too.
    var refusal: [CommitmentResult]? {
      results?.allSatisfy { $0.failure == .duplicateTransactionUID } == true ? results : nil
    }
  }

  /// Of one peer, waiting: a peer that asks and never listens fills no disk, neither with many requests nor with long ones.
  static let mostPerPeer = 10_000
  static let mostBytesPerPeer = 256 << 20

  /// nil where the peer has too many already. The same request again takes the place of the first, and is answered once; other
  /// objects under a Transaction UID in use are refused in a report of their own.
  static func insert(
    _ request: CommitmentRequest, sender: String, at time: Double, due: Double, mostBytes: Int = mostBytesPerPeer,
    in database: Database
  ) throws -> Int64? {
    let peer = request.caller.peer
    let objects = try text(request.objects)
    let known = try Row.fetchOne(
      database, sql: "SELECT number, objects FROM commitment WHERE peer = ? AND transaction_uid = ?",
      arguments: [peer, request.transactionUID])
    if let known, known[1] as String == objects {
      let number: Int64 = known[0]
      try database.execute(
        sql: "UPDATE commitment SET results = NULL, next_attempt = ?, attempts = 0 WHERE number = ?",
        arguments: [due, number])
      return number
    }
    let row = try Row.fetchOne(
      database, sql: "SELECT count(*), coalesce(sum(size), 0) FROM commitment WHERE peer = ?", arguments: [peer])
    let (waiting, bytes): (Int, Int) = (row?[0] ?? 0, row?[1] ?? 0)
    let isDuplicate = known != nil
    let results =
      try isDuplicate
      ? text(request.objects.map { CommitmentResult($0, failure: .duplicateTransactionUID) }) : nil
    let size = objects.utf8.count + (results?.utf8.count ?? 0)
    guard waiting < mostPerPeer, bytes + size <= mostBytes else { return nil }
    // Unique all the same: a space is no part of a UID.
    let uid = request.transactionUID + (isDuplicate ? " \(waiting) \(time)" : "")
    try database.execute(
      sql: """
        INSERT INTO commitment (peer, principal, sender, calling, address, transaction_uid, objects, results,
          size, requested_at, next_attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        peer, request.caller.principal, sender, request.callingAETitle, request.address, uid, objects, results, size,
        time, due,
      ])
    return database.lastInsertedRowID
  }

  static func asked(_ number: Int64, in database: Database) throws -> Asked? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT number, peer, commitment.principal, sender, calling, address, transaction_uid, objects, results, attempts,
          through.name, caller.name
        FROM commitment JOIN principal AS through ON through.id = peer
          JOIN principal AS caller ON caller.id = commitment.principal
        WHERE number = ?
        """, arguments: [number])
    guard let row else { return nil }
    let uid: String = row[6]
    return Asked(
      number: row[0],
      caller: Caller(
        principal: row[2], peer: row[1], peerName: row[10],
        identity: EstablishedIdentity(principalName: row[11], evidence: .aeTitleAndAddress), aeTitle: row[4],
        address: row[5]),
      sender: row[3], callingAETitle: row[4], address: row[5],
      transactionUID: String(uid.prefix { $0 != " " }), objects: try value(row[7]),
      results: try (row[8] as String?).map { try value($0) }, attempts: row[9])
  }

  /// Of each peer the first that are due.
  static func due(at time: Double, in database: Database) throws -> [Int64: [Int64]] {
    // Of each by itself: what is due to one that does not answer hides nobody else's.
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT peer, number FROM (
            SELECT peer, number, next_attempt,
              row_number() OVER (PARTITION BY peer ORDER BY next_attempt, number) AS place
            FROM commitment WHERE next_attempt <= ?)
          WHERE place <= 100 ORDER BY next_attempt, number
          """), arguments: [time])
    return Dictionary(grouping: rows) { $0[0] as Int64 }.mapValues { $0.map { $0[1] as Int64 } }
  }

  /// What the caller itself brought of this object: versions that it was told are kept.
  static func brought(
    _ sopInstanceUID: String, by sender: String, in database: Database
  ) throws -> [(sopClassUID: String, kept: ObjectVerification.Kept, isHere: Bool)] {
    try versions(
      "v_00080018 = ? AND (sender = ? OR EXISTS (SELECT 1 FROM repeated_arrival AS r WHERE r.arrival = number AND r.sender = ?))",
      [sopInstanceUID, sender, sender], in: database)
  }

  static func version(
    _ object: ObjectKey, in database: Database
  ) throws -> (sopClassUID: String, kept: ObjectVerification.Kept, isHere: Bool)? {
    try versions("instance.object = ?", [object.name], in: database).first
  }

  private static func versions(
    _ condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> [(sopClassUID: String, kept: ObjectVerification.Kept, isHere: Bool)] {
    try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT v_00080016, instance.object, coalesce(content_digest, digest), coalesce(content_size, size), fault
          FROM instance JOIN arrival ON arrival.number = instance.id WHERE \(condition)
          """), arguments: arguments
    ).map { row in
      (
        row[0],
        ObjectVerification.Kept(object: ObjectKey(name: row[1]), digest: Array(row[2] as Data), size: row[3]),
        row[4] as Int != 1
      )
    }
  }

  /// Sorted, so that the same request is the same text.
  private static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func value<Value: Decodable>(_ text: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}
