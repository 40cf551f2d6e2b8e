// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// What an operator is told of patients, and what an operator does to what is owed to peers.
@Suite struct AuditViewTests {
  private static func records(_ archive: Archive, after count: Int = 0) async throws -> [AuditRecord] {
    await archive.audit.flush()
    let all = try await archive.database.read { database in
      try AuditReading.follow(AuditFilter(), after: 0, limit: 10_000, in: database)
    }
    return Array(all.dropFirst(count))
  }

  /// Two patients; a caller who may see all, and something of each list.
  private static func world(_ archive: Archive) async throws -> Caller {
    try await archive.store(TestObject(instance: "9.1"))
    try await archive.store(TestObject(instance: "9.2", study: "1.2.4", patientID: "P2"))
    let caller = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "WS", scope: .everything, until: nil)
    _ = try await administration.addGrant(to: "WS", scope: .patient(id: "P1", issuer: nil), until: nil)
    _ = try await administration.addGrant(to: "WS", scope: .study(uid: "1.2.4"), until: nil)
    _ = try await administration.record(
      ConsentDraft(
        kind: .veto, scope: .patient(id: "P2", issuer: nil), narrowing: GrantNarrowing(), party: "WS",
        holdsInEmergency: false, from: nil, until: nil, reference: nil))
    _ = try await archive.operations(as: .current).addHold(.patient(id: "P1", issuer: nil), reason: "court")
    _ = try await administration.openCode(
      CodeTerms(scope: .patient(id: "P2", issuer: nil), rights: .query, seconds: 60, validity: 60), sharer: nil)
    return caller
  }

  /// Each is one record, of the operator, about just those of whom something was told; `who-saw` finds it.
  @Test func eachViewIsRecorded() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await Self.world(archive)
    let administration = archive.administration(as: .current)
    let operations = archive.operations(as: .current)
    let pictures = archive.pictures(as: .current)
    let rule = ReferralRule(
      name: "r", conditions: [.init(.modality, ["CT"])], scheme: nil, grantee: .principal(name: "WS"),
      opensPatient: true, rights: .query, relationship: .referring, seconds: 60)
    let views: [(String, [String], () async throws -> Void)] = [
      ("access explained", ["P1 1.2.3"], { _ = try await administration.explain(caller, study: "1.2.3") }),
      ("access explained", ["P2 1.2.4"], { _ = try await administration.explain(caller, patient: "P2", issuer: nil) }),
      ("access explained", [], { _ = try await administration.explain(caller, study: "1.2.5") }),
      ("access listed", ["P1 "], { _ = try await administration.access(toPatient: "P1", issuer: nil, at: nil) }),
      ("versions shown", ["P1 1.2.3"], { _ = try await archive.conflicts(as: .current).versions(of: "9.1") }),
      ("corrections listed", [], { _ = try await archive.corrections(as: .current).all() }),
      ("differences listed", [], { _ = try await archive.corrections(as: .current).differences() }),
      ("objects aside listed", [], { _ = try await administration.studiesAside() }),
      ("grants listed", ["P1 ", " 1.2.4"], { _ = try await administration.listGrants() }),
      ("consents listed", ["P2 "], { _ = try await administration.listConsents() }),
      ("codes listed", ["P2 "], { _ = try await administration.listCodes() }),
      ("legal holds listed", ["P1 "], { _ = try await operations.holds() }),
      ("rule tested", ["P1 1.2.3", "P2 1.2.4"], { _ = try await administration.testRule(rule) }),
      ("deletion previewed", ["P2 1.2.4"], { _ = try await operations.deletionPreview(.study(uid: "1.2.4")) }),
      ("retention planned", [], { _ = try await operations.planRetention() }),
      (
        "picture shown", ["P1 1.2.3"],
        {
          let objects = try await pictures.objects(of: InstanceSelection(studyInstanceUIDs: ["1.2.3"]), as: "WS")
          try await pictures.show(objects, as: "WS", "frame 1")
        }
      ),
    ]
    for (act, subjects, view) in views {
      let before = try await Self.records(archive).count
      try await view()
      let records = try await Self.records(archive, after: before)
      #expect(records.map(\.act) == [act])
      #expect(records.map(\.kind) == ["view"])
      #expect(records.allSatisfy { $0.actor == "operator" && $0.principal == Operator.current.name })
      let told = records.flatMap(\.subjects).map { "\($0.patientID) \($0.studyInstanceUID)" }
      #expect(Set(told) == Set(subjects), "\(act)")
    }
    let viewers = try await operations.viewers(ofPatient: "P2", issuer: "")
    #expect(viewers.map(\.kind) == ["view"] && viewers.map(\.principal) == [Operator.current.name])
    // By patient or by study: all but what was told of P1 alone, or of nobody.
    #expect(viewers.first?.times == 6)
    #expect(try await operations.verifyAudit([]).isWhole)
    try await archive.close()
  }

  /// An answer about two patients has the grants of both: each is told with those that can be about them.
  @Test(arguments: [true, false]) func aGrantIsToldOfWhomItCanBeAbout(isOfPatientsAlone: Bool) async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "9.1"))
    try await archive.store(TestObject(instance: "9.2", series: "1.2.4.1", study: "1.2.4", patientID: "P2"))
    let caller = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    let scopes: [GrantScope] = [
      .patient(id: "P1", issuer: nil), .patient(id: "P2", issuer: nil), .study(uid: "1.2.3"), .study(uid: "1.2.4"),
      .series(uid: "1.2.3.1"), .series(uid: "1.2.4.1"), .everything, .patient(id: "P1", issuer: "X"),
      .series(uid: "7.7"),
    ]
    for scope in scopes { _ = try await administration.addGrant(to: "WS", scope: scope, until: nil) }
    for number in [1, 2, 7] { try await administration.revokeGrant(number) }
    let (first, second) = ([1, 3, 5, 7, 9, 99], [2, 4, 6, 7, 9, 99])
    func subject(_ patient: String, _ study: String) -> AuditSubject {
      AuditSubject(patientID: patient, issuer: "", studyInstanceUID: isOfPatientsAlone ? "" : study)
    }
    let read = archive.audited(.query, "C-FIND", as: caller, detail: "")
    try await read.begin(
      showing: AuditDisclosure(subjects: [subject("P1", "1.2.3")], grants: [1, 3, 5, 7, 8, 9]))
    try await read.goOn(showing: AuditDisclosure(subjects: [subject("P2", "1.2.4")], grants: second))
    try await read.end(.success, count: 2)
    let operations = archive.operations(as: .current)
    for (patient, grants) in [("P1", first), ("P2", second)] {
      for issuer in [nil, ""] {
        let viewers = try await operations.viewers(ofPatient: patient, issuer: issuer)
        // Whose ID it is was left open: a grant on somebody's of the same ID can be about them.
        let whole = issuer == nil && patient == "P1" ? (grants + [8]).sorted() : grants
        #expect(viewers.map(\.grants) == [whole], "\(patient)")
        var filter = AuditFilter()
        (filter.patientID, filter.issuer, filter.kinds) = (patient, issuer, [.query])
        #expect(try await operations.auditReport(filter, after: 0, limit: 10).map(\.grants) == [whole])
        let all = try await operations.auditRecords(filter, before: nil, limit: 10)
        #expect(all.map(\.grants) == [[1, 2, 3, 4, 5, 6, 7, 8, 9, 99]])
      }
    }
    try await archive.close()
  }

  /// What cannot be recorded is not told.
  @Test func nothingIsToldThatCannotBeRecorded() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await Self.world(archive)
    try await archive.refuseRecords(true)
    let administration = archive.administration(as: .current)
    await #expect(throws: AuditError.self) { try await administration.explain(caller, study: "1.2.3") }
    await #expect(throws: AuditError.self) { try await administration.listGrants() }
    await #expect(throws: AuditError.self) { try await archive.corrections(as: .current).differences() }
    try await archive.refuseRecords(false)
    try await archive.close()
  }

  /// In the transaction of the change: what was dropped stays known, and for whom it was.
  @Test func whatIsOwedIsChangedOnRecord() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    for name in ["NEXT", "LAST"] {
      let (title, network) = (try #require(AETitle(name)), try #require(Network("127.0.0.1")))
      try await administration.addPeer(
        Peer(
          name: name, aeTitle: title, addresses: [network], port: 104, rights: [.query],
          acceptsPrivateSOPClasses: false))
    }
    func acts(_ change: () async throws -> Void) async throws -> [AuditRecord] {
      let before = try await Self.records(archive).count
      try await change()
      return try await Self.records(archive, after: before)
    }
    let added = try await acts {
      _ = try await administration.addForwardingRule(to: "NEXT", from: nil, callingAETitle: "CT1", modalities: ["CT"])
      _ = try await administration.addForwardingRule(to: "NEXT", from: nil, callingAETitle: nil, modalities: [])
      _ = try await administration.addForwardingRule(to: "LAST", from: nil, callingAETitle: nil, modalities: [])
    }
    #expect(added.map(\.act) == Array(repeating: "forwarding rule added", count: 3))
    #expect(added.first?.detail == "rule 1: to 'NEXT' calling 'CT1', of CT")
    for number in 1...3 { try await archive.store(TestObject(instance: "9.\(number)")) }
    #expect(try await acts { _ = try await administration.retryQueue(nil, number: 999, to: nil) }.isEmpty)
    let retried = try await acts { _ = try await administration.retryQueue(.forwarding, number: nil, to: "NEXT") }
    #expect(retried.map(\.act) == ["forwarding retried"] && retried.first?.count == 3)
    // Nothing is dropped that cannot be recorded.
    try await archive.refuseRecords(true)
    await #expect(throws: DatabaseError.self) { try await administration.dropQueue(nil, number: nil, to: nil) }
    try await archive.refuseRecords(false)
    #expect(try await administration.queue(atMost: 10).count == 6)
    let dropped = try await acts { _ = try await administration.dropQueue(nil, number: nil, to: nil) }
    #expect(dropped.map(\.act) == ["forwarding dropped", "forwarding dropped"])
    #expect(dropped.map(\.destination) == ["LAST", "NEXT"])
    #expect(dropped.allSatisfy { $0.kind == "change" && $0.count == 3 && $0.detail.contains(" 9.2") })
    #expect(dropped.allSatisfy { $0.subjects.map(\.studyInstanceUID) == ["1.2.3"] })
    #expect(dropped.first?.subjects.first?.instances.values.joined().sorted() == ["9.1", "9.2", "9.3"])
    let removed = try await acts { try await administration.removeForwardingRule(2) }
    #expect(removed.map(\.detail) == ["rule 2: to 'NEXT' all"])
    try await archive.close()
  }

  /// With which settings, and what is otherwise than at the last start; of many patients one message is exported, of one his own.
  @Test func startsTellTheirSettings() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let port = StartSetting(name: "port", value: "104", origin: "flag")
    let starts: [([StartSetting], String)] = [
      ([], "all settings as by default"),
      ([port], "settings: port '104' (flag); since the last start: port from its default to '104'"),
      ([port], "settings: port '104' (flag)"),
      (
        [StartSetting(name: "port", value: "105", origin: "environment COLLIMATOR_PORT")],
        "settings: port '105' (environment COLLIMATOR_PORT); since the last start: port from '104' to '105'"
      ),
      ([], "all settings as by default; since the last start: port from '105' to its default"),
    ]
    for (settings, detail) in starts {
      await archive.recordStart(with: settings)
      let record = try await Self.records(archive).last
      #expect(record?.act == "node started" && record?.detail == detail)
    }
    try await archive.close()
  }

  @Test func viewsAreMessagesOfTheStandardsEvents() async throws {
    let test = TestArchive()
    let archive = try test.open()
    _ = try await Self.world(archive)
    let administration = archive.administration(as: .current)
    let pictures = archive.pictures(as: .current)
    _ = try await administration.access(toPatient: "P1", issuer: nil, at: nil)
    _ = try await administration.listGrants()
    try await pictures.show(
      pictures.objects(of: InstanceSelection(studyInstanceUIDs: ["1.2.4"]), as: nil), as: nil, "frame 1")
    let format = AuditMessageFormat(source: "NODE")
    let messages = try await Self.records(archive).filter { $0.kind == "view" }.map(format.messages)
    #expect(messages.map(\.count) == [1, 1, 1])
    let codes = messages.flatMap(\.self).map { $0.firstMatch(of: /EventID csd-code="(\d+)"/)?.output.1 }
    #expect(codes == ["110110", "110113", "110103"])
    #expect(messages.last?.first?.contains("<Instance UID=\"9.2\"/>") == true)
    try await archive.close()
  }
}
