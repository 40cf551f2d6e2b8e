// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// What the sharer may not see any more is not shown by what they shared, whatever took it from them.
@Suite struct ShareReviewTests {
  private let test = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)
  private static let study = GrantScope.study(uid: "1.2.3")
  private static let series = GrantScope.series(uid: "1.2.3.1")
  private static let own: GrantRights = [.query, .retrieve, .share]

  private struct Made {
    let archive: Archive
    let administration: Administration
    let friend: Caller

    /// Of the grants, in the order of their numbers.
    var states: [Grant.State] {
      get async throws { try await administration.grants().map(\.state) }
    }

    func sees() async throws -> Bool {
      try await !archive.values(of: .studyInstanceUID, at: .study, as: friend).isEmpty
    }
  }

  private func made() async throws -> Made {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    try await archive.store(TestObject(instance: "2.1", series: "2.1", study: "2", patientID: "P2", modality: "MR"))
    for name in ["OWNER", "OTHER"] { _ = try await archive.makeCaller(name) }
    return Made(
      archive: archive, administration: archive.administration(as: .current),
      friend: try await archive.makeCaller("FRIEND"))
  }

  private func identity(_ id: String) throws -> PatientIdentity {
    try #require(PatientIdentity(id: id, issuer: nil))
  }

  /// A study of the patient's, or a series of it, was shared; then it is another patient's.
  @Test(arguments: [study, series], ["reassign", "merge", "arrival", "aside"])
  func whatIsAnothersIsNotShared(scope: GrantScope, how: String) async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    _ = try await made.administration.addGrant(
      to: "OTHER", GrantTerms(scope, rights: [.query, .share]), sharer: "OWNER")
    _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(scope, rights: .query), sharer: "OTHER")
    // What an administrator gave by itself rests on nothing.
    _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(.study(uid: "9"), rights: .query))
    #expect(try await made.sees())
    let corrections = made.archive.corrections(as: .current)
    switch how {
    case "reassign":
      _ = try await corrections.reassign(
        study: "1.2.3", from: nil, to: try identity("P2"), reason: "mixed up", agreed: true)
    case "merge":
      _ = try await corrections.merge(try identity("P1"), into: try identity("P2"), reason: "twice", agreed: true)
    default:
      // The same UID for another patient, by whoever may add to any study, or let in by the administrator.
      let second = TestObject(instance: "3.1", patientID: "P3")
      guard how == "aside" else {
        try await made.archive.store(second)
        break
      }
      try await storeAside(second, in: made)
      #expect(try await made.states == [.active, .active, .active, .active])
      _ = try await made.administration.admit(study: "1.2.3", from: "MODALITY")
    }
    #expect(try await made.states == [.active, .revoked, .revoked, .active])
    #expect(try await !made.sees())
    if how == "reassign" {
      // Undone, it is the sharer's again; what they shared is not opened by that.
      _ = try await corrections.undo(1, reason: "was right", agreed: true)
      #expect(try await made.states == [.active, .revoked, .revoked, .active])
      _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(scope, rights: .query), sharer: "OWNER")
      #expect(try await made.sees())
    }
    try await made.archive.close()
  }

  private func storeAside(_ object: TestObject, in made: Made) async throws {
    let title = try #require(AETitle("MODALITY"))
    let network = try #require(Network("127.0.0.1"))
    try await made.administration.addPeer(
      Peer(
        name: "MODALITY", aeTitle: title, addresses: [network], port: nil, rights: [.store],
        acceptsPrivateSOPClasses: false))
    let caller = try #require(try await made.archive.admitted("MODALITY"))
    let reception = try await made.archive.receive(object.announcement, from: .peer(caller))
    try await reception.append(object.dataSet)
    _ = try await reception.commit()
  }

  /// Another study of the same patient, another object of the same study, a correction and a veto of others: nothing changes.
  @Test func whatIsStillTheSharersStays() async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    for scope in [Self.patient, Self.study, Self.series] {
      _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(scope, rights: .query), sharer: "OWNER")
    }
    try await made.archive.store(TestObject(instance: "1.2"))
    try await made.archive.store(TestObject(instance: "1.3", series: "1.2.3.2"))
    try await made.archive.store(TestObject(instance: "1.4", series: "1.2.4.1", study: "1.2.4"))
    _ = try await made.archive.corrections(as: .current).merge(
      try identity("P2"), into: try identity("P1"), reason: "twice", agreed: true)
    for draft in [
      ConsentDraft(kind: .veto, scope: Self.patient, party: "OTHER"),
      ConsentDraft(kind: .veto, scope: .patient(id: "P9", issuer: nil), party: "OWNER"),
      ConsentDraft(kind: .veto, scope: .study(uid: "9"), party: "OWNER"),
    ] { _ = try await made.administration.record(draft) }
    // Gone, and back as it was.
    _ = try await made.archive.operations(as: .current).delete(.study(uid: "1.2.3"), DeletionOrder(reason: "test"))
    _ = try await made.administration.record(ConsentDraft(kind: .veto, scope: Self.patient, party: "OTHER"))
    try await made.archive.store(TestObject(instance: "1.1"))
    #expect(try await made.states == [.active, .active, .active, .active])
    try await made.archive.close()
  }

  /// A study that was deleted comes back as somebody else's.
  @Test func whatComesBackAsAnothersIsNotShared() async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(Self.study, rights: .query), sharer: "OWNER")
    _ = try await made.archive.operations(as: .current).delete(Self.selected, DeletionOrder(reason: "test"))
    try await made.archive.store(TestObject(instance: "1.1", patientID: "P3"))
    #expect(try await made.states == [.active, .revoked])
    #expect(try await !made.sees())
    try await made.archive.close()
  }

  private static let selected = ArchiveSelection.study(uid: "1.2.3")

  /// A veto against the sharer that comes after; against a group of theirs, or one that they join.
  @Test(arguments: [patient, study, series], ["party", "group", "joining", "everybody"])
  func aVetoEndsWhatWasShared(scope: GrantScope, how: String) async throws {
    let made = try await made()
    let administration = made.administration
    try await administration.setGroup("practice", members: how == "group" ? ["OWNER"] : [])
    _ = try await administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    _ = try await administration.addGrant(to: "FRIEND", GrantTerms(Self.patient, rights: .query), sharer: "OWNER")
    let party = how == "party" ? "OWNER" : how == "everybody" ? nil : "practice"
    let veto = try await administration.record(ConsentDraft(kind: .veto, scope: scope, party: party))
    if how == "joining" {
      #expect(try await made.sees())
      try await administration.addMember("OWNER", toGroup: "practice", since: nil, until: nil)
    }
    #expect(try await !made.sees())
    // One against everybody is against the friend too, and against nobody's right to share.
    #expect(try await made.states == [.active, how == "everybody" ? .active : .revoked])
    _ = try await administration.withdrawConsent(veto)
    #expect(try await made.sees() == (how == "everybody"))
    try await made.archive.close()
  }

  /// What is forbidden from a day on is shared until that day; what the patient says is not against the patient.
  @Test func aVetoOfALaterDay() async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    try await made.administration.addUser("anna", password: nil)
    let link = try await made.administration.link(user: "anna", toPatient: "P1", issuer: nil, as: .self)
      .grant
    _ = try await made.administration.approveGrant(link.number)
    for sharer in ["OWNER", "anna"] {
      _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(Self.study, rights: .query), sharer: sharer)
    }
    let day = test.clock.now + 1000
    for party in ["OWNER", "anna"] {
      _ = try await made.administration.record(
        ConsentDraft(kind: .veto, scope: Self.patient, party: party, from: day))
    }
    #expect(try await made.administration.grants().map(\.until) == [nil, nil, day, nil])
    let later = try await made.administration.addGrant(
      to: "FRIEND", GrantTerms(Self.study, rights: .query, until: day + 1000), sharer: "OWNER")
    #expect(later.until == day)
    await #expect(throws: ArchiveError.self) {
      try await made.administration.extendGrant(later.number, until: day + 1)
    }
    try await made.archive.close()
  }

  /// A study that is forbidden to the sharer turns up among what they shared: it arrives, or is corrected to be the patient's.
  @Test(arguments: ["arrival", "correction"]) func whatIsForbiddenTurnsUp(how: String) async throws {
    let made = try await made()
    let forbidden = how == "arrival" ? "4" : "2"
    _ = try await made.administration.record(
      ConsentDraft(kind: .veto, scope: .study(uid: forbidden), party: "OWNER"))
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(Self.patient, rights: .query), sharer: "OWNER")
    if how == "arrival" {
      try await made.archive.store(TestObject(instance: "4.1", series: "4.1", study: "4"))
    } else {
      _ = try await made.archive.corrections(as: .current).reassign(
        study: "2", from: nil, to: try identity("P1"), reason: "mixed up", agreed: true)
    }
    #expect(try await made.states == [.active, .revoked])
    try await made.archive.close()
  }

  private static let full: GrantRights = [.query, .retrieve, .send, .add, .share]
  private static let ct = GrantNarrowing(modalities: ["CT"])

  /// A peer shows nobody what its ceiling keeps from whoever calls through it.
  @Test(
    arguments: [
      (GrantTerms(study, narrowing: ct, rights: .query), true),
      (GrantTerms(.study(uid: "2"), narrowing: ct, rights: .query), true),
      (GrantTerms(.everything, narrowing: ct, rights: [.query, .retrieve]), true),
      (GrantTerms(study, rights: .query), false),
      (GrantTerms(study, narrowing: GrantNarrowing(modalities: ["MR"]), rights: .query), false),
      (GrantTerms(study, narrowing: GrantNarrowing(modalities: ["CT", "MR"]), rights: .query), false),
      (GrantTerms(study, narrowing: ct, rights: [.query, .send]), false),
    ] as [(GrantTerms, Bool)])
  func noMoreThanTheCeiling(terms: GrantTerms, isAllowed: Bool) async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(.everything, rights: Self.full))
    _ = try await made.administration.addGrant(
      to: "OWNER", GrantTerms(.everything, effect: .limits, narrowing: Self.ct, rights: [.query, .retrieve]))
    // Another's ceiling is no matter.
    _ = try await made.administration.addGrant(
      to: "OTHER", GrantTerms(.patient(id: "P9", issuer: nil), effect: .limits, rights: .query))
    if isAllowed {
      #expect(try await made.administration.addGrant(to: "FRIEND", terms, sharer: "OWNER").state == .active)
    } else {
      await #expect(throws: ArchiveError.self) {
        try await made.administration.addGrant(to: "FRIEND", terms, sharer: "OWNER")
      }
      await #expect(throws: ArchiveError.self) {
        try await made.administration.openCode(
          CodeTerms(scope: Self.study, rights: .query, seconds: 60, validity: 60), sharer: "OWNER")
      }
    }
    try await made.archive.close()
  }

  /// A ceiling that comes, goes or ends takes with it what was shared beyond what is left.
  @Test func aCeilingThatChanges() async throws {
    let made = try await made()
    let administration = made.administration
    let end = test.clock.now + 1000
    _ = try await administration.addGrant(to: "OWNER", GrantTerms(.everything, rights: Self.full))
    let share = { (modality: String) in
      try await administration.addGrant(
        to: "FRIEND",
        GrantTerms(Self.study, narrowing: GrantNarrowing(modalities: [modality]), rights: .query), sharer: "OWNER")
    }
    _ = try await share("CT")
    _ = try await share("MR")
    let wide = try await administration.addGrant(
      to: "OWNER",
      GrantTerms(.everything, effect: .limits, narrowing: GrantNarrowing(modalities: ["CT", "MR"]), rights: Self.full))
    #expect(try await made.states == [.active, .active, .active, .active])
    _ = try await administration.addGrant(
      to: "OWNER", GrantTerms(.everything, effect: .limits, narrowing: Self.ct, rights: Self.full, until: end))
    #expect(try await made.states == [.active, .active, .active, .active, .active])
    try await administration.revokeGrant(wide.number)
    #expect(try await made.states == [.active, .active, .revoked, .revoked, .active])
    #expect(try await administration.grants()[1].until == end)
    await #expect(throws: ArchiveError.self) { try await administration.extendGrant(2, until: end + 1) }
    #expect(try await share("CT").until == end)
    try await made.archive.close()
  }

  /// A group's grant is shared by a member as long as the membership lasts, whatever is extended later.
  @Test func noLongerThanTheMembership() async throws {
    let made = try await made()
    let end = test.clock.now + 1000
    try await made.administration.setGroup("practice", members: [])
    try await made.administration.addMember("OWNER", toGroup: "practice", since: nil, until: end)
    _ = try await made.administration.addGrant(to: "practice", GrantTerms(Self.patient, rights: Self.own))
    let shared = try await made.administration.addGrant(
      to: "FRIEND", GrantTerms(Self.patient, rights: .query, until: end - 10), sharer: "OWNER")
    for until in [end + 1, nil] {
      await #expect(throws: ArchiveError.self) {
        try await made.administration.extendGrant(shared.number, until: until)
      }
    }
    #expect(try await made.administration.extendGrant(shared.number, until: end).until == end)
    test.clock.advance(by: 1001)
    await #expect(throws: ArchiveError.self) {
      try await made.administration.extendGrant(shared.number, until: end + 2000)
    }
    try await made.archive.close()
  }

  /// Whatever was changed with something else is in the chain, with its number and whose data it opened.
  @Test(arguments: ["revoke", "suspend", "extend", "group", "peer", "leave", "veto", "withdraw"])
  func whatFollowsIsOnRecord(how: String) async throws {
    let made = try await made()
    let administration = made.administration
    try await administration.setGroup("practice", members: ["OWNER"])
    let consent = try await administration.record(ConsentDraft(kind: .permission, scope: Self.patient))
    let own = try await administration.addGrant(
      to: how == "peer" ? "OWNER" : "practice",
      GrantTerms(Self.patient, rights: Self.own, basis: GrantBasis(consent: consent)))
    let shared = try await administration.addGrant(
      to: "OTHER", GrantTerms(Self.study, rights: [.query, .share]), sharer: "OWNER")
    let again = try await administration.addGrant(
      to: "FRIEND", GrantTerms(Self.series, rights: .query), sharer: "OTHER")
    var (acts, grants) = (["grants revoked"], [shared.number, again.number])
    switch how {
    case "revoke": try await administration.revokeGrant(own.number)
    case "suspend":
      _ = try await administration.suspendGrant(own.number)
      _ = try await administration.resumeGrant(own.number)
      acts = ["grants suspended", "grants resumed"]
    case "extend":
      _ = try await administration.extendGrant(own.number, until: test.clock.now + 100)
      acts = ["grants shortened"]
    case "group":
      try await administration.removeGroup("practice")
      grants = [own.number] + grants
    case "peer":
      try await administration.removePeer("OWNER")
      grants = [own.number] + grants
    case "leave": try await administration.removeMember("OWNER", fromGroup: "practice")
    case "veto":
      _ = try await administration.record(ConsentDraft(kind: .veto, scope: Self.patient, party: "practice"))
    default:
      _ = try await administration.withdrawConsent(consent)
      grants = [own.number] + grants
    }
    let records = try made.archive.database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT act, grants, count, detail, coalesce(study_uid, (SELECT group_concat(patient_id || study_uid, ' ')
            FROM audit_subject WHERE record = number)) AS study FROM audit WHERE act LIKE 'grants %' ORDER BY number
          """)
    }
    #expect(records.map { $0["act"] as String } == acts)
    for record in records {
      #expect(record["grants"] as String == grants.map(String.init).joined(separator: ","))
      #expect(record["count"] as Int == grants.count)
      #expect((record["detail"] as String).contains("\(again.number) to 'FRIEND'"))
      #expect((record["study"] as String?)?.contains("1.2.3") == true)
    }
    #expect(try await made.archive.operations(as: .current).verifyAudit([]).isWhole)
    try await made.archive.close()
  }

  /// A grant's history says what its row said, whatever was done to it.
  @Test(arguments: [Grant.State.pending, .suspended, .active]) func historyIsWhatWas(state: Grant.State) async throws {
    let made = try await made()
    let end = test.clock.now + 100
    let grant = try await made.administration.addGrant(
      to: "FRIEND", GrantTerms(Self.patient, rights: .query, until: end), pending: state == .pending)
    if state == .suspended { _ = try await made.administration.suspendGrant(grant.number) }
    test.clock.advance(by: 200)
    let extended = try await made.administration.extendGrant(grant.number, until: test.clock.now + 100)
    #expect(extended.state == state)
    test.clock.advance(by: 10)
    #expect(try await made.sees() == (state == .active))
    let holders = try await made.administration.access(toPatient: "P1", issuer: nil, at: test.clock.now)
    #expect(holders.entries.map(\.principal) == (state == .active ? ["FRIEND"] : []))
    try await made.archive.close()
  }

  /// What is shortened with what it rests on is not shortened, and noted, by itself once more.
  @Test func aShareOfAShareIsShortenedOnce() async throws {
    let made = try await made()
    _ = try await made.administration.addGrant(to: "OWNER", GrantTerms(Self.patient, rights: Self.own))
    _ = try await made.administration.addGrant(
      to: "OTHER", GrantTerms(Self.study, rights: [.query, .share]), sharer: "OWNER")
    _ = try await made.administration.addGrant(to: "FRIEND", GrantTerms(Self.study, rights: .query), sharer: "OTHER")
    let begins = test.clock.now + 3600
    _ = try await made.administration.record(
      ConsentDraft(kind: .veto, scope: Self.study, party: "OWNER", from: begins))
    #expect(try await made.administration.grants().map(\.until) == [nil, begins, begins])
    // One with the grant, and one when it was shortened.
    let noted = try await made.archive.database.read { database in
      try Int.fetchAll(database, sql: "SELECT COUNT(*) FROM grant_event GROUP BY grant_number ORDER BY grant_number")
    }
    #expect(noted == [1, 2, 2])
    let recorded = try await made.archive.database.read { database in
      try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM audit WHERE act = 'grants shortened'")
    }
    #expect(recorded == 2)
    try await made.archive.close()
  }
}
