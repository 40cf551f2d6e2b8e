// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// The objects that wait to be sent on.
package struct Forwarding: Sendable {
  let archive: Archive

  /// Whom something is to be sent to now.
  package func destinationsDue() async throws -> [Int64] {
    let time = archive.now()
    return try await archive.database.read { try ForwardingTable.destinationsDue(at: time, in: $0) }
  }

  package func destination(_ principal: Int64) async throws -> MoveDestinationMatch {
    try await archive.accessDirectory.entries().destination(ofPeer: principal)
  }

  package func due(to principal: Int64, atMost: Int) async throws -> [ForwardingJob] {
    let time = archive.now()
    return try await archive.database.read {
      try ForwardingTable.due(to: principal, at: time, atMost: atMost, in: $0)
    }
  }

  /// What the destination may have of these by its own grants; what it may not have, and what is not stored any more, is
  /// settled here.
  package func open(
    _ jobs: [ForwardingJob], to destination: MoveDestination
  ) async throws -> OpenForwarding {
    var grants: Set<Int> = []
    var served: [String: ServedInstance] = [:]
    let selection = InstanceSelection(sopInstanceUIDs: jobs.map(\.sopInstanceUID))
    for try await page in archive.reading(as: destination.caller).instances(in: selection) {
      grants.formUnion(page.disclosure.grants)
      for instance in page.instances { served[instance.sopInstanceUID] = instance }
    }
    var open: [(job: ForwardingJob, instance: ServedInstance)] = []
    for job in jobs {
      if let instance = served[job.sopInstanceUID] {
        open.append((job, instance))
      } else if try await archive.database.read({ try ForwardingTable.isKept(job, in: $0) }) {
        try await failed(job.number, "the destination has no grant for it")
      } else {
        try await sent([job.number])
      }
    }
    return OpenForwarding(objects: open, grants: grants.sorted())
  }

  package func sent(_ numbers: [Int64]) async throws {
    guard !numbers.isEmpty else { return }
    try await archive.database.write { database in
      for number in numbers {
        try database.cachedStatement(sql: "DELETE FROM forwarding WHERE number = ?").execute(arguments: [number])
      }
    }
  }

  package func failed(_ number: Int64, _ why: String) async throws {
    let time = archive.now()
    try await archive.database.write { try QueuePace.fail("forwarding", number, why, at: time, in: $0) }
  }

  /// The destination cannot be called at all: that is no fault of any of its objects, and none is given up for it.
  package func postpone(_ destination: Int64, for seconds: Double, _ why: String) async throws {
    let time = archive.now()
    try await archive.database.write { database in
      try database.execute(
        sql: """
          UPDATE forwarding SET attempts = min(attempts + 1, \(QueuePace.mostAttempts - 2)), next_attempt = ?,
            last_failure = ? WHERE destination = ? AND next_attempt <= ?
          """, arguments: [time + seconds, String(why.prefix(300)), destination, time])
    }
  }
}

extension Archive {
  package var forwarding: Forwarding { Forwarding(archive: self) }

  /// Seconds until something that is owed to a peer is to be tried; nil where nothing is.
  package func secondsUntilNextDelivery() async throws -> Double? {
    let next = try await database.read { database in
      try Double.fetchOne(
        database,
        sql: """
          SELECT min(at) FROM (SELECT min(next_attempt) AS at FROM commitment
            UNION ALL SELECT min(next_attempt) FROM forwarding)
          """)
    }
    return next.map { max($0 - now(), 0) }
  }

  /// A start tries again what waits: the leases of the last run are over, and whoever could not be reached may be there now.
  package func wakeDeliveries() async throws {
    let time = now()
    try await database.write { database in
      for table in ["commitment", "forwarding"] {
        try database.execute(
          sql: "UPDATE \(table) SET next_attempt = ? WHERE next_attempt > ?", arguments: [time, time])
      }
    }
  }

  /// Calls `body` after each change of what is owed to peers, on a thread that has to be left at once; until what it returns
  /// is dropped.
  package func observeDeliveries(_ body: @escaping @Sendable () -> Void) -> DeliveryObservation {
    let regions: [any DatabaseRegionConvertible] = [
      SQLRequest<Row>(sql: "SELECT number, next_attempt FROM commitment"),
      SQLRequest<Row>(sql: "SELECT number, next_attempt FROM forwarding"),
    ]
    return DeliveryObservation(
      DatabaseRegionObservation(tracking: regions).start(in: database) { _ in
      } onChange: { _ in
        body()
      })
  }
}

/// Lasts as long as it is held.
package final class DeliveryObservation: Sendable {
  private let observation: AnyDatabaseCancellable

  init(_ observation: AnyDatabaseCancellable) {
    self.observation = observation
  }

  deinit {
    observation.cancel()
  }
}
