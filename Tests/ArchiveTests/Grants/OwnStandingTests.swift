// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// No veto of a patient's is against the patient, and against nobody else's grant is there none.
@Suite struct OwnStandingTests {
  private let test = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)

  private func made() async throws -> (Archive, Administration) {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    _ = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    try await administration.setGroup("practice", members: ["WS"])
    for user in ["anna", "olga"] { try await administration.addUser(user, password: nil) }
    return (archive, administration)
  }

  private func studies(_ name: String, _ archive: Archive) async throws -> Int {
    let caller = try await archive.administration(as: .current).caller(named: name, through: nil, assurance: nil)
    return try await archive.values(of: .studyInstanceUID, at: .study, as: caller).count
  }

  /// Whoever is not linked as the patient, and whatever is not the patient's, is given nothing of the patient's own.
  @Test(
    arguments: [
      ("WS", patient, "is none"), ("practice", patient, "is none"), ("olga", patient, "user link 'olga'"),
      ("anna", .patient(id: "P1", issuer: "A"), "--issuer 'A' --as self"),
      ("anna", .patient(id: "P2", issuer: nil), "--as self"), ("anna", .study(uid: "1.2.3"), "say --patient"),
      ("anna", .series(uid: "1.2.3.1"), "say --patient"), ("anna", .everything, "say --patient"),
      ("anna", patient, nil),
    ] as [(String, GrantScope, String?)])
  func onlyThePatientHasTheirOwn(grantee: String, scope: GrantScope, refusal: String?) async throws {
    let (archive, administration) = try await made()
    _ = try await administration.link(user: "anna", toPatient: " P1", issuer: nil, as: .self)
    _ = try await administration.link(user: "olga", toPatient: "P1", issuer: nil, as: .guardian)
    _ = try await administration.record(ConsentDraft(kind: .veto, scope: Self.patient))
    let terms = GrantTerms(scope, relationship: .self)
    let row = ImportedRow(grantee, terms, pending: false)
    for attempt in 0..<3 {
      do {
        switch attempt {
        case 0: _ = try await administration.addGrant(to: grantee, terms, pending: false)
        case 1: _ = try await administration.importGrants([row], dryRun: true)
        default: _ = try await administration.importGrants([row], dryRun: false)
        }
        #expect(refusal == nil)
      } catch let error as ArchiveError {
        #expect(refusal.map(error.description.contains) ?? false, "\(error)")
      }
    }
    for name in ["anna", "olga", "WS"] {
      #expect(try await studies(name, archive) == (refusal == nil && name == grantee ? 1 : 0), "\(name)")
    }
    try await archive.close()
  }

  /// With the link ends all that was the patient's own, however it was given.
  @Test func whatIsTheirOwnEndsWithTheLink() async throws {
    let (archive, administration) = try await made()
    let link = try await administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .self).grant
    _ = try await administration.addGrant(to: "anna", GrantTerms(Self.patient, relationship: .self), pending: false)
    _ = try await administration.addGrant(to: "anna", GrantTerms(Self.patient, relationship: .referring))
    #expect(try await administration.details(of: "anna").links.map(\.grant) == [link.number])
    #expect(try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil) == 2)
    #expect(try await administration.grants().map(\.state) == [.revoked, .revoked, .active])
    try await archive.close()
  }

  /// Earlier versions forgot the grant of a first link where another was made.
  @Test func whatALinkLeftBehindEndsWithoutOne() async throws {
    let (archive, administration) = try await made()
    _ = try await administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .self)
    try await archive.database.write { try $0.execute(sql: "DELETE FROM patient_link") }
    #expect(try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil) == 1)
    #expect(try await administration.grants().map(\.state) == [.revoked])
    await #expect(throws: ArchiveError.self) {
      try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil)
    }
    try await archive.close()
  }

  /// All that family is given ends with the link, in whatever state it is, and what was shared by it; nothing else does.
  @Test func whatTheFamilyHasEndsWithTheLink() async throws {
    let (archive, administration) = try await made()
    let rights: GrantRights = [.query, .retrieve, .share]
    _ = try await administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .guardian)
    for relationship in [Relationship.child, .parent, .guardian, .referring] {
      _ = try await administration.addGrant(
        to: "anna", GrantTerms(Self.patient, rights: rights, relationship: relationship),
        pending: relationship == .parent)
    }
    // 2 child, 3 parent, 4 guardian, 5 referring; 6 rests on 2.
    _ = try await administration.addGrant(to: "olga", GrantTerms(Self.patient, rights: .query), sharer: "anna")
    _ = try await administration.suspendGrant(4)
    _ = try await administration.addGrant(
      to: "olga", GrantTerms(Self.patient, relationship: .guardian), pending: false)
    let rest = try #require(try await administration.grants().first { $0.number == 6 }?.terms.basis.share?.grant)
    if rest == 5 { try await administration.revokeGrant(6) }
    let count = try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil)
    #expect(count == (rest == 5 ? 4 : 5))
    let standing = try await administration.grants().filter { $0.state != .revoked }.map(\.number)
    #expect(standing == [5, 7])
    try await archive.close()
  }

  @Test func noRuleGivesThePatientsOwn() async throws {
    let (archive, administration) = try await made()
    for relationship in [Relationship.`self`, .emergency] {
      await #expect(throws: ArchiveError.self, "\(relationship)") {
        try await administration.addRule(
          ReferralRule(
            name: "r", conditions: [.init(.modality, ["CT"])], grantee: .principal(name: "anna"), opensPatient: true,
            relationship: relationship, seconds: 3600))
      }
    }
    try await archive.close()
  }

  /// What earlier versions took for the patient's own is met by vetoes, and stays what it is otherwise.
  @Test func whatWasBelievedBeforeIsNot() async throws {
    let (archive, administration) = try await made()
    let link = try await administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .self).grant
    _ = try await administration.approveGrant(link.number)
    for (name, scope) in [("WS", Self.patient), ("olga", .everything), ("practice", .study(uid: "1.2.3"))] {
      _ = try await administration.addGrant(to: name, GrantTerms(scope, rights: [.query]))
    }
    _ = try await administration.record(ConsentDraft(kind: .veto, scope: Self.patient))
    try await archive.close()
    let database = try test.database()
    try await database.write { database in
      try database.execute(
        sql: """
          UPDATE access_grant SET relationship = 'self', shape = shape + 64 WHERE number > 1;
          DELETE FROM grdb_migrations WHERE identifier LIKE '20 %'
          """)
    }
    try database.close()
    let upgraded = try test.open()
    #expect(
      try await upgraded.administration(as: .current).grants().map(\.terms.relationship) == [.`self`, nil, nil, nil])
    var seen: [Int] = []
    for name in ["anna", "WS", "olga"] { seen.append(try await studies(name, upgraded)) }
    #expect(seen == [1, 0, 0])
    let events = try await upgraded.database.read { database in
      try Int.fetchAll(database, sql: "SELECT grant_number FROM grant_event WHERE made_by = 'upgrade' ORDER BY 1")
    }
    #expect(events == [2, 3, 4])
    _ = try await upgraded.administration(as: .current).withdrawConsent(1)
    seen = []
    for name in ["anna", "WS", "olga"] { seen.append(try await studies(name, upgraded)) }
    #expect(seen == [1, 1, 1])
    try await upgraded.close()
  }
}
