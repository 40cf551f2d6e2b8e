// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension Archive {
  /// How far the records have been forwarded to a destination; a new one gets what is recorded from now on.
  package func forwardedPosition(to destination: String) async throws -> Int64 {
    try await database.write { database in
      let known = try Int64.fetchOne(
        database, sql: "SELECT position FROM audit_forwarding WHERE destination = ?", arguments: [destination])
      if let known { return known }
      let head = try AuditTable.head(in: database).number
      try database.execute(
        sql: "INSERT INTO audit_forwarding (destination, position) VALUES (?, ?)", arguments: [destination, head])
      return head
    }
  }

  package func setForwarded(_ position: Int64, to destination: String) async throws {
    try await database.write { database in
      try database.execute(
        sql: "UPDATE audit_forwarding SET position = ? WHERE destination = ?", arguments: [position, destination])
    }
  }

  /// The next records behind a position, and the number of the last that there is.
  package func auditRecords(after position: Int64, limit: Int) async throws -> (records: [AuditRecord], head: Int64) {
    try await database.read { database in
      (
        try AuditReading.follow(AuditFilter(), after: position, limit: limit, hidesSuperseded: false, in: database),
        try AuditTable.head(in: database).number
      )
    }
  }

  /// Takes away records older than so many seconds, but none that is still to be forwarded; returns how many.
  package func pruneAudit(olderThan seconds: Double, keepingFor destination: String?) async throws -> Int {
    let time = audit.time
    return try await database.write { database in
      let position = try destination.flatMap { destination in
        try Int64.fetchOne(
          database, sql: "SELECT position FROM audit_forwarding WHERE destination = ?", arguments: [destination])
      }
      return try AuditCut.cut(
        before: time - seconds, notBeyond: position ?? Int64.max, by: .node, at: time, in: database)
    }
  }
}
