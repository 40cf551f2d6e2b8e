// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// Peers and rights as they stand in the database, held in memory: each association and each request asks for them, and they
/// change when an administrator changes them. A change is seen by whoever asks after it was committed.
final class AccessDirectory: Sendable {
  /// One state of the database.
  struct Entries: Sendable {
    fileprivate(set) var peersByTitle: [String: [PeerTable.Known]] = [:]
    fileprivate(set) var peers: [Int64: Peer] = [:]
    fileprivate var rights: [Int64: Rights] = [:]
    /// The issuers of the Patient IDs that peers send without naming one, where one is set.
    fileprivate(set) var defaultIssuers: [Int64: String] = [:]
    /// Peers that exist, and users that exist and are not locked.
    fileprivate var principals: Set<Int64> = []

    /// How peers are answered that are not answered as everybody is.
    fileprivate(set) var queryProfiles: [Int64: QueryProfile] = [:]

    /// Nothing once the peer was removed, or the user locked or removed.
    func rights(of principal: Int64, through peer: Int64) -> Rights {
      principals.contains(principal) ? rights[peer] ?? [] : []
    }
  }

  private struct State {
    var generation = 0
    var entries: Entries?
  }

  /// Shared with the observation, which outlives nobody.
  private final class Memory: Sendable {
    let state = Mutex(State())

    func forget() {
      state.withLock { state in
        state.generation &+= 1
        state.entries = nil
      }
    }
  }

  private let database: DatabasePool
  private let memory = Memory()
  private let observation: AnyDatabaseCancellable

  init(database: DatabasePool) {
    self.database = database
    let regions: [any DatabaseRegionConvertible] = [
      SQLRequest<Row>(sql: "SELECT * FROM peer"), SQLRequest<Row>(sql: "SELECT * FROM peer_address"),
      SQLRequest<Row>(sql: "SELECT id, name FROM principal"),
      SQLRequest<Row>(sql: "SELECT * FROM query_profile"),
      // Not the columns that count wrong passwords: whoever guesses would have all of this read anew.
      SQLRequest<Row>(sql: "SELECT principal, locked_at FROM user"),
    ]
    // Heard on the writer's queue, before whoever changed it goes on.
    observation = DatabaseRegionObservation(tracking: regions).start(in: database) { [memory] _ in
      memory.forget()
    } onChange: { [memory] _ in
      memory.forget()
    }
  }

  /// What is known without asking; nil after a change.
  var known: Entries? { memory.state.withLock(\.entries) }

  func entries() async throws -> Entries {
    let (generation, known) = memory.state.withLock { ($0.generation, $0.entries) }
    if let known { return known }
    let entries = try await database.read(Self.read)
    memory.state.withLock { state in
      // What changed meanwhile is not in it.
      if state.generation == generation { state.entries = entries }
    }
    return entries
  }

  private static func read(_ database: Database) throws -> Entries {
    var entries = Entries()
    for known in try PeerTable.peers(in: database) {
      entries.peersByTitle[known.peer.aeTitle.description, default: []].append(known)
      entries.rights[known.principal] = known.peer.rights
      if let issuer = known.peer.issuer { entries.defaultIssuers[known.principal] = issuer.trimmed }
      entries.peers[known.principal] = known.peer
    }
    entries.queryProfiles = try QueryProfile.all(in: database)
    entries.principals = try Set(
      Int64.fetchAll(
        database,
        sql: """
          SELECT id FROM principal LEFT JOIN user ON user.principal = principal.id WHERE user.locked_at IS NULL
          """))
    return entries
  }
}
