// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct VersionsTests {
  private static let encodings: [TransferSyntax] = [
    .implicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian,
  ]

  @Test func theSameObjectInAnotherEncodingIsARepeat() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.1")
    #expect(try await archive.store(object) == .stored)
    for syntax in Self.encodings {
      #expect(try await archive.store(object, as: syntax) == .alreadyStored, "\(syntax)")
    }
    #expect(try test.files(in: "instances").count == 1)
    #expect(try test.files(in: "incoming").isEmpty)
    #expect(try await archive.conflicts(as: .current).list().isEmpty)
    // Other content in another encoding is no repeat, and met again in a third it is one.
    let changed = TestObject(instance: "1.1", comment: "changed")
    #expect(try await archive.store(changed, as: .implicitVRLittleEndian) == .keptBesideAnother)
    #expect(try await archive.store(changed) == .alreadyStored)
    #expect(try test.files(in: "instances").count == 2)
    try await archive.close()
  }

  /// What was never compared, as in an index that was made of the files alone, may say something else each.
  @Test func aConflictThatNobodyComparedIsListed() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for comment in ["a", "b", "c"] { try await archive.store(TestObject(instance: "1.1", comment: comment)) }
    try await archive.database.write { try $0.execute(sql: "UPDATE instance SET canonical_digest = NULL") }
    let list = try await archive.conflicts(as: .current).list()
    #expect(list.map(\.sopInstanceUID) == ["1.1"] && list.map(\.versions) == [3])
    try await archive.close()
  }

  /// What says the same as an object whose file was lost takes its place, in whatever encoding, where it is known what that
  /// said; else both are kept, and are no conflict once both can be read.
  @Test(arguments: [true, false]) func aLostObjectIsHealedByItsRepeatInAnotherEncoding(isKnown: Bool) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.1")
    let (operations, conflicts) = (archive.operations(as: .current), archive.conflicts(as: .current))
    try await archive.store(object)
    if isKnown {
      try await archive.store(TestObject(instance: "1.1", comment: "changed"))
      try await conflicts.choose(1, of: "1.1", reason: "the better")
    }
    let count = isKnown ? 2 : 1
    #expect(try await conflicts.list().count == count - 1)
    let number = try #require(try await conflicts.versions(of: "1.1").first).object.name
    let path = "\(test.directory)/instances/\(number.prefix(2))/\(number).dcm"
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    #expect(try await operations.check(CheckOrder()).faultCount == 1)
    #expect(try await archive.store(object, as: .implicitVRLittleEndian) == (isKnown ? .stored : .keptBesideAnother))
    #expect(try await archive.store(object) == (isKnown ? .alreadyStored : .stored))
    for syntax in Self.encodings { #expect(try await archive.store(object, as: syntax) == .alreadyStored) }
    let versions = try await conflicts.versions(of: "1.1")
    #expect(versions.count == 2 && versions.allSatisfy { $0.fault == .none })
    #expect(versions.map(\.isChosen) == [isKnown, false])
    #expect(try await conflicts.list().count == count - 1)
    #expect(try await operations.check(CheckOrder()).isClean)
    #expect(try await operations.reindex().isClean)
    #expect(try await conflicts.list().count == count - 1)
    #expect(try await conflicts.versions(of: "1.1").map(\.isChosen) == [isKnown, false])
    try await archive.close()
  }

  /// F16: 64 at once, eight different contents: each is kept once, all senders hear of success.
  @Test func sixtyFourAtOnceOfEightContents() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let outcomes = try await withThrowingTaskGroup(of: Receipt.Outcome.self) { group in
      for number in 0..<64 {
        let object = TestObject(instance: "1.1", comment: "content \(number % 8)")
        let syntax = number % 16 < 8 ? TransferSyntax.explicitVRLittleEndian : .implicitVRLittleEndian
        group.addTask { try await archive.store(object, as: syntax) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == .stored } == 1)
    #expect(outcomes.count { $0 == .keptBesideAnother } == 7)
    #expect(outcomes.count { $0 == .alreadyStored } == 56)
    #expect(try test.files(in: "instances").count == 8)
    #expect(try await archive.conflicts(as: .current).versions(of: "1.1").count == 8)
    try await archive.close()
  }

  /// A47, A48: one SOP Instance UID under two patients: each caller is served what they may see, and hears of nothing else.
  @Test func eachCallerIsServedTheEarliestThatTheyMaySee() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", study: "3.1", patientID: "P1", name: "One"))
    try await archive.store(TestObject(instance: "1.1", study: "3.2", patientID: "P2", name: "Two"))
    try await archive.store(TestObject(instance: "1.1", study: "3.2", patientID: "P2", name: "Two", comment: "later"))
    let callers = try await [archive.makeCaller("ONE"), archive.makeCaller("TWO"), archive.makeCaller("ALL")]
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "ONE", scope: .patient(id: "P1", issuer: nil), until: nil)
    _ = try await administration.addGrant(to: "TWO", scope: .patient(id: "P2", issuer: nil), until: nil)
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    for (caller, study) in zip(callers, ["3.1", "3.2", "3.1"]) {
      let served = try await archive.served(InstanceSelection(sopInstanceUIDs: ["1.1"]), to: caller)
      #expect(served.map(\.studyInstanceUID) == [study])
    }
    // Who asks for a study is served that study's.
    let inStudy = InstanceSelection(studyInstanceUIDs: ["3.2"], sopInstanceUIDs: ["1.1"])
    #expect(try await archive.served(inStudy, to: callers[2]).map(\.studyInstanceUID) == ["3.2"])
    #expect(try await archive.served(inStudy, to: callers[0]).isEmpty)
    // Who is asked about one version is not answered with another: what TWO sends to ALL is what TWO sees.
    let seen = try await archive.served(InstanceSelection(sopInstanceUIDs: ["1.1"]), to: callers[1])
    #expect(try await archive.served(InstanceSelection(exactly: seen), to: callers[2]) == seen)
    #expect(try await archive.served(InstanceSelection(exactly: seen), to: callers[0]).isEmpty)
    let kept = ReferencedObject(sopClassUID: TestObject(instance: "").sopClass, sopInstanceUID: "1.1")
    let unknown = ReferencedObject(sopClassUID: "1.2.3", sopInstanceUID: "1.1")
    #expect(try await archive.kept([kept, unknown]) == [kept])
    try await archive.close()
  }

  @Test func anAdministratorChooses() async throws {
    let test = TestArchive()
    let archive = try test.open()
    for comment in ["first", "second", "third"] {
      try await archive.store(TestObject(instance: "1.1", comment: comment))
    }
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let conflicts = archive.conflicts(as: .current)
    #expect(try await conflicts.list().map(\.versions) == [3])
    let versions = try await conflicts.versions(of: "1.1")
    let difference = try await conflicts.difference(between: versions[0], and: versions[2])
    #expect(
      difference == [
        ElementDifference(path: "(0010,4000)", name: "Patient Comments", first: "first", second: "third")
      ])
    func servedNow() async throws -> [ObjectKey] {
      try await archive.served(InstanceSelection(sopInstanceUIDs: ["1.1"]), to: caller).map(\.object)
    }
    #expect(try await servedNow() == [versions[0].object])
    try await conflicts.choose(versions[1].number, of: "1.1", reason: "the other was cut off")
    #expect(try await servedNow() == [versions[1].object])
    try await conflicts.choose(versions[2].number, of: "1.1", reason: "no, this one")
    #expect(try await servedNow() == [versions[2].object])
    #expect(try await archive.values(of: .numberOfStudyRelatedInstances, at: .study, as: caller) == ["1"])
    try await conflicts.undoChoice(of: "1.1")
    #expect(try await servedNow() == [versions[0].object])
    await #expect(throws: ArchiveError.self) { try await conflicts.choose(99, of: "1.1", reason: "none") }
    await #expect(throws: ArchiveError.self) { try await conflicts.choose(versions[0].number, of: "1.1", reason: "") }
    // One whose file is gone is compared with nothing, whether that was noticed before or not.
    let name = versions[0].object.name
    try FileManager.default.removeItem(atPath: "\(test.directory)/instances/\(name.prefix(2))/\(name).dcm")
    #expect(try await conflicts.difference(between: versions[0], and: versions[2]) == nil)
    _ = try await archive.operations(as: .current).check(CheckOrder())
    let lost = try #require(try await conflicts.versions(of: "1.1").first)
    #expect(try await conflicts.difference(between: lost, and: versions[2]) == nil)
    try await archive.close()
  }

  @Test func bytesAreReadByRange() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.1")
    try await archive.store(object)
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let served = try #require(
      try await archive.served(InstanceSelection(studyInstanceUIDs: ["1.2.3"]), to: caller).first)
    let reader = archive.reading(as: caller)
    var bytes: [UInt8] = []
    while bytes.count < served.size { bytes += try await reader.bytes(bytes.count..<bytes.count + 100, of: served) }
    #expect(Array(bytes.suffix(object.dataSet.count)) == object.dataSet)
    #expect(try await reader.bytes(served.size..<served.size + 10, of: served).isEmpty)
    try await archive.close()
  }

  /// Several thousand instances: each is given once, in pages, the grants asked anew for each.
  @Test func aSelectionComesInPages() async throws {
    let test = TestArchive()
    var options = ArchiveOptions()
    options.pageSize = 16
    let archive = try test.open(options)
    for number in 0..<300 { try await archive.store(TestObject(instance: "1.\(number)")) }
    let caller = try await archive.makeCaller("ALL")
    let administration = archive.administration(as: .current)
    let grant = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    let selection = InstanceSelection(studyInstanceUIDs: ["1.2.3"])
    #expect(Set(try await archive.served(selection, to: caller).map(\.sopInstanceUID)).count == 300)
    var pages = archive.reading(as: caller).instances(in: selection).makeAsyncIterator()
    #expect(try await pages.next()?.instances.count == 16 * 16)
    try await administration.revokeGrant(grant.number)
    #expect(try await pages.next()?.instances.isEmpty == true)
    try await archive.close()
  }
}
