// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct DeletionTests {
  private static let order = DeletionOrder(reason: "asked for")

  /// A start that has files to write gives it up as one that has rows to write.
  @Test func theSpareIsForFilesToo() throws {
    let test = TestArchive()
    try FileManager.default.createDirectory(atPath: test.directory, withIntermediateDirectories: true)
    let spare = SpareSpace(directory: test.directory, size: 4096)
    spare.take()
    var attempts = 0
    try spare.during {
      attempts += 1
      guard attempts == 1 else { return }
      errno = ENOSPC
      throw FileError("write", "file")
    }
    #expect(attempts == 2 && !FileManager.default.fileExists(atPath: test.directory + "/spare"))
  }

  /// On a full disk deleting begins with looking, and that is on record: the spare is for it too.
  @Test func aPreviewUsesTheSpare() async throws {
    let test = TestArchive()
    let archive = try test.open(options: ArchiveOptions(spareSpace: 4096))
    try await archive.store(TestObject(instance: "1.1"))
    let spare = test.directory + "/spare"
    #expect(FileManager.default.fileExists(atPath: spare))
    try await archive.fillTheDisk(exceptFor: spare)
    #expect(try await archive.operations(as: .current).deletionPreview(.everything).instances == 1)
    try await archive.makeRoom()
    try await archive.close()
  }

  /// What the audit gives up to go on answering is not what a deletion needs.
  @Test func theAuditHasASpareOfItsOwn() async throws {
    let test = TestArchive()
    let archive = try test.open(options: ArchiveOptions(spareSpace: 4096))
    let spares = ["spare", "spare-records"].map { test.directory + "/" + $0 }
    func areThere() -> [Bool] { spares.map(FileManager.default.fileExists) }
    #expect(areThere() == [true, true])
    try await archive.fillTheDisk(exceptFor: spares[1])
    _ = try await archive.audit.record(AuditEntry(at: 0, .query, "C-FIND", by: .node))
    #expect(areThere() == [true, false])
    try await archive.makeRoom()
    try await archive.keepHouse()
    #expect(areThere() == [true, true])
    // Given up already, and not enough.
    try await archive.fillTheDisk(exceptFor: test.directory + "/lock")
    await #expect(throws: AuditError.self) {
      try await archive.audit.record(AuditEntry(at: 0, .query, "C-FIND", by: .node))
    }
    try await archive.makeRoom()
    try await archive.close()
  }

  @Test(
    arguments: [
      (.instance(uid: "1.1"), 1), (.series(uid: "1.2.3.1"), 2), (.study(uid: "1.2.3"), 3),
      (.patient(id: "P1", issuer: nil), 4), (.everything, 6),
      (.matching([MatchingKey(tag: .modality, matching: .singleValue("MR"))]), 1),
      (.matching([MatchingKey(tag: .studyDate, matching: .range(from: nil, to: "20201231"))]), 1),
      (.matching([MatchingKey(tag: .patientName, matching: .wildcard("roe*"))]), 2),
    ] as [(ArchiveSelection, Int)])
  func whatIsNamedGoesAndNothingElse(selection: ArchiveSelection, count: Int) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    #expect(try await operations.deletionPreview(selection).instances == count)
    let report = try await operations.delete(selection, Self.order)
    #expect(report.instances == count)
    #expect(report.filesAreGone)
    #expect(try await archive.instanceUIDs().count == all - count)
    #expect(try test.files(in: "instances").count == all - count)
    #expect(try await operations.check(CheckOrder()).faults == [])
    try await archive.close()
    // Neither a start nor a reindex brings it back.
    let again = try test.open()
    _ = try await again.operations(as: .current).reindex()
    #expect(try await again.instanceUIDs().count == all - count)
    let listed = try await again.operations(as: .current).deletions()
    #expect(listed.map(\.instances) == [count])
    #expect(listed.map(\.reason) == ["asked for"])
    try await again.close()
  }

  @Test func whatCouldMeanTwoPersonsIsRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", study: "1", issuer: "A"))
    try await archive.store(TestObject(instance: "1.2", study: "2", issuer: "B"))
    let operations = archive.operations(as: .current)
    for (selection, order) in [
      (.patient(id: "P1", issuer: nil), Self.order), (.patient(id: "", issuer: nil), Self.order),
      (.study(uid: "9"), Self.order), (.study(uid: "1"), DeletionOrder(reason: " ")),
      (.study(uid: "1"), DeletionOrder(reason: "x", expectedInstances: 2)),
    ] as [(ArchiveSelection, DeletionOrder)] {
      await #expect(throws: ArchiveError.self) { try await operations.delete(selection, order) }
    }
    #expect(try await archive.instanceUIDs().count == 2)
    #expect(try await operations.delete(.patient(id: "P1", issuer: "B"), Self.order).instances == 1)
    try await archive.close()
  }

  @Test func aDeletedObjectMayComeAgainAndIsAnother() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    try await archive.store(TestObject(instance: "1.1"))
    _ = try await operations.delete(.instance(uid: "1.1"), Self.order)
    #expect(try await archive.store(TestObject(instance: "1.1")) == .stored)
    #expect(try await operations.deletions().map(\.arrivedAgain) == [1])
    _ = try await operations.reindex()
    #expect(try await archive.instanceUIDs() == ["1.1"])
    try await archive.close()
    let again = try test.open()
    #expect(try await again.instanceUIDs() == ["1.1"])
    try await again.close()
  }

  @Test func whatIsKeptOutIsRefusedUntilItIsLifted() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    try await archive.store(TestObject(instance: "1.1"))
    let report = try await operations.delete(
      .instance(uid: "1.1"), DeletionOrder(reason: "erasure", keepsOut: true))
    for comment in ["", "with other bytes"] {
      let error = await #expect(throws: ReceptionError.self) {
        try await archive.store(TestObject(instance: "1.1", comment: comment))
      }
      #expect(error?.kind == .keptOut)
    }
    #expect(try await archive.store(TestObject(instance: "1.2")) == .stored)
    #expect(try test.files(in: "instances").count == 1)
    try await operations.liftDeletion(report.number)
    await #expect(throws: ArchiveError.self) { try await operations.liftDeletion(report.number) }
    #expect(try await archive.store(TestObject(instance: "1.1")) == .stored)
    try await archive.close()
  }

  @Test(
    arguments: [
      (.patient(id: "P1", issuer: nil), true), (.patient(id: "P1", issuer: ""), true),
      (.patient(id: "P1", issuer: "A"), false), (.study(uid: "1.2.3"), true), (.study(uid: "1.2"), false),
      // PS3.5 §6.2: spaces around a value do not count, wherever they were copied from.
      (.patient(id: " P1 ", issuer: " "), true), (.study(uid: "1.2.3 "), true),
    ] as [(HoldScope, Bool)])
  func aLegalHoldBeatsADeletion(scope: HoldScope, holds: Bool) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    let hold = try await operations.addHold(scope, reason: "lawsuit")
    for selection in [.instance(uid: "1.1"), .study(uid: "1.2.3"), .everything] as [ArchiveSelection] {
      if holds {
        #expect(try await operations.deletionPreview(selection).holds.map(\.number) == [hold.number])
        await #expect(throws: ArchiveError.self) { try await operations.delete(selection, Self.order) }
        #expect(try await archive.instanceUIDs().count == all)
      } else {
        #expect(try await operations.deletionPreview(selection).holds.isEmpty)
      }
    }
    await #expect(throws: ArchiveError.self) { try await operations.releaseHold(hold.number, reason: "") }
    try await operations.releaseHold(hold.number, reason: "settled")
    #expect(try await operations.delete(.everything, Self.order).instances == all)
    try await archive.close()
  }

  /// Held as the study of whom it was corrected to: no further correction, and no undoing, is a way around the hold.
  @Test(arguments: ["reassign", "merge", "undo"]) func noCorrectionTakesAStudyOutOfAHold(way: String) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    let corrections = archive.corrections(as: .current)
    let (p1, b, c) = (try identity("P1"), try identity("B"), try identity("C"))
    let given = Corrections.GivenDemographics(name: "Boe")
    guard case .done(let number, _) = try await corrections.merge(p1, into: b, given: given, reason: "r", agreed: true)
    else { return #expect(Bool(false)) }
    _ = try await operations.addHold(.patient(id: "B", issuer: nil), reason: "lawsuit")
    let error = await #expect(throws: ArchiveError.self) {
      switch way {
      case "merge": _ = try await corrections.merge(b, into: c, given: given, reason: "r", agreed: true)
      case "undo": _ = try await corrections.undo(number, reason: "r", agreed: true)
      default:
        _ = try await corrections.reassign(study: "1.2.3", from: nil, to: c, given: given, reason: "r", agreed: true)
      }
    }
    #expect(error?.description.contains("hold add --study") == true)
    for selection in [ArchiveSelection.study(uid: "1.2.3"), .everything] {
      await #expect(throws: ArchiveError.self) { try await operations.delete(selection, DeletionOrder(reason: "x")) }
    }
    // Held by itself it may go where it belongs.
    for study in ["1.2.3", "2"] { _ = try await operations.addHold(.study(uid: study), reason: "lawsuit") }
    _ = try await corrections.undo(number, reason: "r", agreed: true)
    await #expect(throws: ArchiveError.self) {
      try await operations.delete(.study(uid: "1.2.3"), DeletionOrder(reason: "x"))
    }
    #expect(try await archive.instanceUIDs().count == all)
    try await archive.close()
  }

  private func identity(_ id: String) throws -> PatientIdentity {
    try #require(PatientIdentity(id: id, issuer: nil))
  }

  /// The rows are gone, the files not yet: so a kill leaves it.
  @Test func aDeletionThatWasKilledIsFinishedByTheNextStart() async throws {
    let test = TestArchive()
    do {
      let archive = try test.open()
      for number in 1...3 { try await archive.store(TestObject(instance: "1.\(number)")) }
      let operations = archive.operations(as: .current)
      // A backup that runs keeps the files, as a kill would.
      try operations.gate.during(.backup) {
        let report = try Deletion(of: operations).perform(
          .instance(uid: "1.2"), Self.order, OperationProgress())
        #expect(!report.filesAreGone)
      }
      #expect(try test.files(in: "instances").count == 3)
    }
    let archive = try test.open()
    #expect(try test.files(in: "instances").count == 2)
    #expect(try await archive.instanceUIDs() == ["1.1", "1.3"])
    #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// A file that was damaged, and whose place another copy took, goes with its object: by what the index remembers of it, or,
  /// of an earlier version, by what its own head says.
  @Test(arguments: [true, false]) func damagedFilesGoWithTheirObject(isRemembered: Bool) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    for uid in ["1.1", "1.2"] {
      try await archive.store(TestObject(instance: uid, study: uid))
      let path = try await CheckTests.path(of: uid, in: test)
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[bytes.count - 1] ^= 1
      if isRemembered { bytes[140] ^= 1 }
      try bytes.write(to: URL(filePath: path))
      // One is found by the sender's repeat, the other was found before.
      if uid == "1.2" { #expect(try await operations.check(CheckOrder()).faultCount == 1) }
      #expect(try await archive.store(TestObject(instance: uid, study: uid)) == .stored)
    }
    #expect(try test.files(in: "quarantine").count == 2)
    #expect(try await operations.statistics().quarantinedFiles == 2)
    if !isRemembered { try await archive.database.write { try $0.execute(sql: "DELETE FROM replaced_object") } }
    _ = try await operations.reindex()
    #expect(try await operations.delete(.study(uid: "1.1"), Self.order).filesAreGone)
    #expect(try test.files(in: "quarantine").count == 1)
    _ = try await operations.delete(.study(uid: "1.2"), Self.order)
    #expect(try test.files(in: "quarantine").isEmpty && test.files(in: "instances").isEmpty)
    #expect(try await operations.deletions().map(\.instances) == [1, 1])
    #expect(try await operations.statistics().quarantinedFiles == 0)
    #expect(try await operations.statistics().deletedInstances == 2)
    #expect(try await operations.check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// What lies in quarantine for an object that is still here, in whatever version, is that object's.
  @Test func damagedFilesOfWhatIsLeftStay() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    try await archive.store(TestObject(instance: "1.1"))
    let path = try await CheckTests.path(of: "1.1", in: test)
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    #expect(try await operations.check(CheckOrder()).faultCount == 1)
    try await archive.store(TestObject(instance: "1.1", study: "2", patientID: "P2"))
    _ = try await operations.delete(.study(uid: "2"), Self.order)
    #expect(try test.files(in: "quarantine").count == 1)
    try await archive.close()
  }

  @Test func tombstonesHaveNoPatientData() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", patientID: "SECRET-ID", name: "Secret^Name"))
    _ = try await archive.operations(as: .current).delete(.patient(id: "SECRET-ID", issuer: nil), Self.order)
    let queue = try test.database()
    let text = try await queue.read { database in
      try ["deletion", "tombstone", "arrival", "patient", "study"].flatMap {
        try Row.fetchAll(database, sql: "SELECT * FROM \($0)").map(\.description)
      }.joined()
    }
    #expect(!text.uppercased().contains("SECRET"))
    try await archive.close()
  }
}

extension Archive {
  /// Two patients, four studies, six instances; returns how many.
  @discardableResult
  func storeFamily() async throws -> Int {
    let objects = [
      TestObject(instance: "1.1"), TestObject(instance: "1.2"), TestObject(instance: "1.3", series: "1.2.3.2"),
      TestObject(instance: "1.4", series: "2.1", study: "2", modality: "MR"),
      TestObject(instance: "1.5", series: "3.1", study: "3", patientID: "P2", name: "Roe^Jane", date: "20100101"),
      TestObject(instance: "1.6", series: "4.1", study: "4", patientID: "P2", name: "Roe^Jane"),
    ]
    for object in objects { try await store(object) }
    return objects.count
  }

  /// Of all that can be served, in order.
  func instanceUIDs() async throws -> [String] {
    let name = "READER\(Int.random(in: 0..<1_000_000))"
    let caller = try await makeCaller(name)
    _ = try await administration(as: .current).addGrant(to: name, scope: .everything, until: nil)
    // What cannot be had is answered too, and says so.
    let online = MatchingKey(tag: .instanceAvailability, matching: .singleValue("ONLINE"))
    let found = try await values(of: .sopInstanceUID, at: .image, as: caller, [online]).sorted()
    try await administration(as: .current).removePeer(name)
    return found
  }
}

extension Archive {
  /// No record can be written as long as there is the file.
  fileprivate func fillTheDisk(exceptFor spare: String) async throws {
    try await database.writeWithoutTransaction { database in
      database.add(
        function: DatabaseFunction("needs_space", argumentCount: 0) { _ in
          guard FileManager.default.fileExists(atPath: spare) else { return nil }
          throw DatabaseError(resultCode: .SQLITE_FULL)
        })
      try database.execute(
        sql: "CREATE TEMP TRIGGER full BEFORE INSERT ON main.audit BEGIN SELECT needs_space(); END")
    }
  }

  fileprivate func makeRoom() async throws {
    try await database.writeWithoutTransaction { try $0.execute(sql: "DROP TRIGGER temp.full") }
  }
}
