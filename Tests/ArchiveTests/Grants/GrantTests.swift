// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

@Suite struct GrantTests {
  private let test = TestArchive()

  private func filled() async throws -> (Archive, Administration, Caller) {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("WS")
    return (archive, archive.administration(as: .current), caller)
  }

  private func sees(_ caller: Caller, _ archive: Archive) async throws -> Bool {
    try await !archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty
  }

  /// Each state, and each change that it allows.
  @Test func aGrantGoesThroughItsStates() async throws {
    let (archive, administration, caller) = try await filled()
    let grant = try await administration.addGrant(
      to: "WS", GrantTerms(.everything, until: test.clock.now + 10), pending: true)
    #expect(grant.state == .pending)
    #expect(try await !sees(caller, archive))
    await #expect(throws: ArchiveError.self) { _ = try await administration.suspendGrant(grant.number) }
    #expect(try await administration.approveGrant(grant.number).state == .active)
    #expect(try await sees(caller, archive))
    #expect(try await administration.suspendGrant(grant.number).state == .suspended)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.resumeGrant(grant.number).state == .active)
    // A46: to the moment, forwards and, where somebody sets the clock back, backwards.
    test.clock.advance(by: 10)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.grants().map(\.state) == [.expired])
    test.clock.advance(by: -0.001)
    #expect(try await sees(caller, archive))
    test.clock.advance(by: 400 * 86_400)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.extendGrant(grant.number, until: nil).state == .active)
    #expect(try await sees(caller, archive))
    try await administration.revokeGrant(grant.number)
    #expect(try await !sees(caller, archive))
    await #expect(throws: ArchiveError.self) { _ = try await administration.extendGrant(grant.number, until: nil) }
    await #expect(throws: ArchiveError.self) { try await administration.revokeGrant(grant.number) }
    try await archive.close()
  }

  /// View-only opens what is found and nothing that is had.
  @Test func aRightIsAskedForByItself() async throws {
    let (archive, administration, caller) = try await filled()
    let had = { (rights: GrantRights) in
      try await archive.reading(as: caller, for: rights).instances(in: InstanceSelection())
        .reduce(into: 0) { $0 += $1.instances.count }
    }
    _ = try await administration.addGrant(to: "WS", GrantTerms(.everything, rights: .query))
    #expect(try await sees(caller, archive))
    #expect(try await [had(.retrieve), had(.send)] == [0, 0])
    _ = try await administration.addGrant(to: "WS", GrantTerms(.everything, rights: [.query, .retrieve]))
    #expect(try await [had(.retrieve), had(.send)] == [1, 0])
    _ = try await administration.addGrant(to: "WS", GrantTerms(.everything, rights: [.send]))
    #expect(try await [had(.retrieve), had(.send)] == [1, 1])
    try await archive.close()
  }

  @Test func whatRestsOnAConsentEndsWithIt() async throws {
    let (archive, administration, caller) = try await filled()
    let consent = try await administration.record(
      ConsentDraft(kind: .permission, scope: .patient(id: "P1", issuer: nil), party: "WS"))
    var terms = GrantTerms(.patient(id: "P1", issuer: nil), relationship: .consent)
    terms.basis.consent = consent
    _ = try await administration.addGrant(to: "WS", terms)
    #expect(try await sees(caller, archive))
    #expect(try await administration.withdrawConsent(consent) == 1)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.consents().map { $0.withdrawnAt != nil } == [true])
    await #expect(throws: ArchiveError.self) { _ = try await administration.addGrant(to: "WS", terms) }
    try await archive.close()
  }

  /// Whom a consent is about, for whom it is, and while it holds: a grant that rests on it is nothing else.
  @Test func aGrantGoesNoFurtherThanItsConsent() async throws {
    let (archive, administration, caller) = try await filled()
    try await archive.store(TestObject(instance: "1.2", series: "2.2", study: "3.2", patientID: "P2"))
    _ = try await archive.makeCaller("OTHER")
    let now = test.clock.now
    let p1 = GrantScope.patient(id: "P1", issuer: nil)
    func consent(_ kind: Consent.Kind = .permission, from: Double? = nil, until: Double? = nil) async throws -> Int {
      try await administration.record(ConsentDraft(kind: kind, scope: p1, party: "WS", from: from, until: until))
    }
    func give(_ scope: GrantScope, on consent: Int, to grantee: String = "WS") async throws -> Grant {
      var terms = GrantTerms(scope, relationship: .consent)
      terms.basis.consent = consent
      return try await administration.addGrant(to: grantee, terms)
    }
    let short = try await consent(from: now - 5, until: now + 10)
    for (scope, grantee) in [
      (.everything, "WS"), (.patient(id: "P2", issuer: nil), "WS"), (.study(uid: "3.2"), "WS"),
      (.study(uid: "9.9"), "WS"), (p1, "OTHER"),
    ] as [(GrantScope, String)] {
      await #expect(throws: ArchiveError.self, "\(scope)") { _ = try await give(scope, on: short, to: grantee) }
    }
    let grant = try await give(.study(uid: "1.2.3"), on: short)
    #expect(grant.terms.until == now + 10 && grant.terms.from == now - 5)
    #expect(try await sees(caller, archive))
    for until in [nil, now + 11] {
      await #expect(throws: ArchiveError.self) { _ = try await administration.extendGrant(grant.number, until: until) }
    }
    _ = try await administration.extendGrant(grant.number, until: now + 9)
    test.clock.advance(by: 9)
    #expect(try await !sees(caller, archive))
    // Whoever decides for the patient gives it to others, once that is so.
    let later = try await consent(.delegation, from: now + 20)
    #expect(try await give(p1, on: later, to: "OTHER").terms.from == now + 20)
    test.clock.advance(by: 2)
    await #expect(throws: ArchiveError.self) { _ = try await give(p1, on: short) }
    try await archive.close()
  }

  @Test func aChildsGrantWaitsAndEndsAtAnAge() async throws {
    let (archive, administration, _) = try await filled()
    try await administration.addUser("anna", password: nil)
    await #expect(throws: ArchiveError.self) {
      _ = try await administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 16)
    }
    let grant = try await administration.link(
      user: "anna", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 16, birthDate: "20120229")
    #expect(grant.state == .pending)
    // 2028-02-29, in UTC.
    #expect(grant.until == 1_835_395_200)
    let caller = try await administration.caller(named: "anna", through: nil, assurance: nil)
    #expect(try await !sees(caller, archive))
    _ = try await administration.approveGrant(grant.number)
    #expect(try await sees(caller, archive))
    test.clock.advance(by: 1_835_395_200 - test.clock.now)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil) == 1)
    try await archive.close()
  }

  @Test func anImportGivesAllOrNone() async throws {
    let (archive, administration, _) = try await filled()
    let good = ("WS", GrantTerms(.everything), nil as Bool?)
    let rehearsed = try await administration.importGrants([good, good], dryRun: true)
    #expect(rehearsed.count == 2)
    #expect(try await administration.grants().isEmpty)
    await #expect(throws: ArchiveError.self) {
      _ = try await administration.importGrants([good, ("NOBODY", GrantTerms(.everything), nil)], dryRun: false)
    }
    #expect(try await administration.grants().isEmpty)
    #expect(try await administration.importGrants([good], dryRun: false).count == 1)
    try await archive.close()
  }
}
