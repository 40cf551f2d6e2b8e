// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

/// Who may add to a study, and what becomes of the rest (A47, A48).
@Suite struct AddingTests {
  private let test = TestArchive()

  private func peer(_ name: String, _ rights: Rights, in archive: Archive) async throws -> Caller {
    let title = try #require(AETitle(name))
    try await archive.administration(as: .current).addPeer(
      Peer(
        name: name, aeTitle: title, addresses: [try #require(Network("127.0.0.1"))], port: nil, rights: rights,
        acceptsPrivateSOPClasses: false))
    guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: name, address: "127.0.0.1") else {
      throw ArchiveError("not admitted")
    }
    return caller
  }

  private func send(_ object: TestObject, as caller: Caller, to archive: Archive) async throws -> Receipt.Outcome {
    let reception = try await archive.receive(object.announcement, from: .peer(caller))
    try await reception.append(object.dataSet)
    return try await reception.commit().outcome
  }

  @Test func aSenderAddsToWhatItBeganAndToWhatItMay() async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let trusted = try await peer("PACS", [.store, .add], in: archive)
    let stranger = try await peer("WS", [.store, .query], in: archive)
    let reader = try await peer("READER", [.query], in: archive)
    _ = try await administration.addGrant(to: "READER", scope: .everything, until: nil)
    #expect(try await send(TestObject(instance: "1.1"), as: ct, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.2"), as: ct, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.3"), as: trusted, to: archive) == .stored)
    // Another's study: it hears what it would hear if there were none, and nobody else sees it.
    #expect(try await send(TestObject(instance: "1.4"), as: stranger, to: archive) == .stored)
    // The same object as is there, and another under its UID.
    #expect(try await send(TestObject(instance: "1.1"), as: stranger, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.2", comment: "other"), as: stranger, to: archive) == .stored)
    // Its study and series under another patient (A48).
    #expect(try await send(TestObject(instance: "1.5", patientID: "P2"), as: stranger, to: archive) == .stored)
    let images = { try await archive.values(of: .sopInstanceUID, at: .image, as: reader) }
    #expect(try await images().sorted() == ["1.1", "1.2", "1.3"])
    #expect(try await archive.values(of: .numberOfPatientRelatedInstances, at: .patient, as: reader) == ["3"])
    #expect(try await archive.countAside() == AsideCount(studies: 2, objects: 4))
    let news = try await archive.newsAside(after: 0)
    #expect(news.senders == ["WS": 2])
    #expect(try await archive.newsAside(after: news.last) == AsideNews(senders: [:], last: news.last))
    let aside = try await administration.studiesAside()
    #expect(aside.map(\.sender) == ["WS", "WS"] && aside.map(\.instances).reduce(0, +) == 4)
    // What the sender itself was granted shows what it sent, in the study that it came for.
    _ = try await administration.addGrant(to: "WS", scope: .patient(id: "P1", issuer: nil), until: nil)
    #expect(
      try await archive.values(of: .sopInstanceUID, at: .image, as: stranger).sorted() == ["1.1", "1.2", "1.3", "1.4"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: stranger) == ["1.2.3"])
    // A study of two patients who are both seen is two (A48).
    _ = try await administration.addGrant(to: "WS", scope: .patient(id: "P2", issuer: nil), until: nil)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: stranger) == ["1.2.3", "1.2.3"])
    #expect(try await archive.values(of: .patientID, at: .study, as: stranger).sorted() == ["P1", "P2"])
    try await administration.revokeGrant(3)
    // A new index keeps aside what is aside.
    _ = try await OperationThread.run {
      try Reindex(of: archive.operations(as: .current), OperationProgress()).perform()
    }
    #expect(try await images().sorted() == ["1.1", "1.2", "1.3"])
    #expect(try await administration.admit(study: "1.2.3", from: "WS") == 4)
    #expect(try await images().sorted() == ["1.1", "1.2", "1.3", "1.4", "1.5"])
    #expect(try await administration.studiesAside().isEmpty)
    try await archive.close()
  }

  /// Who has something of a study aside, and sees nothing else of it, cannot tell from what follows whether there is more.
  @Test(arguments: [true, false])
  func whatFollowsGoesWhereTheFirstWent(isThere: Bool) async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let station = try await peer("WS", [.store, .query], in: archive)
    _ = try await administration.addGrant(to: "WS", GrantTerms(.patient(id: "P1", issuer: nil), rights: [.query]))
    #expect(try await send(TestObject(instance: "1.1", patientID: "P2"), as: ct, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.2"), as: station, to: archive) == .stored)
    if !isThere {
      let operations = archive.operations(as: .current)
      #expect(
        try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "test", keepsOut: false)).instances
          == 1)
    }
    #expect(try await send(TestObject(instance: "1.3"), as: station, to: archive) == .stored)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: station) == ["1.2.3"])
    #expect(try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: station) == ["2"])
    try await archive.close()
  }

  /// What the sender is told at each level of a study of which it has something aside and sees something else.
  @Test(arguments: [true, false])
  func whatIsAsideAndWhatIsSeenIsOne(isKeyed: Bool) async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let station = try await peer("WS", [.store, .query], in: archive)
    _ = try await administration.addGrant(to: "WS", scope: .patient(id: "P1", issuer: nil), until: nil)
    for instance in ["1.1", "1.2"] {
      #expect(try await send(TestObject(instance: instance), as: ct, to: archive) == .stored)
    }
    for object in [
      TestObject(instance: "1.2"), TestObject(instance: "1.3"),
      TestObject(instance: "1.4", series: "1.2.3.2", modality: "MR"),
    ] { #expect(try await send(object, as: station, to: archive) == .stored) }
    #expect(try await administration.studiesAside().map(\.instances) == [3])
    let key = MatchingKey(tag: .modalitiesInStudy, matching: .singleValue("MR"))
    let told = { (tag: DICOMData.Tag, level: QueryRetrieveLevel) in
      let keys = isKeyed && level != .patient ? [key] : []
      return try await archive.values(of: tag, at: level, as: station, keys).sorted()
    }
    #expect(try await told(.studyInstanceUID, .study) == ["1.2.3"])
    #expect(try await told(.numberOfStudyRelatedSeries, .study) == ["2"])
    #expect(try await told(.numberOfStudyRelatedInstances, .study) == ["4"])
    #expect(try await told(.modalitiesInStudy, .study) == ["CT\\MR"])
    #expect(try await told(.seriesInstanceUID, .series) == ["1.2.3.1", "1.2.3.2"])
    #expect(try await told(.numberOfSeriesRelatedInstances, .series) == ["1", "3"])
    #expect(try await told(.numberOfStudyRelatedInstances, .series) == ["4", "4"])
    #expect(try await told(.sopInstanceUID, .image) == ["1.1", "1.2", "1.3", "1.4"])
    #expect(try await told(.numberOfPatientRelatedStudies, .patient) == ["1"])
    #expect(try await told(.numberOfPatientRelatedSeries, .patient) == ["2"])
    #expect(try await told(.numberOfPatientRelatedInstances, .patient) == ["4"])
    try await archive.close()
  }

  /// Whoever sees a part of a study, and sent another, cannot tell whether there is something else by what somebody adds to it.
  @Test func whatIsAddedTellsNothingOfWhatIsHidden() async throws {
    var told: [[String]] = []
    for isThere in [true, false] {
      let test = TestArchive()
      let archive = try test.open()
      let ct = try await peer("CT1", [.store], in: archive)
      let pacs = try await peer("PACS", [.store, .add], in: archive)
      let station = try await peer("WS", [.store, .query], in: archive)
      var terms = GrantTerms(.patient(id: "P1", issuer: nil), rights: [.query])
      terms.narrowing.recordTypes = .reports
      _ = try await archive.administration(as: .current).addGrant(to: "WS", terms)
      if isThere { #expect(try await send(TestObject(instance: "1.1"), as: ct, to: archive) == .stored) }
      for (sender, instance) in [(station, "1.2"), (pacs, "1.3"), (station, "1.4")] {
        let report = TestObject(
          instance: instance, series: "1.2.3.2", modality: "SR", sopClass: "1.2.840.10008.5.1.4.1.1.88.11")
        #expect(try await send(report, as: sender, to: archive) == .stored)
      }
      var all: [String] = []
      for (tag, level) in [
        (.studyInstanceUID, .study), (.numberOfStudyRelatedInstances, .study), (.numberOfStudyRelatedSeries, .study),
        (.modalitiesInStudy, .study), (.sopClassesInStudy, .study), (.seriesInstanceUID, .series),
        (.numberOfSeriesRelatedInstances, .series), (.sopInstanceUID, .image),
        (.numberOfPatientRelatedInstances, .patient), (.numberOfPatientRelatedStudies, .patient),
      ] as [(DICOMData.Tag, QueryRetrieveLevel)] {
        all += try await archive.values(of: tag, at: level, as: station) + ["|"]
      }
      told.append(all)
      try await archive.close()
    }
    #expect(told[0] == told[1])
    #expect(told[0].first == "1.2.3" && told[0].contains("1.3"))
  }

  @Test func aGrantLetsAddWhatItSays() async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let station = try await peer("WS", [.store], in: archive)
    #expect(try await send(TestObject(instance: "1.1"), as: ct, to: archive) == .stored)
    var terms = GrantTerms(.study(uid: "1.2.3"), rights: [.query, .add])
    terms.narrowing.recordTypes = .reports
    _ = try await administration.addGrant(to: "WS", terms)
    let report = "1.2.840.10008.5.1.4.1.1.88.11"
    #expect(
      try await send(
        TestObject(instance: "1.2", series: "1.2.3.2", modality: "SR", sopClass: report), as: station, to: archive)
        == .stored)
    #expect(try await administration.studiesAside().isEmpty)
    #expect(try await send(TestObject(instance: "1.3"), as: station, to: archive) == .stored)
    #expect(try await administration.studiesAside().map(\.instances) == [1])
    try await archive.close()
  }

  /// A study of P1 that was corrected to be P2's: who began it, who may add to P2, who may add to P1, and who sees all.
  private struct Corrected {
    let archive: Archive
    let ct: Caller
    let adder: Caller
    let stranger: Caller
    let reader: Caller
    let correction: Int

    func seen(by caller: Caller) async throws -> [String] {
      try await archive.values(of: .sopInstanceUID, at: .image, as: caller).sorted()
    }
  }

  private func corrected(isMerge: Bool) async throws -> Corrected {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let adder = try await peer("WS", [.store, .query], in: archive)
    let stranger = try await peer("STRANGER", [.store, .query], in: archive)
    let reader = try await peer("READER", [.query], in: archive)
    for (name, patient) in [("WS", "P2"), ("STRANGER", "P1")] {
      let terms = GrantTerms(.patient(id: patient, issuer: nil), rights: [.query, .add])
      _ = try await administration.addGrant(to: name, terms)
    }
    _ = try await administration.addGrant(to: "READER", scope: .everything, until: nil)
    #expect(try await send(TestObject(instance: "1.1"), as: ct, to: archive) == .stored)
    // Nobody has corrected anything: it is another's study, as of another patient.
    #expect(try await send(TestObject(instance: "1.9", patientID: "P2"), as: adder, to: archive) == .stored)
    #expect(try await administration.studiesAside().map(\.sender) == ["WS"])
    let deletion = DeletionOrder(reason: "test")
    _ = try await archive.operations(as: .current).delete(.instance(uid: "1.9"), deletion)
    test.clock.advance(by: 1)
    let number = try await correct(archive, isMerge: isMerge)
    test.clock.advance(by: 1)
    return Corrected(
      archive: archive, ct: ct, adder: adder, stranger: stranger, reader: reader, correction: number)
  }

  /// Under the ID that a study was corrected to, or under that which it came with: into the study where the sender may add to
  /// it as whose it is shown, else aside. A new index says the same, row for row.
  @Test(arguments: [true, false])
  func whatIsSentForACorrectedPatientGoesIntoTheStudy(isMerge: Bool) async throws {
    let world = try await corrected(isMerge: isMerge)
    let archive = world.archive
    let administration = archive.administration(as: .current)
    let second = TestObject(instance: "1.4", series: "1.2.3.4", patientID: "P2")
    for object in [TestObject(instance: "1.2", patientID: "P2"), TestObject(instance: "1.3"), second] {
      #expect(try await send(object, as: world.adder, to: archive) == .stored)
    }
    #expect(try await administration.studiesAside().isEmpty)
    // Who may add to whom it was may not add to whose it is.
    for object in [TestObject(instance: "1.5"), TestObject(instance: "1.6", patientID: "P2")] {
      #expect(try await send(object, as: world.stranger, to: archive) == .stored)
    }
    #expect(try await administration.studiesAside().map(\.sender) == ["STRANGER", "STRANGER"])
    let all = ["1.1", "1.2", "1.3", "1.4"]
    #expect(try await world.seen(by: world.reader) == all)
    #expect(try await world.seen(by: world.adder) == all)
    for (tag, value) in [
      (Tag.numberOfStudyRelatedInstances, "4"), (.numberOfStudyRelatedSeries, "2"), (.patientID, "P2"),
    ] {
      #expect(try await archive.values(of: tag, at: .study, as: world.reader) == [value])
    }
    try await expectSameIndexAnew(archive)
    #expect(try await world.seen(by: world.reader) == all)
    try await archive.close()
  }

  /// Who began it goes on, under either ID; who added by a grant has not begun it, and undoing parts the two again.
  @Test(arguments: [true, false])
  func whoAddedToACorrectedStudyHasNotBegunIt(isMerge: Bool) async throws {
    let world = try await corrected(isMerge: isMerge)
    let archive = world.archive
    let administration = archive.administration(as: .current)
    #expect(try await send(TestObject(instance: "1.2", patientID: "P2"), as: world.adder, to: archive) == .stored)
    try await administration.revokeGrant(1)
    #expect(try await send(TestObject(instance: "1.7", patientID: "P2"), as: world.adder, to: archive) == .stored)
    #expect(try await world.seen(by: world.reader) == ["1.1", "1.2"])
    for object in [TestObject(instance: "1.8"), TestObject(instance: "1.10", patientID: "P2")] {
      #expect(try await send(object, as: world.ct, to: archive) == .stored)
    }
    #expect(try await world.seen(by: world.reader) == ["1.1", "1.10", "1.2", "1.8"])
    try await expectSameIndexAnew(archive)
    _ = try await administration.admit(study: "1.2.3", from: "WS")
    #expect(try await world.seen(by: world.reader) == ["1.1", "1.10", "1.2", "1.7", "1.8"])
    try await expectSameIndexAnew(archive)
    test.clock.advance(by: 1)
    _ = try await archive.corrections(as: .current).undo(world.correction, reason: "not so", agreed: true)
    #expect(try await archive.values(of: .patientID, at: .study, as: world.reader).sorted() == ["P1", "P2"])
    #expect(
      try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: world.reader).sorted() == ["2", "3"])
    try await expectSameIndexAnew(archive)
    try await archive.close()
  }

  /// What was aside is let in as it would have come: whoever sent it has not begun what was there.
  @Test func whatIsLetInIsWhatANewIndexSays() async throws {
    let world = try await corrected(isMerge: false)
    let archive = world.archive
    #expect(try await send(TestObject(instance: "1.2", patientID: "P2"), as: world.stranger, to: archive) == .stored)
    _ = try await archive.administration(as: .current).admit(study: "1.2.3", from: "STRANGER")
    #expect(try await world.seen(by: world.reader) == ["1.1", "1.2"])
    try await expectSameIndexAnew(archive)
    #expect(try await send(TestObject(instance: "1.3", patientID: "P2"), as: world.stranger, to: archive) == .stored)
    #expect(try await world.seen(by: world.reader) == ["1.1", "1.2"])
    try await archive.close()
  }

  private func correct(_ archive: Archive, isMerge: Bool) async throws -> Int {
    let corrections = archive.corrections(as: .current)
    let (wrong, right) = (
      PatientIdentity(stored: "P1", issuer: "", soleStudy: ""), PatientIdentity(stored: "P2", issuer: "", soleStudy: "")
    )
    let outcome =
      isMerge
      ? try await corrections.merge(wrong, into: right, given: .init(name: "Roe"), reason: "one person", agreed: true)
      : try await corrections.reassign(
        study: "1.2.3", from: Corrections.Holder(id: "P1", issuer: nil), to: right, given: .init(name: "Roe"),
        reason: "wrong worklist", agreed: true)
    guard case .done(let number, 1) = outcome else { throw ArchiveError("not corrected: \(outcome)") }
    return number
  }

  private func expectSameIndexAnew(_ archive: Archive) async throws {
    let before = try IndexDump(of: archive)
    _ = try await archive.operations(as: .current).reindex()
    let after = try IndexDump(of: archive)
    let differences = Set(before.lines).symmetricDifference(after.lines).sorted()
    #expect(differences == [])
  }

  /// Who began a study of their own of this UID, under whom the other was corrected to be, goes on in it.
  @Test func whoBeganGoesOnAfterACorrection() async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let mr = try await peer("MR1", [.store], in: archive)
    #expect(try await send(TestObject(instance: "1.1"), as: ct, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.2", patientID: "P2"), as: mr, to: archive) == .stored)
    _ = try await administration.admit(study: "1.2.3", from: "MR1")
    test.clock.advance(by: 1)
    _ = try await correct(archive, isMerge: false)
    test.clock.advance(by: 1)
    #expect(try await send(TestObject(instance: "1.3", patientID: "P2"), as: mr, to: archive) == .stored)
    #expect(try await send(TestObject(instance: "1.4"), as: ct, to: archive) == .stored)
    #expect(try await administration.studiesAside().isEmpty)
    try await expectSameIndexAnew(archive)
    try await archive.close()
  }

  /// What was deleted and is kept out is refused to who sent it, or may add where it was; who never had to do with it hears
  /// what it would hear of a UID that never was here, and nobody else sees what it sent.
  @Test func whatIsKeptOutIsNotToldToStrangers() async throws {
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let ct = try await peer("CT1", [.store], in: archive)
    let again = try await peer("CT2", [.store, .add], in: archive)
    let stranger = try await peer("WS", [.store, .query], in: archive)
    let reader = try await peer("READER", [.query], in: archive)
    for name in ["READER", "WS"] { _ = try await administration.addGrant(to: name, scope: .everything, until: nil) }
    let objects = ["1.1", "1.2"].map { TestObject(instance: $0) }
    for object in objects { #expect(try await send(object, as: ct, to: archive) == .stored) }
    #expect(try await send(objects[0], as: again, to: archive) == .alreadyStored)
    let deletion = try await archive.operations(as: .current).delete(
      .study(uid: "1.2.3"), DeletionOrder(reason: "erasure", keepsOut: true))
    func refused(_ caller: Caller, _ object: TestObject) async {
      let error = await #expect(throws: ReceptionError.self) { try await send(object, as: caller, to: archive) }
      #expect(error?.kind == .keptOut)
    }
    await refused(ct, objects[0])
    await refused(again, objects[0])
    let more = objects + [TestObject(instance: "1.3")]
    for object in more { #expect(try await send(object, as: stranger, to: archive) == .stored) }
    #expect(try await send(objects[1], as: again, to: archive) == .stored)
    #expect(try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: stranger) == ["3"])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: reader).isEmpty)
    #expect(try await administration.studiesAside().map(\.instances).sorted() == [1, 3])
    // One that it was not told of before it is told of no more than another.
    #expect(try await send(objects[1], as: stranger, to: archive) == .alreadyStored)
    try await archive.operations(as: .current).liftDeletion(deletion.number)
    #expect(try await send(objects[0], as: ct, to: archive) == .stored)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: reader) == ["1.2.3"])
    try await archive.close()
  }
}
