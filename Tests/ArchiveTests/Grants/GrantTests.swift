// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

@Suite struct GrantTests {
  private let test = TestArchive()

  private func filled() async throws -> (Archive, Administration, Caller) { try await test.withOneObject() }

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

  /// A permission to a group is for who belongs to it, and for nobody who did.
  @Test func whoLeftAGroupHasNoPartInItsConsent() async throws {
    let (archive, administration, _) = try await filled()
    try await administration.setGroup("ward", members: ["WS"])
    let consent = try await administration.record(
      ConsentDraft(kind: .permission, scope: .patient(id: "P1", issuer: nil), party: "ward"))
    var terms = GrantTerms(.patient(id: "P1", issuer: nil), relationship: .consent)
    terms.basis.consent = consent
    test.clock.advance(by: 1)
    _ = try await administration.addGrant(to: "WS", terms)
    try await administration.setGroup("ward", members: [])
    test.clock.advance(by: 1)
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
    for date in ["20120230", "20121301", "2012"] {
      await #expect(throws: ArchiveError.self) {
        _ = try await administration.link(
          user: "anna", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 16, birthDate: date)
      }
    }
    let grant = try await administration.link(
      user: "anna", toPatient: "P1", issuer: nil, as: .child, endsAtAge: 16, birthDate: "20120229"
    ).grant
    #expect(grant.state == .pending)
    // 2028-02-29, in UTC.
    #expect(grant.until == 1_835_395_200)
    let caller = try await administration.caller(named: "anna", through: nil, assurance: nil)
    #expect(try await !sees(caller, archive))
    _ = try await administration.approveGrant(grant.number)
    #expect(try await sees(caller, archive))
    test.clock.advance(by: 1_835_395_200 - test.clock.now)
    #expect(try await !sees(caller, archive))
    // It had ended by itself; it cannot be lengthened any more.
    #expect(try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil) == 0)
    #expect(try await administration.grants().map(\.state) == [.revoked])
    try await archive.close()
  }

  /// The same link once more, with another birth date, is in place of the former one.
  @Test func aLinkMadeAnewIsTheOnlyOne() async throws {
    let (archive, administration, _) = try await filled()
    try await administration.addUser("anna", password: nil)
    func link(_ age: Int, _ date: String) async throws -> AddedLink {
      try await administration.link(
        user: "anna", toPatient: "P1", issuer: nil, as: .child, endsAtAge: age, birthDate: date)
    }
    let first = try await link(16, "20120229")
    #expect(first.ended.isEmpty)
    _ = try await administration.approveGrant(first.grant.number)
    // One that is refused leaves the former.
    await #expect(throws: ArchiveError.self) { _ = try await link(1, "19800101") }
    await #expect(throws: ArchiveError.self) { _ = try await link(16, "29990101") }
    #expect(try await administration.grants().map(\.state) == [.active])
    let second = try await link(18, "20120228")
    #expect(second.ended == [first.grant.number])
    let grants = try await administration.grants()
    #expect(grants.map(\.state) == [.revoked, .pending] && grants[1].until == 1_898_467_200)
    let caller = try await administration.caller(named: "anna", through: nil, assurance: nil)
    #expect(try await !sees(caller, archive))
    #expect(try await administration.details(of: "anna").links.map(\.grant) == [second.grant.number])
    #expect(try await administration.unlink(user: "anna", fromPatient: "P1", issuer: nil) == 1)
    #expect(try await administration.grants().allSatisfy { $0.state == .revoked })
    try await archive.close()
  }

  @Test func anImportGivesAllOrNone() async throws {
    let (archive, administration, _) = try await filled()
    let good = ImportedRow("WS", GrantTerms(.everything))
    let other = ImportedRow("WS", GrantTerms(.everything, rights: .query))
    let rehearsed = try await administration.importGrants([good, other, good], dryRun: true)
    #expect(rehearsed.given.count == 2 && rehearsed.known == 1)
    #expect(try await administration.grants().isEmpty)
    await #expect(throws: ArchiveError.self) {
      _ = try await administration.importGrants(
        [good, ImportedRow("NOBODY", GrantTerms(.everything))], dryRun: false)
    }
    #expect(try await administration.grants().isEmpty)
    #expect(try await administration.importGrants([good], dryRun: false).given.count == 1)
    try await archive.close()
  }

  /// A row beside the one grant of P1's CT to WS until 100 seconds from now, and whether that gives it already; nil where it
  /// is suspended, or waits.
  @Test(
    arguments: [
      (ImportedRow("WS", terms(100)), .active, true), (ImportedRow("WS", terms(99)), .active, true),
      (ImportedRow("WS", terms(100)), .suspended, nil), (ImportedRow("WS", terms(100)), .pending, nil),
      (ImportedRow("WS", terms(100), pending: true), .pending, true),
      (ImportedRow("WS", terms(100), pending: true), .suspended, nil),
      (ImportedRow("WS", terms(101)), .suspended, false),
      (ImportedRow("WS", terms(100), pending: true), .active, true),
      (ImportedRow("WS", terms(200), hasReckonedEnd: true), .active, true),
      (ImportedRow("WS", terms(100)), .revoked, false), (ImportedRow("WS", terms(500)), .expired, false),
      (ImportedRow("WS", terms(500), hasReckonedEnd: true), .expired, false),
      (ImportedRow("WS", terms(101)), .active, false), (ImportedRow("WS", terms(nil)), .active, false),
      (ImportedRow("OTHER", terms(100)), .active, false), (ImportedRow("WS", terms(100, id: "P2")), .active, false),
      (ImportedRow("WS", terms(100, modality: "MR")), .active, false),
      (ImportedRow("WS", terms(100, rights: .query)), .active, false),
      (ImportedRow("WS", terms(100, why: .consulting)), .active, false),
      (ImportedRow("WS", terms(100, least: .password)), .active, false),
    ] as [(ImportedRow, Grant.State, Bool?)])
  func whatIsGivenIsNotGivenAgain(row: ImportedRow, state: Grant.State, isKnown: Bool?) async throws {
    let (archive, administration, _) = try await filled()
    _ = try await archive.makeCaller("OTHER")
    let first = try await administration.addGrant(to: "WS", Self.terms(100), pending: state == .pending)
    switch state {
    case .suspended: _ = try await administration.suspendGrant(first.number)
    case .revoked: try await administration.revokeGrant(first.number)
    case .expired: test.clock.advance(by: 200)
    default: break
    }
    for dryRun in [true, false] {
      let imported = try await administration.importGrants([row, row], dryRun: dryRun)
      let (known, given) = isKnown.map { ($0 ? 2 : 1, $0 ? 0 : 1) } ?? (0, 0)
      #expect(imported.known == known && imported.given.count == given)
      #expect(imported.held.map(\.number) == (isKnown == nil ? [first.number, first.number] : []))
    }
    #expect(try await administration.importGrants([row], dryRun: false).known == (isKnown == nil ? 0 : 1))
    #expect(try await administration.grants().count == (isKnown == false ? 2 : 1))
    try await archive.close()
  }

  private static func terms(
    _ seconds: Double?, id: String = "P1", modality: String = "CT", rights: GrantRights = [.query, .retrieve],
    why: Relationship = .referring, least: IdentityAssurance = .aeTitleAlone
  ) -> GrantTerms {
    GrantTerms(
      .patient(id: id, issuer: nil), narrowing: GrantNarrowing(modalities: [modality]), rights: rights,
      until: seconds.map { Clock().now + $0 }, relationship: why, leastAssurance: least)
  }

  /// One that has ended takes no change but another end; whoever asks is told.
  @Test(arguments: [Grant.State.active, .suspended, .pending])
  func whatHasEndedIsGivenAnotherEndFirst(state: Grant.State) async throws {
    let (archive, administration, _) = try await filled()
    let grant = try await administration.addGrant(
      to: "WS", GrantTerms(.everything, until: test.clock.now + 10), pending: state == .pending)
    if state == .suspended { _ = try await administration.suspendGrant(grant.number) }
    test.clock.advance(by: 10)
    for change in [administration.approveGrant, administration.suspendGrant, administration.resumeGrant] {
      do {
        _ = try await change(grant.number, nil)
        Issue.record("changed")
      } catch let error as ArchiveError {
        #expect(error.description.contains("collimator grant extend \(grant.number)"), "\(error)")
      }
    }
    #expect(try await administration.extendGrant(grant.number, until: nil).state == state)
    try await archive.close()
  }

  /// An end that a consent or a sharer sets is said, and who sets it.
  @Test func anEndThatIsCutIsSaid() async throws {
    let (archive, administration, _) = try await filled()
    _ = try await archive.makeCaller("OTHER")
    let (now, patient) = (test.clock.now, GrantScope.patient(id: "P1", issuer: nil))
    let consent = try await administration.record(
      ConsentDraft(kind: .permission, scope: patient, party: "WS", from: now + 10, until: now + 100))
    func remarks(_ terms: GrantTerms, to grantee: String, by sharer: String? = nil) async throws -> [String] {
      let grant = try await administration.addGrant(to: grantee, terms, sharer: sharer)
      return try await administration.remarks(on: grant, asked: terms)
    }
    for (from, until, count) in [
      (nil, nil, 2), (now + 10, now + 101, 1), (now + 9, now + 100, 1), (now + 20, now + 90, 0),
    ] as [(Double?, Double?, Int)] {
      let terms = GrantTerms(patient, from: from, until: until, basis: GrantBasis(consent: consent))
      let said = try await remarks(terms, to: "WS")
      #expect(said.count == count && said.allSatisfy { $0.contains("consent \(consent)") }, "\(said)")
    }
    let own = try await administration.addGrant(
      to: "WS", GrantTerms(patient, rights: [.query, .share], until: now + 50))
    let said = try await remarks(GrantTerms(patient, rights: .query), to: "OTHER", by: "WS")
    #expect(said.count == 1 && said[0].contains("'WS' may share by grant \(own.number)"), "\(said)")
    #expect(try await remarks(GrantTerms(patient, rights: .query, until: now + 50), to: "OTHER", by: "WS").isEmpty)
    try await archive.close()
  }
}
