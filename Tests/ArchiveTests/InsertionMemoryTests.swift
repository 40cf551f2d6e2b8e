// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// Most instances are of a series that the writer looked up for the one before: what is remembered of it must be what would
/// have been found.
@Suite struct InsertionMemoryTests {
  private static let layout = IndexLayout()

  private static func record(_ object: TestObject) throws -> InstanceRecord {
    let (header, digest) = try HeaderForTest.headerAndDigest(of: object)
    return try InstanceRecord(
      header, announcement: object.announcement, object: .random(), digest: digest, size: 1,
      arrival: Arrival(sender: "test", callingAETitle: "", time: 1, defaultIssuer: ""), layout: layout)
  }

  @Test func aSeriesIsRememberedUntilSomebodyElseWrites() throws {
    let test = TestArchive()
    let archive = try test.open()
    var memory: InsertionMemory? = InsertionMemory()
    var knew: [Bool] = []
    try archive.database.write { database in
      try memory?.begin(in: database)
      for number in 1...4 {
        let record = try Self.record(TestObject(instance: "1.\(number)"))
        knew.append(memory?.place(of: record) != nil)
        _ = try InstanceInsertion(record, layout: Self.layout).perform(in: database, remembering: &memory)
      }
      try memory?.end(in: database)
    }
    #expect(knew == [false, false, true, true])
    let others = [
      TestObject(instance: "1.5"), TestObject(instance: "1.5", comment: "says otherwise of its patient"),
      TestObject(instance: "1.5", patientID: "P2"), TestObject(instance: "1.5", study: "1.2.4"),
      TestObject(instance: "1.5", modality: "MR"),
    ]
    let known = { try others.map { try memory?.place(of: Self.record($0)) != nil } }
    try archive.database.write { try memory?.begin(in: $0) }
    #expect(try known() == [true, false, false, false, false])
    try archive.database.write { try $0.execute(sql: "UPDATE node SET was_closed = was_closed") }
    try archive.database.write { try memory?.begin(in: $0) }
    #expect(try known() == [false, false, false, false, false])
    withExtendedLifetime(test) {}
  }

  private enum Change: CaseIterable {
    case nothing, reassignment, deletion, keepingOut, otherWords, samePatientElsewhere, sameLooks
  }

  /// What comes to a series after it was changed stands as it does in an index that is made from the files.
  @Test(arguments: Change.allCases)
  private func whatIsChangedMeanwhileIsSeen(_ change: Change) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    for number in 1...4 { try await archive.store(TestObject(instance: "1.\(number)")) }
    switch change {
    case .nothing: break
    case .reassignment:
      _ = try await archive.corrections(as: .current).reassign(
        study: "1.2.3", from: nil, to: PatientIdentity(stored: "P9", issuer: "", soleStudy: ""),
        given: .init(name: "Roe"), reason: "r", agreed: true)
    case .deletion: _ = try await operations.delete(.study(uid: "1.2.3"), DeletionOrder(reason: "r"))
    case .keepingOut:
      _ = try await operations.delete(.instance(uid: "1.4"), DeletionOrder(reason: "r", keepsOut: true))
      let error = await #expect(throws: ReceptionError.self) { try await archive.store(TestObject(instance: "1.4")) }
      #expect(error?.kind == .keptOut)
    case .otherWords: try await archive.store(TestObject(instance: "1.7", name: "Roe^Jane", modality: "MR"))
    case .samePatientElsewhere:
      try await archive.store(TestObject(instance: "1.7", series: "1.2.9", study: "1.2.4", name: "Roe^Jane"))
      try await archive.store(TestObject(instance: "1.8", patientID: "P2"))
    case .sameLooks:
      for (number, id) in ["Zoe\u{308}", "Zoe\u{308}", "Zoe\u{308}", "Zo\u{EB}"].enumerated() {
        try await archive.store(
          TestObject(instance: "2.\(number)", series: "1.2.9", study: "1.2.4", patientID: id, name: id))
      }
    }
    for number in 5...6 { #expect(try await archive.store(TestObject(instance: "1.\(number)")) == .stored) }
    let count = try await archive.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM instance") }
    let expected: [Change: Int] = [
      .deletion: 2, .keepingOut: 5, .otherWords: 7, .samePatientElsewhere: 8, .sameLooks: 10,
    ]
    #expect(count == expected[change] ?? 6)
    let before = try IndexDump(of: archive)
    _ = try await operations.reindex()
    #expect(try IndexDump(of: archive) == before)
    try await archive.close()
    withExtendedLifetime(test) {}
  }

  /// A character set out of its place is none, though its bytes are the same.
  @Test func theSameBytesInAnotherOrderSaySomethingElse() throws {
    let characterSet = [8, 0, 5, 0, 0x43, 0x53, 10, 0] + Array("ISO_IR 192".utf8)
    let sopClass = [8, 0, 0x16, 0, 0x55, 0x49, 4, 0] + Array("1.2\0".utf8)
    let standing = try [characterSet + sopClass, sopClass + characterSet].map { bytes in
      try DataSet(reading: Bytes(bytes), transferSyntax: .explicitVRLittleEndian)
    }.map { ($0.standing([.specificCharacterSet], atMost: 100), $0.standing([.specificCharacterSet], atMost: 20)) }
    #expect(standing[0].0 != nil && standing[0].0 != standing[1].0)
    #expect(standing.allSatisfy { $0.1 == nil })
  }

  /// The short way through plain text ends where the long way does.
  @Test func plainNamesAreFoldedAsAllAre() {
    for byte in UInt8(0)...0x7F {
      let name = "aB" + String(UnicodeScalar(byte)) + "Z"
      let folded = name.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
      #expect(MatchingForm.personName(name + "^x") == MatchingForm.personName(folded + "^x"), "\(byte)")
      #expect(MatchingForm.personName(name) == folded, "\(byte)")
    }
  }

  @Test(arguments: ["MODALITY", "a \"quoted\" one", "half/half", "back\\slash", "Müller", "tab\tbed"])
  func theNoteIsAsTheEncoderWritesIt(sender: String) {
    for (time, principal) in [(1_800_000_000.0, Int64(0)), (1_795_310_857.123_456, 7), (0.5, 1)] {
      let arrival = Arrival(
        sender: sender, callingAETitle: "", time: time, defaultIssuer: "NORTH", principal: principal)
      let encoded = arrival.encodedNote
      #expect(arrival.note == (encoded.count % 2 == 0 ? encoded : encoded + [0x20]))
      #expect(Arrival.digestOffset(inNote: arrival.note) != nil)
    }
  }
}
