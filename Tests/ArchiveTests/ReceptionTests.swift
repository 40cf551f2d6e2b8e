// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import Testing

@testable import Archive

@Suite struct ReceptionTests {
  @Test func theDataSetIsKeptBitForBit() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.2.3.1.1")
    #expect(try await archive.store(object) == .stored)
    let files = try test.files(in: "instances")
    #expect(files.count == 1)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(test.directory)/instances/\(files[0])")))
    #expect(bytes.prefix(128).allSatisfy { $0 == 0 })
    let file = try Part10File(reading: bytes)
    #expect(Array(bytes[file.dataSetOffset...]) == object.dataSet)
    #expect(file.meta.mediaStorageSOPInstanceUID == object.instance)
    #expect(file.meta.sourceApplicationEntityTitle == "MODALITY")
    #expect(try test.files(in: "incoming").isEmpty)
    try await archive.close()
  }

  @Test func theSameAgainIsStoredOnce() async throws {
    let test = TestArchive()
    let archive = try test.open()
    #expect(try await archive.store(TestObject(instance: "1.1")) == .stored)
    #expect(try await archive.store(TestObject(instance: "1.1")) == .alreadyStored)
    #expect(try await archive.store(TestObject(instance: "1.1", comment: "changed")) == .keptBesideAnother)
    #expect(try test.files(in: "instances").count == 2)
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller) == ["1.1"])
    #expect(try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: caller) == ["1"])
    try await archive.close()
  }

  @Test func sixtyFourAtOnceAreOne() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let outcomes = try await withThrowingTaskGroup(of: Receipt.Outcome.self) { group in
      for _ in 0..<64 { group.addTask { try await archive.store(TestObject(instance: "1.1")) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == .stored } == 1)
    #expect(outcomes.count { $0 == .alreadyStored } == 63)
    #expect(try test.files(in: "instances").count == 1)
    try await archive.close()
  }

  @Test(arguments: [
    ("no study", TestObject(instance: "1.1", study: ""), DICOMData.Tag.studyInstanceUID),
    ("no series", TestObject(instance: "1.1", series: ""), .seriesInstanceUID),
  ])
  func whatBelongsNowhereIsRefused(what: String, object: TestObject, element: DICOMData.Tag) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let error = await #expect(throws: ReceptionError.self, "\(what)") { try await archive.store(object) }
    #expect(error?.kind == .doesNotMatch)
    #expect(error?.offendingElement == element)
    #expect(try test.files(in: "instances").isEmpty)
    #expect(try test.files(in: "incoming").isEmpty)
    try await archive.close()
  }

  @Test func anObjectOfNoPatientIsKept() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let protocolObject = TestObject(
      instance: "1.1", series: "", study: "", patientID: "", name: "", sopClass: "1.2.840.10008.5.1.4.38.1")
    #expect(try await archive.store(protocolObject) == .stored)
    try await archive.close()
  }

  @Test func whatContradictsItsAnnouncementIsRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for announcement in [
      Announcement(
        sopClassUID: TestObject(instance: "").sopClass, sopInstanceUID: "9.9",
        transferSyntaxUID: "1.2.840.10008.1.2.1", callingAETitle: ""),
      Announcement(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.4", sopInstanceUID: "1.1", transferSyntaxUID: "1.2.840.10008.1.2.1",
        callingAETitle: ""),
    ] {
      let reception = try await archive.receive(announcement, from: .operator(.current))
      try await reception.append(TestObject(instance: "1.1").dataSet)
      await #expect(throws: ReceptionError.self) { try await reception.commit() }
    }
    #expect(try test.files(in: "instances").isEmpty)
    try await archive.close()
  }

  /// Cut at every byte: refused, or whole; never half there.
  @Test func everyTruncationIsRefusedOrWhole() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.1")
    let bytes = object.dataSet
    var kept = 0
    for count in 0..<bytes.count {
      do {
        let reception = try await archive.receive(object.announcement, from: .operator(.current))
        try await reception.append(Array(bytes.prefix(count)))
        _ = try await reception.commit()
        kept += 1
      } catch {
        #expect(error.kind == .unreadable || error.kind == .doesNotMatch)
      }
    }
    // Only a cut between two elements behind the Series Instance UID would be an object of its own; there is none.
    #expect(kept == 0)
    #expect(try test.files(in: "incoming").isEmpty)
    try await archive.close()
  }

  /// A31: a UID is never part of a path, whatever it is; the odd ones are kept and remarked upon.
  @Test(arguments: [
    "../../../etc/passwd", "/etc/passwd", String(repeating: "1.", count: 60) + "1", "1.02.3", "CON", "1..2", "$(id)",
    "%s%n", "1.2.3'; DROP TABLE instance; --",
  ])
  func aUIDIsNeverAPath(uid: String) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: uid, series: uid, study: uid)
    let reception = try await archive.receive(object.announcement, from: .operator(.current))
    try await reception.append(object.dataSet)
    let receipt = try await reception.commit()
    #expect(receipt.outcome == .stored)
    #expect(receipt.remarks.count == 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: test.directory).sorted()
    #expect(
      names.filter { !$0.hasPrefix("index.sqlite") } == [
        "arrivals", "incoming", "instances", "lock", "quarantine", "spare", "spare-records",
      ])
    #expect(try test.files(in: "instances").allSatisfy { $0.wholeMatch(of: /[0-9a-f]{2}\/[0-9a-f]{32}\.dcm/) != nil })
    try await archive.close()
  }
}
