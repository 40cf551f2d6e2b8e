// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

/// Whoever may share opens no more than they have, no longer, and it ends with what they have.
@Suite struct SharingTests {
  private let test = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)
  private static let own: GrantRights = [.query, .retrieve, .share]

  private struct Made {
    let archive: Archive
    let administration: Administration
    let friend: Caller
  }

  private func made() async throws -> Made {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    try await archive.store(
      TestObject(instance: "2.1", series: "2.1", study: "2", patientID: "P2", modality: "MR", date: "20200101"))
    for name in ["OWNER", "OTHER"] { _ = try await archive.makeCaller(name) }
    return Made(
      archive: archive, administration: archive.administration(as: .current),
      friend: try await archive.makeCaller("FRIEND"))
  }

  private func sees(_ made: Made) async throws -> Bool {
    try await !made.archive.values(of: .studyInstanceUID, at: .study, as: made.friend).isEmpty
  }

  private func share(
    _ made: Made, _ terms: GrantTerms = GrantTerms(patient, rights: .query), to grantee: String = "FRIEND",
    by sharer: String = "OWNER"
  ) async throws -> Grant {
    try await made.administration.addGrant(to: grantee, terms, sharer: sharer)
  }

  /// What is asked for beside a grant to query and retrieve this patient's CT and MR of 2026, with the right to share.
  @Test(
    arguments: [
      (GrantTerms(patient, narrowing: Self.narrowing, rights: .query), true),
      (GrantTerms(patient, narrowing: Self.narrowing, rights: [.query, .retrieve, .share]), true),
      (GrantTerms(.study(uid: "1.2.3"), narrowing: Self.narrowing, rights: .query), true),
      (GrantTerms(.series(uid: "1.2.3.1"), narrowing: Self.narrowing, rights: .query), true),
      (
        GrantTerms(
          patient, narrowing: GrantNarrowing(modalities: ["CT"], earliest: "20260201", latest: "20260301"),
          rights: .query), true
      ),
      (GrantTerms(patient, rights: .query), false),
      (GrantTerms(patient, narrowing: GrantNarrowing(modalities: ["CT"]), rights: .query), false),
      (
        GrantTerms(
          patient, narrowing: GrantNarrowing(modalities: ["CT", "US"], earliest: "20260101", latest: "20261231"),
          rights: .query), false
      ),
      (
        GrantTerms(
          patient, narrowing: GrantNarrowing(modalities: ["CT"], earliest: "20251231", latest: "20261231"),
          rights: .query), false
      ),
      (
        GrantTerms(
          patient, narrowing: GrantNarrowing(modalities: ["CT"], earliest: "20260101", latest: "20270101"),
          rights: .query), false
      ),
      (GrantTerms(patient, narrowing: Self.narrowing, rights: [.query, .send]), false),
      (GrantTerms(patient, narrowing: Self.narrowing, rights: [.query, .add]), false),
      (GrantTerms(.patient(id: "P1", issuer: "A"), narrowing: Self.narrowing, rights: .query), false),
      (GrantTerms(.patient(id: "P2", issuer: nil), narrowing: Self.narrowing, rights: .query), false),
      (GrantTerms(.study(uid: "2"), narrowing: Self.narrowing, rights: .query), false),
      (GrantTerms(.study(uid: "3"), narrowing: Self.narrowing, rights: .query), false),
      (GrantTerms(.everything, narrowing: Self.narrowing, rights: .query), false),
      (GrantTerms(patient, effect: .limits, narrowing: Self.narrowing, rights: .query), false),
    ] as [(GrantTerms, Bool)])
  func noMoreThanTheyHave(terms: GrantTerms, isAllowed: Bool) async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(
      to: "OWNER", GrantTerms(Self.patient, narrowing: Self.narrowing, rights: Self.own))
    if isAllowed {
      let grant = try await share(made, terms)
      #expect(grant.grantedBy == "OWNER" && grant.terms.relationship == .share && grant.state == .active)
    } else {
      await #expect(throws: ArchiveError.self) { try await share(made, terms) }
      #expect(try await made.administration.grants().count == 1)
    }
    try await made.archive.close()
  }

  private static let narrowing = GrantNarrowing(modalities: ["CT", "MR"], earliest: "20260101", latest: "20261231")

  @Test func whoHasNoRightSharesNothing() async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(
      to: "OWNER", GrantTerms(Self.patient, rights: [.query, .retrieve, .send]))
    await #expect(throws: ArchiveError.self) { try await share(made) }
    let held = try await made.administration.addGrant(
      to: "OWNER", GrantTerms(Self.patient, rights: Self.own), pending: true)
    await #expect(throws: ArchiveError.self) { try await share(made) }
    _ = try await made.administration.approveGrant(held.number)
    // What the sharer may not see is not theirs to show; what was said of others is no matter.
    let veto = try await made.administration.record(
      ConsentDraft(kind: .veto, scope: .study(uid: "1.2.3"), party: "OWNER"))
    await #expect(throws: ArchiveError.self) { try await share(made) }
    _ = try await made.administration.withdrawConsent(veto)
    _ = try await made.administration.record(ConsentDraft(kind: .veto, scope: .study(uid: "2"), party: "OWNER"))
    _ = try await made.administration.record(ConsentDraft(kind: .veto, scope: Self.patient, party: "OTHER"))
    #expect(try await share(made).state == .active)
    #expect(try await sees(made))
    try await made.archive.close()
  }

  @Test func noLongerAndNoMoreLightly() async throws {
    let made = try await made()
    let end = test.clock.now + 100
    let own = try await made.administration.addGrant(
      to: "OWNER", GrantTerms(Self.patient, rights: Self.own, until: end, leastAssurance: .password))
    let shared = try await share(made, GrantTerms(Self.patient, rights: .query, until: end + 1000))
    #expect(shared.until == end && shared.terms.leastAssurance == .password)
    #expect(try await share(made, GrantTerms(Self.patient, rights: .query, until: end - 50)).until == end - 50)
    await #expect(throws: ArchiveError.self) {
      try await made.administration.extendGrant(shared.number, until: end + 1)
    }
    await #expect(throws: ArchiveError.self) { try await made.administration.extendGrant(shared.number, until: nil) }
    #expect(try await made.administration.extendGrant(shared.number, until: end - 1).until == end - 1)
    // One that ends earlier takes the others with it, and not back.
    _ = try await made.administration.extendGrant(own.number, until: end - 60)
    #expect(try await made.administration.grants().map(\.until) == [end - 60, end - 60, end - 60])
    _ = try await made.administration.extendGrant(own.number, until: nil)
    #expect(try await made.administration.grants().map(\.until) == [nil, end - 60, end - 60])
    try await made.archive.close()
  }

  /// Shared, and shared on: held, resumed and ended with the first.
  @Test func itEndsWithWhatItRestsOn() async throws {
    let made = try await made()
    let own = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    let other = try await share(made, GrantTerms(Self.patient, rights: [.query, .share]), to: "OTHER")
    let friend = try await share(made, by: "OTHER")
    #expect(friend.terms.basis.share?.grant == other.number)
    let states = { try await made.administration.grants().map(\.state) }
    #expect(try await sees(made))
    _ = try await made.administration.suspendGrant(own.number)
    #expect(try await states() == [.suspended, .suspended, .suspended])
    #expect(try await !sees(made))
    await #expect(throws: ArchiveError.self) { try await made.administration.resumeGrant(friend.number) }
    _ = try await made.administration.resumeGrant(own.number)
    #expect(try await states() == [.active, .active, .active])
    // What is held for itself stays held.
    _ = try await made.administration.suspendGrant(friend.number)
    _ = try await made.administration.suspendGrant(own.number)
    _ = try await made.administration.resumeGrant(own.number)
    #expect(try await states() == [.active, .active, .suspended])
    _ = try await made.administration.resumeGrant(friend.number)
    #expect(try await sees(made))
    try await made.administration.revokeGrant(own.number)
    #expect(try await states() == [.revoked, .revoked, .revoked])
    #expect(try await !sees(made))
    try await made.archive.close()
  }

  /// By a group's grant: as long as one belongs to it.
  @Test(arguments: ["leave", "dissolve", "remove", "membership", "code"])
  func whatAGroupHasIsSharedByItsMembers(how: String) async throws {
    let made = try await made()
    let administration = made.administration
    try await administration.setGroup("practice", members: [])
    let end = test.clock.now + 100
    try await administration.addMember("OWNER", toGroup: "practice", since: nil, until: how == "membership" ? end : nil)
    _ = try await administration.addGrant(to: "practice", GrantTerms(Self.patient, rights: Self.own))
    await #expect(throws: ArchiveError.self) { try await share(made, by: "practice") }
    if how == "code" {
      let terms = CodeTerms(scope: Self.patient, rights: .query, seconds: 60, validity: 60)
      let (_, code) = try await administration.openCode(terms, sharer: "OWNER")
      _ = try await administration.redeem(code.text, as: "FRIEND")
    } else {
      let shared = try await share(made)
      #expect(shared.until == (how == "membership" ? end : nil))
    }
    #expect(try await sees(made))
    switch how {
    case "leave", "code": try await administration.removeMember("OWNER", fromGroup: "practice")
    case "dissolve": try await administration.removeGroup("practice")
    case "remove": try await administration.removePeer("OWNER")
    default: test.clock.advance(by: 100)
    }
    #expect(try await !sees(made))
    try await made.archive.close()
  }

  /// What was given by a code ends with the grant of whoever opened it.
  @Test func whatACodeGaveEndsToo() async throws {
    let made = try await made()
    let own = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    let (_, code) = try await made.administration.openCode(
      CodeTerms(scope: Self.patient, rights: .query, seconds: 60, validity: 60), sharer: "OWNER")
    _ = try await made.administration.redeem(code.text, as: "FRIEND")
    #expect(try await sees(made))
    try await made.administration.revokeGrant(own.number)
    #expect(try await !sees(made))
    try await made.archive.close()
  }
}
