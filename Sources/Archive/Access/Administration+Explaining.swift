// SPDX-License-Identifier: Apache-2.0

package import Access
import Foundation
import GRDB

extension Administration {
  /// The caller that somebody would be: a peer itself; a user through a peer, by default through the one that lets most
  /// through, known by the strongest of what the user has, or by a certificate where that is nothing.
  package func caller(
    named name: String, through peer: String?, assurance: IdentityAssurance?
  ) async throws -> Caller {
    let time = now()
    return try await database.read { database in
      try Self.caller(named: name, through: peer, assurance: assurance, at: time, in: database)
    }
  }

  static func caller(
    named name: String, through peer: String?, assurance: IdentityAssurance?, at time: Double, in database: Database
  ) throws -> Caller {
    guard let principal = try PrincipalTable.id(of: name, in: database),
      let kind = try PrincipalTable.kind(of: name, in: database), kind != "group"
    else { throw ArchiveError("there is no peer or user '\(name)': a group's members call, not the group") }
    if kind == "peer" {
      guard peer ?? name == name else {
        throw ArchiveError("'\(name)' is a peer, which calls as itself: --through is of a user")
      }
      guard let door = try PeerDoor.of(principal, in: database) else { throw noPeer(name) }
      return door.caller(name, principal, known: assurance ?? door.ownProof)
    }
    let known = try assurance ?? UserTable.strongestProof(of: principal, at: time, in: database) ?? .certificate
    let door = try peer.map { try Self.door(named: $0, in: database) } ?? openDoor(to: known, in: database)
    return door.caller(name, principal, known: known)
  }

  /// Why such a caller would be let into no association; nil where one would be.
  package func refusal(of caller: Caller) async throws -> String? {
    try await database.read { database in try Explainer.refusal(of: caller, in: database) }
  }

  /// A sentence on what such a caller is told, where nobody can be that caller as it is.
  package func remark(on caller: Caller) async throws -> String? {
    let time = now()
    return try await database.read { database in try Explainer.remark(on: caller, at: time, in: database) }
  }

  private static func door(named name: String, in database: Database) throws -> PeerDoor {
    guard let principal = try PrincipalTable.id(of: name, kind: "peer", in: database),
      let door = try PeerDoor.of(principal, in: database)
    else { throw noPeer(name) }
    return door
  }

  private static func noPeer(_ name: String) -> ArchiveError {
    ArchiveError("there is no peer '\(name)': see collimator peer list")
  }

  /// Which lets most through of somebody so well known: one that may query and retrieve, demands no more, and has no ceiling.
  private static func openDoor(to known: IdentityAssurance, in database: Database) throws -> PeerDoor {
    let doors = try PeerDoor.all(in: database)
    func closed(_ door: PeerDoor) -> [Bool] {
      [
        !door.peer.rights.contains(.query), door.peer.demand > known, !door.peer.rights.contains(.retrieve),
        door.hasCeiling,
      ]
    }
    let open = doors.min { one, other in
      closed(one).lexicographicallyPrecedes(closed(other)) { !$0 && $1 }
    }
    guard let open else { throw ArchiveError("no peer is let in: nobody can call. See collimator peer add") }
    return open
  }

  package func explain(_ caller: Caller, study uid: String) async throws -> Explanation {
    try await explain(caller, "study \(uid)", where: "study.v_0020000d = ?", [MatchingForm.storable(uid)])
  }

  package func explain(_ caller: Caller, patient id: String, issuer: String?) async throws -> Explanation {
    guard let patient = PatientIdentity(id: id, issuer: issuer) else {
      return Explanation(caller: caller, merged: [], studies: [], studiesInAll: 0)
    }
    let time = now()
    let merged = try await database.read { database in
      try PatientMove.all(ofID: patient.id, at: time, in: database).filter { issuer == nil || $0.from == patient }
    }
    let present = try String(
      decoding: JSONEncoder().encode(merged.map { [$0.into.id, $0.into.issuer] }), as: UTF8.self)
    // Without an issuer: of each that there is, for who asks may not know of it.
    return try await explain(
      caller, "patient \(patient)",
      where: """
        patient.id IN (
          SELECT id FROM patient WHERE patient_id = ? AND sole_study = '' AND (? IS NULL OR issuer = ?)
          UNION SELECT patient.id FROM json_each(?) AS other JOIN patient
            ON patient_id = json_extract(other.value, '$[0]') AND issuer = json_extract(other.value, '$[1]')
              AND sole_study = '')
        """, [patient.id, issuer == nil ? nil : patient.issuer, patient.issuer, present], merged: merged)
  }

  private func explain(
    _ caller: Caller, _ asked: String, where condition: String, _ arguments: StatementArguments,
    merged: [PatientMove] = []
  ) async throws -> Explanation {
    let time = now()
    let explained = try await database.read { database in
      try Explainer(caller, at: time, in: database).explain(where: condition, arguments, merged: merged)
    }
    try await view.record(
      "access explained", "of '\(caller.identity.principalName)' through '\(caller.peerName)' to \(asked)",
      count: explained.studies.count,
      of: merged.map { AuditSubject($0.from) }
        + explained.studies.map { AuditSubject($0.patient, studyInstanceUID: $0.studyInstanceUID) })
    return explained
  }

  /// Who can see something of a patient now, or at a moment (seconds since 1970): of the one into whom they were merged, where
  /// they were.
  package func access(toPatient id: String, issuer: String?, at moment: Double?) async throws -> PatientAccess {
    guard let patient = PatientIdentity(id: id, issuer: issuer) else {
      throw ArchiveError("an empty Patient ID identifies nobody")
    }
    let time = now()
    let access = try await database.read { database in
      try PatientAccessReading(patient, at: moment ?? time, now: time, in: database).access()
    }
    try await view.record(
      "access listed", moment.map { "as it was at \(Moment.text($0))" } ?? "", count: access.entries.count,
      of: Set([patient, access.patient]).map { AuditSubject($0) })
    return access
  }
}
