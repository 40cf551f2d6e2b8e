// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Archive

@Suite struct AuditTrailTests {
  private static func records(_ archive: Archive, _ kind: AuditKind? = nil) async throws -> [AuditRecord] {
    await archive.audit.flush()
    return try await archive.database.read { database in
      var filter = AuditFilter()
      filter.kinds = kind.map { [$0] } ?? []
      return try AuditReading.follow(filter, after: 0, limit: 10_000, in: database)
    }
  }

  @Test func eachStoreHasOneRecordInItsOwnTransaction() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask { try await archive.store(TestObject(instance: "9.\(number)", patientID: "P\(number % 3)")) }
      }
      try await group.waitForAll()
    }
    #expect(try await archive.store(TestObject(instance: "9.0", patientID: "P0")) == .alreadyStored)
    let stores = try await Self.records(archive, .store)
    #expect(stores.count == 51)
    #expect(stores.last?.detail == "it was stored before")
    #expect(Set(stores.flatMap { $0.subjects.flatMap { $0.instances.values.joined() } }).count == 50)
    // Where the record cannot be written, nothing is stored.
    try await archive.refuseRecords(true)
    await #expect(throws: ReceptionError.self) { try await archive.store(TestObject(instance: "9.77")) }
    try await archive.refuseRecords(false)
    #expect(try await archive.operations(as: .current).statistics().instances == 50)
    try await archive.close()
  }

  /// By which grant somebody added to what others began, and what is kept aside: also once that was let in.
  @Test func aStoreIsRecordedWithItsGrantAndItsFate() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    var callers: [Caller] = []
    for name in ["CT1", "WS"] {
      let (title, network) = (try #require(AETitle(name)), try #require(Network("127.0.0.1")))
      try await administration.addPeer(
        Peer(
          name: name, aeTitle: title, addresses: [network], port: nil, rights: [.store],
          acceptsPrivateSOPClasses: false))
      guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: name, address: "127.0.0.1") else {
        throw ArchiveError("not admitted")
      }
      callers.append(caller)
    }
    let (modality, station) = (callers[0], callers[1])
    func send(_ object: TestObject, as caller: Caller) async throws {
      let reception = try await archive.receive(object.announcement, from: .peer(caller))
      try await reception.append(object.dataSet)
      _ = try await reception.commit()
    }
    _ = try await administration.addGrant(to: "WS", GrantTerms(.study(uid: "1.2.4"), rights: [.query, .add]))
    _ = try await administration.addGrant(to: "WS", GrantTerms(.study(uid: "1.2.3"), rights: [.query, .add]))
    // It adds nothing.
    _ = try await administration.addGrant(to: "WS", GrantTerms(.everything, rights: [.query]))
    for instance in ["9.1", "9.2", "9.3"] { try await send(TestObject(instance: instance), as: modality) }
    // What it began itself needs none, though it has one.
    for instance in ["8.1", "8.2"] { try await send(TestObject(instance: instance, study: "1.2.4"), as: station) }
    try await send(TestObject(instance: "9.4"), as: station)
    try await send(TestObject(instance: "9.5"), as: station)
    try await send(TestObject(instance: "9.1"), as: station)
    try await send(TestObject(instance: "9.2", comment: "other"), as: station)
    try await administration.revokeGrant(2)
    try await send(TestObject(instance: "9.6"), as: station)
    try await send(TestObject(instance: "9.6"), as: station)
    let conflict = "another object with this UID says something else; both are kept"
    let expected =
      Array(repeating: "[] ", count: 5) + [
        "[2] ", "[2] ", "[2] it was stored before", "[2] \(conflict)", "[] kept aside",
        "[] kept aside; it was stored before",
      ]
    let told = { try await Self.records(archive, .store).map { "\($0.grants) \($0.detail)" } }
    #expect(try await told() == expected)
    #expect(try await administration.admit(study: "1.2.3", from: "WS") == 1)
    _ = try await OperationThread.run {
      try Reindex(of: archive.operations(as: .current), OperationProgress()).perform()
    }
    #expect(try await told() == expected)
    #expect(try await Self.records(archive, .store).last?.subjects.map(\.studyInstanceUID) == ["1.2.3"])
    try await archive.close()
  }

  /// Whoever only receives learns, too, that records can be written again.
  @Test func whatIsStoredTellsThatTheAuditIsWritable() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.refuseRecords(true)
    archive.audit.note(AuditEntry(at: 1, .node, "1", by: .node))
    await archive.audit.flush()
    #expect(archive.audit.failure != nil)
    try await archive.refuseRecords(false)
    try await archive.store(TestObject(instance: "1.1"))
    await archive.audit.flush()
    #expect(archive.audit.failure == nil)
    // Also where nothing waits that could not be written.
    try await archive.refuseRecords(true)
    await #expect(throws: AuditError.self) { try await archive.audit.record(AuditEntry(at: 2, .node, "2", by: .node)) }
    #expect(archive.audit.failure != nil)
    try await archive.refuseRecords(false)
    try await archive.store(TestObject(instance: "1.2"))
    #expect(archive.audit.failure == nil)
    try await archive.close()
  }

  @Test func nothingIsShownThatCannotBeRecorded() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await archive.makeCaller("WS")
    try await archive.refuseRecords(true)
    let read = archive.audited(.query, "C-FIND", as: caller, detail: "")
    await #expect(throws: AuditError.self) { try await read.begin(showing: .nothing) }
    await #expect(throws: AuditError.self) { try await read.end(.success, count: 1) }
    #expect(archive.audit.failure != nil)
    await #expect(throws: AuditError.self) { try await read.goOn(showing: .nothing) }
    // What nobody waits for is kept until it can be written, in its order.
    for number in 0..<5 { archive.audit.note(AuditEntry(at: Double(number), .node, "\(number)", by: .node)) }
    await archive.audit.flush()
    try await archive.refuseRecords(false)
    try await read.end(.success, count: 1)
    #expect(archive.audit.failure == nil)
    let acts = try await Self.records(archive).filter { $0.kind == "node" }.map(\.act)
    #expect(acts == ["0", "1", "2", "3", "4"])
    #expect(try await Self.records(archive, .query).map(\.outcome) == ["success"])
    try await archive.close()
  }

  /// Those that come while others are written wait for their time, and for nothing that somebody else gives.
  @Test func eachNoteIsWrittenWhoeverElseWrites() async throws {
    let test = TestArchive()
    let archive = try test.open()
    func note(_ act: String) -> AuditReceipt {
      archive.audit.note(AuditEntry(at: 0, .node, act, by: .node))
    }
    var numbers: [Int64] = []
    for round in 0..<20 {
      let given = archive.audit.give(AuditEntry(at: 0, .node, "given", by: .node))
      let notes = [note("\(round)"), note("\(round)")]
      numbers.append(try await given.number())
      let late = note("\(round)")
      for receipt in notes + [late] { numbers.append(try await receipt.number()) }
    }
    #expect(Set(numbers).count == 80)
    #expect(numbers == numbers.sorted())
    try await archive.close()
  }

  /// What a store took with it is not written yet.
  @Test func aFlushWaitsForWhatOthersTook() async throws {
    let test = TestArchive()
    let archive = try test.open()
    await archive.audit.flush()
    let isFlushed = Mutex(false)
    // Nobody else writes while this does.
    let notes = try await archive.database.write { [audit = archive.audit] _ in
      audit.note(AuditEntry(at: 0, .node, "taken", by: .node))
      return audit.takeNotes()
    }
    let flushing = Task { [audit = archive.audit] in
      await audit.flush()
      isFlushed.withLock { $0 = true }
    }
    #expect(notes.entries.count == 1)
    for _ in 0..<1000 { await Task.yield() }
    #expect(!isFlushed.withLock { $0 })
    archive.audit.giveBack(notes, isWritable: true)
    await flushing.value
    #expect(try await Self.records(archive).contains { $0.act == "taken" })
    try await archive.close()
  }

  /// Whoever waits for one for which there is no room is told.
  @Test func aRecordWithoutRoomIsRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let receipts = try await archive.database.write { [audit = archive.audit] _ in
      (0...10_000).map { _ in audit.note(AuditEntry(at: 0, .node, "noted", by: .node)) }
    }
    await #expect(throws: AuditError.self) { try await receipts[10_000].number() }
    _ = try await receipts[0].number()
    try await archive.close()
  }

  @Test func whatBeganIsToldUntilItIsKnownHowItEnded() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await archive.makeCaller("WS")
    func disclosure(_ study: String) -> AuditDisclosure {
      AuditDisclosure(
        subjects: [AuditSubject(patientID: "P1", issuer: "", studyInstanceUID: study)], grants: [])
    }
    let first = archive.audited(.query, "C-FIND", as: caller, detail: "first")
    try await first.begin(showing: disclosure("1"))
    try await first.goOn(showing: disclosure("2"))
    let second = archive.audited(.query, "C-FIND", as: caller, detail: "second")
    try await second.begin(showing: disclosure("3"))
    #expect(try await Self.records(archive, .query).map(\.outcome) == ["began", "began", "began"])
    try await first.end(.success, count: 2)
    let records = try await Self.records(archive, .query)
    #expect(records.map(\.detail) == ["second", "first"])
    #expect(records.map(\.outcome) == ["began", "success"])
    #expect(records.last?.subjects.map(\.studyInstanceUID) == ["1", "2"])
    let viewers = try await archive.operations(as: .current).viewers(ofPatient: "P1", issuer: nil)
    #expect(viewers.map(\.times) == [2])
    #expect(viewers.map(\.unfinished) == [1])
    // What it went on with leads to how it ended, and is told once.
    for study in ["1", "2"] {
      var filter = AuditFilter()
      filter.studyInstanceUID = study
      let found = try await archive.operations(as: .current).auditRecords(filter, before: nil, limit: 10)
      #expect(found.map(\.outcome) == ["success"])
      #expect(found.first?.subjects.map(\.studyInstanceUID) == ["1", "2"])
    }
    let rows = try await archive.database.read {
      try Int.fetchOne($0, sql: "SELECT SUM(subjects) FROM audit WHERE detail = 'first'")
    }
    #expect(rows == 2)
    try await archive.close()
  }

  /// What is pruned takes an answer with all that it went on with, or leaves all of it.
  @Test(arguments: [(0.5, 0), (1.5, 1), (2.5, 1), (3.5, 1), (4.5, 4), (5.5, 5)] as [(Double, Int)])
  func anAnswerIsPrunedAsAWhole(before time: Double, gone: Int) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await archive.makeCaller("WS")
    try await archive.database.write { try $0.execute(sql: "DELETE FROM audit") }
    let clock = Mutex(1.0)
    let trail = AuditTrail(database: archive.database) { clock.withLock { $0 } }
    func tick() { clock.withLock { $0 += 1 } }
    func disclosure(_ study: String) -> AuditDisclosure {
      AuditDisclosure(subjects: [AuditSubject(patientID: "P1", issuer: "", studyInstanceUID: study)], grants: [])
    }
    func read() -> AuditedRead {
      AuditedRead(AuditEntry(at: 0, .query, "C-FIND", by: AuditActor(caller)), trail: trail)
    }
    try await read().end(.success, count: 1, showing: disclosure("0"))
    let answer = read()
    tick()
    try await answer.begin(showing: disclosure("1"))
    tick()
    _ = try await answer.goOn(showing: disclosure("2")).number()
    tick()
    try await answer.end(.success, count: 2)
    tick()
    try await read().end(.success, count: 1, showing: disclosure("3"))
    let count = try await archive.database.write { database in
      try AuditCut.cut(before: time, by: .node, at: 6, in: database)
    }
    #expect(count == gone)
    let left = try await archive.database.read { database in
      try AuditReading.follow(AuditFilter(), after: 0, limit: 10, in: database)
    }
    let whole = left.filter { $0.subjects.count > 1 }.map { $0.subjects.map(\.studyInstanceUID) }
    #expect(whole == (gone < 4 ? [["1", "2"]] : []))
    try await archive.close()
  }

  @Test func theSameRefusalWithinAMinuteIsCounted() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for _ in 0..<1000 {
      archive.recordKnock(callingAETitle: "X", calledAETitle: "Y", address: "192.0.2.1", reason: "unknown")
    }
    #expect(try await Self.records(archive, .association).map(\.count) == [1])
    test.clock.advance(by: 61)
    archive.recordKnock(callingAETitle: "X", calledAETitle: "Y", address: "192.0.2.1", reason: "unknown")
    #expect(try await Self.records(archive, .association).map(\.count) == [1, 999, 1])
    // A scanner that calls itself otherwise each time.
    for number in 0..<1000 {
      archive.recordKnock(callingAETitle: "A\(number)", calledAETitle: "Y", address: "192.0.2.1", reason: "unknown")
    }
    archive.audit.noteCountedRefusals(all: true)
    let counts = try await Self.records(archive, .association).compactMap(\.count)
    #expect(counts.count < 210)
    #expect(counts.reduce(0, +) == 2001)
    try await archive.close()
  }

  /// Each change of who may see what, and of what is stored, is one record.
  @Test func eachChangeIsRecorded() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let operations = archive.operations(as: .current)
    let password = Secret("a long password")
    try await archive.store(TestObject(instance: "9.1"))
    try await archive.store(TestObject(instance: "9.2", study: "1.2.4", patientID: "P2"))
    let (first, second) = (PatientIdentity(id: "P1", issuer: nil), PatientIdentity(id: "P2", issuer: nil))
    let from = try #require(first)
    let to = try #require(second)
    let changes: [(String, () async throws -> Void)] = [
      ("peer added", { _ = try await archive.makeCaller("WS") }),
      ("peer changed", { try await administration.setPeer("WS", demand: .password, allowsCleartextPasswords: true) }),
      ("peer changed", { try await administration.setAnswers("WS", most: 5, characterSet: ["ISO_IR 100"]) }),
      ("user added", { try await administration.addUser("weber", password: password) }),
      ("password changed", { try await administration.setPassword(password, ofUser: "weber") }),
      ("user locked", { try await administration.lockUser("weber") }),
      ("user unlocked", { try await administration.unlockUser("weber") }),
      ("group added", { try await administration.setGroup("clinic", kind: nil) }),
      ("group changed", { try await administration.setGroup("clinic", members: ["weber"]) }),
      (
        "grant added",
        { _ = try await administration.addGrant(to: "clinic", scope: .patient(id: "P1", issuer: nil), until: nil) }
      ),
      ("grant revoked", { try await administration.revokeGrant(1) }),
      ("group removed", { try await administration.removeGroup("clinic") }),
      ("user removed", { try await administration.removeUser("weber") }),
      ("peer removed", { try await administration.removePeer("WS") }),
      (
        "patients merged",
        { _ = try await archive.corrections(as: .current).merge(from, into: to, reason: "same", agreed: true) }
      ),
      ("correction undone", { _ = try await archive.corrections(as: .current).undo(1, reason: "not", agreed: true) }),
      ("legal hold placed", { _ = try await operations.addHold(.study(uid: "1.2.3"), reason: "court") }),
      ("legal hold released", { try await operations.releaseHold(1, reason: "over") }),
      (
        "retention rule added",
        { _ = try await operations.addRetentionRule(RetentionRule(days: 1, basis: .arrival, modalities: [])) }
      ),
      ("retention rule removed", { try await operations.removeRetentionRule(1) }),
      (
        "export",
        {
          _ = try await operations.export(
            ExportOrder(selection: .everything, folder: test.directory + "-export", writesDICOMDIR: false))
        }
      ),
      ("backup", { _ = try await operations.backup(to: test.directory + "-backup", keeping: nil) }),
      ("reindex", { _ = try await operations.reindex() }),
      ("check", { _ = try await operations.check(CheckOrder()) }),
      ("delete", { _ = try await operations.delete(.study(uid: "1.2.4"), DeletionOrder(reason: "wish")) }),
      ("audit read", { _ = try await operations.auditRecords(AuditFilter(), before: nil, limit: 1) }),
    ]
    defer {
      for folder in ["-export", "-backup"] { try? FileManager.default.removeItem(atPath: test.directory + folder) }
    }
    for (act, change) in changes {
      let before = try await Self.records(archive).count
      try await change()
      let records = try await Self.records(archive).dropFirst(before)
      #expect(records.map(\.act) == [act])
      #expect(records.allSatisfy { $0.actor == "operator" && $0.principal == Operator.current.name })
      #expect(records.allSatisfy { !"\($0)".contains("a long password") })
    }
    let deleted = try await Self.records(archive, .delete).last
    #expect(deleted?.subjects.map(\.patientID) == ["P2"])
    #expect(deleted?.subjects.first?.instances.values.joined().map { $0 } == ["9.2"])
    #expect(try await operations.verifyAudit([]).isWhole)
    try await archive.close()
  }

  /// By the patient's ID, by an ID that was merged into it, by a study that is theirs now; and by nobody else's.
  @Test func whoSawFollowsCorrections() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "9.1", patientID: "OLD"))
    try await archive.store(TestObject(instance: "9.2", study: "1.2.4", patientID: "NEW", issuer: "A"))
    let caller = try await archive.makeCaller("WS")
    _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .everything, until: nil)
    let served = try await archive.served(InstanceSelection(studyInstanceUIDs: ["1.2.3"]), to: caller)
    let read = archive.audited(.retrieve, "C-GET", as: caller, detail: "")
    try await read.end(
      .success, count: 1, showing: AuditDisclosure(subjects: [AuditSubject](of: served), grants: [1]))
    let operations = archive.operations(as: .current)
    #expect(try await operations.viewers(ofPatient: "OLD", issuer: "").map(\.principal) == ["WS"])
    #expect(try await operations.viewers(ofPatient: "OLD", issuer: "A").isEmpty)
    #expect(try await operations.viewers(ofPatient: "NEW", issuer: "A").isEmpty)
    let (old, new) = (PatientIdentity(id: "OLD", issuer: nil), PatientIdentity(id: "NEW", issuer: "A"))
    _ = try await archive.corrections(as: .current).merge(
      #require(old), into: #require(new), reason: "same", agreed: true)
    let viewers = try await operations.viewers(ofPatient: "NEW", issuer: "A")
    #expect(viewers.map(\.principal) == ["WS"])
    #expect(viewers.map(\.grants) == [[1]])
    // What was merged into one that was merged is followed, too, where nothing but the ID was shown.
    let find = archive.audited(.query, "C-FIND", as: caller, detail: "")
    try await find.end(
      .success, count: 1, showing: AuditDisclosure(subjects: [AuditSubject(try #require(new))], grants: [1]))
    try await archive.store(TestObject(instance: "9.3", study: "1.2.5", patientID: "NEWEST"))
    let newest = try #require(PatientIdentity(id: "NEWEST", issuer: nil))
    _ = try await archive.corrections(as: .current).merge(#require(new), into: newest, reason: "same", agreed: true)
    let all = try await operations.viewers(ofPatient: "NEWEST", issuer: nil)
    // By the query and by the retrieval.
    #expect(all.map(\.principal) == ["WS", "WS"])
    #expect(all.map(\.times) == [1, 1])
    try await archive.close()
  }
}
