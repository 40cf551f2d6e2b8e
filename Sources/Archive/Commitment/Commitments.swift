// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// A request for storage commitment (PS3.4 J.3.2), as a caller made it.
package struct CommitmentRequest: Sendable {
  package let caller: Caller
  package let callingAETitle: String
  /// Where the caller's connection came from: it may hear the report there.
  package let address: String
  package let transactionUID: String
  package let objects: [ReferencedObject]

  package init(
    caller: Caller, callingAETitle: String, address: String, transactionUID: String, objects: [ReferencedObject]
  ) {
    self.caller = caller
    self.callingAETitle = callingAETitle
    self.address = address
    self.transactionUID = transactionUID
    self.objects = objects
  }
}

/// Storage commitment: what was asked survives a restart, and is judged by what is on the disk when it is reported.
package struct Commitments: Sendable {
  let database: DatabasePool
  let index: SQLiteIndex
  let store: any ObjectStore
  let directory: AccessDirectory
  let now: @Sendable () -> Double
  /// Whether the disk has more free space than its reserve.
  let hasRoom: @Sendable () -> Bool

  /// Long enough for the largest request to be looked at and told on its own association.
  private static let lease = 3600.0

  /// Returns the number of the request once it is on the disk; nil where the peer has too many that wait. Throws
  /// `ReceptionError` where the disk is full. `isLeased`: whoever calls reports it, or releases it.
  package func accept(_ request: CommitmentRequest, isLeased: Bool) async throws -> Int64? {
    guard hasRoom() else {
      throw ReceptionError(.outOfResources, "the disk has less free space than its reserve: try again later")
    }
    let sender = Sender.peer(request.caller).name
    let time = now()
    let due = isLeased ? time + Self.lease : time
    return try await database.write {
      try CommitmentTable.insert(request, sender: sender, at: time, due: due, in: $0)
    }
  }

  /// Whether the caller hears its reports on the association of the request: as its peer's profile says, and where it could
  /// not be called.
  package func isReportedOnSameAssociation(to caller: Caller, from address: String) async throws -> Bool {
    let entries = try await directory.entries()
    if entries.peers[caller.peer]?.profile.commitmentReports == .same { return true }
    if case .one = entries.destination(ofPeer: caller.peer, address: address) { return false }
    return true
  }

  /// The association of these requests is over: they are reported on another.
  package func release(_ numbers: [Int64]) async throws {
    let time = now()
    try await database.write { database in
      let statement = try database.cachedStatement(sql: "UPDATE commitment SET next_attempt = ? WHERE number = ?")
      for number in numbers { try statement.execute(arguments: [time, number]) }
    }
  }

  /// With what is true now of its objects, each time anew: a promise that waited may be none any more. nil where there is no
  /// such request (any more).
  package func judged(_ number: Int64) async throws -> Commitment? {
    guard let asked = try await database.read({ try CommitmentTable.asked(number, in: $0) }) else { return nil }
    let results: [CommitmentResult]
    if let refusal = asked.refusal { results = refusal } else { results = try await judge(asked) }
    return Commitment(
      number: number, transactionUID: asked.transactionUID, results: results,
      destination: try await directory.entries().destination(ofPeer: asked.caller.peer, address: asked.address),
      peerName: asked.caller.peerName, caller: asked.caller, attempts: asked.attempts)
  }

  package func reported(_ number: Int64) async throws {
    try await database.write { try $0.execute(sql: "DELETE FROM commitment WHERE number = ?", arguments: [number]) }
  }

  /// `QueuePace` says when it is tried again.
  package func failed(_ number: Int64, _ why: String) async throws {
    let time = now()
    try await database.write { try QueuePace.fail("commitment", number, why, at: time, in: $0) }
  }

  /// Numbers of requests to report, by peer.
  package func due() async throws -> [Int64: [Int64]] {
    let time = now()
    return try await database.read { try CommitmentTable.due(at: time, in: $0) }
  }

  private func judge(_ asked: CommitmentTable.Asked) async throws -> [CommitmentResult] {
    var results: [CommitmentResult] = []
    for object in asked.objects {
      try Task.checkCancellation()
      results.append(CommitmentResult(object, failure: try await failure(of: object, asked)))
    }
    return results
  }

  /// Of what the caller neither brought nor may see it is told the same as of what is not here.
  private func failure(
    of object: ReferencedObject, _ asked: CommitmentTable.Asked
  ) async throws -> CommitmentResult.FailureReason? {
    let uid = MatchingForm.storable(object.sopInstanceUID)
    let isPeer = try await directory.entries().rights(of: asked.caller.principal, through: asked.caller.peer)
      .contains(.store)
    guard isPeer else { return .noSuchObjectInstance }
    var versions = try await database.read { try CommitmentTable.brought(uid, by: asked.sender, in: $0) }
    if versions.isEmpty {
      let selection = InstanceSelection(sopInstanceUIDs: [uid])
      let served = try await index.instances(in: selection, as: asked.caller, for: .retrieve, after: nil)
        .instances.first?.object
      guard let served else { return .noSuchObjectInstance }
      versions = try await database.read { try CommitmentTable.version(served, in: $0) }.map { [$0] } ?? []
    }
    guard !versions.isEmpty else { return .noSuchObjectInstance }
    guard versions.allSatisfy({ $0.sopClassUID == object.sopClassUID }) else { return .classInstanceConflict }
    let verification = ObjectVerification(store: store)
    for version in versions {
      guard version.isHere else { return .noSuchObjectInstance }
      if let failure = try await verification.failure(of: version.kept) { return failure }
    }
    return nil
  }
}

extension Commitments {
  /// Whose the objects are that somebody is told of, as far as they may see whose.
  package func disclosure(of sopInstanceUIDs: [String], to caller: Caller) async throws -> AuditDisclosure {
    var all = AuditDisclosure.nothing
    var mark: PageMark?
    guard !sopInstanceUIDs.isEmpty else { return all }
    let selection = InstanceSelection(sopInstanceUIDs: sopInstanceUIDs)
    var instances: [ServedInstance] = []
    repeat {
      let page = try await index.instances(in: selection, as: caller, for: .retrieve, after: mark)
      instances += page.instances
      all.grants = Array(Set(all.grants).union(page.disclosure.grants)).sorted()
      mark = page.next
    } while mark != nil
    all.subjects = [AuditSubject](of: instances)
    return all
  }
}

extension Archive {
  package var commitments: Commitments {
    Commitments(
      database: database, index: index, store: store, directory: accessDirectory, now: now,
      hasRoom: {
        let space = self.space
        return space.reserve == 0 || space.room.map { $0 > 0 } ?? true
      })
  }
}
