// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Foundation
import NIOCore
import Testing
import UpperLayer

@testable import Archive
@testable import ServiceClasses

/// A40: keys are as long as a peer likes. Their sizes are such that what takes the square of them would not end.
@Suite struct LongKeysTests {
  private static let size = 1 << 15

  /// One attribute of each VR at least, of several values where there is one.
  private static let keys: [DICOMData.Tag] =
    [
      .patientName, .otherPatientNames, .patientID, .otherPatientIDs, .accessionNumber, .studyDescription, .modality,
      .modalitiesInStudy, .patientComments, .documentTitle, .patientAge, .patientWeight, .seriesNumber, .rows,
      .studyInstanceUID, .studyDate, .studyTime, .acquisitionDateTime, .procedureCodeSequence, Tag(0x0040, 0x0241),
      .timezoneOffsetFromUTC, .specificCharacterSet, .queryRetrieveLevel, Tag(0x0009, 0x1001),
    ] + NaiveAttribute.further.map(\.tag)

  private static let texts: [String] = [
    "-", "1-", "--1", "+-", "1", "0.", ":", " ", "*", "a*", "*?", "?", "=", "a=", "a*=", "^", "a ^", "b c*-", "\\",
    "a\\", "ISO 2022 IR 87\\", "é", "e\u{301}", "\u{301}", "頭", "ﾀ", "\"", "\0", "\u{1F1E9}", "\u{1B}$B0!\u{1B}(B",
    "\u{1B}",
  ]

  @Test(arguments: keys)
  func aKeyTakesNoLongerThanItIs(key: DICOMData.Tag) async throws {
    let world = try await LongKeyWorld()
    var characterSets = [["ISO_IR 192"]]
    let vr = DataDictionary.vr(of: key)
    let isText = vr.map { $0.isText || $0 == .sq } ?? true
    if vr?.usesSpecificCharacterSet == true {
      characterSets += [["ISO 2022 IR 13", "ISO 2022 IR 87"], ["GB18030"]]
    }
    for (place, characterSet) in characterSets.enumerated() {
      for text in isText ? Self.texts : ["1", "\0"]
      where place == 0 || !text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x1B }) {
        let value = Array(String(repeating: text, count: Self.size / text.utf8.count).utf8)
        for negotiated in LongKeyWorld.negotiations where place == 0 || !negotiated.matchesNamesBySound {
          try await world.ask(key, value, characterSet, negotiated)
        }
      }
    }
    try await world.close()
  }

  /// PS3.5 §6.2: a date or a time has a greatest length. What has more is not read to be refused.
  @Test(arguments: [DICOMData.Tag.studyDate, .studyTime, .acquisitionDateTime])
  func aRangeHasAGreatestLength(key: DICOMData.Tag) throws {
    let most = "20260101120000.000000+0100 - 20260102120000.000000+0100"
    let longest = [.studyDate: "2026.01.01 - 2026.01.02", .studyTime: "12:00:00.000000 - 13:00:00.000000"][key] ?? most
    #expect(throws: Never.self) {
      try LongKeyWorld.identifier(key, Array(longest.utf8), ["ISO_IR 192"], LongKeyWorld.negotiations[0])
    }
    for text in [String(repeating: "-", count: 66), longest + String(repeating: " ", count: 66)] {
      let failure = #expect(throws: ServiceFailure.self) {
        try LongKeyWorld.identifier(key, Array(text.utf8), ["ISO_IR 192"], LongKeyWorld.negotiations[0])
      }
      #expect(failure?.status == .dataSetDoesNotMatchSOPClass && failure?.offendingElements == [key])
    }
  }

  /// PS3.5 §6.2.1.2: a name has three component groups.
  @Test func aNameHasThreeGroups() {
    for (groups, key) in [(3, DICOMData.Tag.patientName), (4, .patientName), (4, .otherPatientNames)] {
      for text in ["Doe^John", "Doe*"] {
        let value = Array(repeating: text, count: groups).joined(separator: "=")
        let failure = Result { () throws(ServiceFailure) in
          try LongKeyWorld.identifier(key, Array(value.utf8), ["ISO_IR 192"], LongKeyWorld.negotiations[0])
        }
        switch failure {
        case .success: #expect(groups == 3)
        case .failure(let failure):
          #expect(groups == 4 && failure.status == .dataSetDoesNotMatchSOPClass && failure.offendingElements == [key])
        }
      }
    }
  }

  /// Nobody means so many: see `KeyRules`.
  @Test func aListHasAGreatestLength() {
    for (count, key) in [
      (10_000, DICOMData.Tag.patientID), (10_001, .patientID), (10_001, .modality), (30_000, .studyInstanceUID),
    ] {
      let value = (0..<count).map { "\($0)" }.joined(separator: "\\")
      let read = Result { () throws(ServiceFailure) in
        try LongKeyWorld.identifier(key, Array(value.utf8), ["ISO_IR 192"], LongKeyWorld.negotiations[0])
      }
      switch read {
      case .success: #expect(count == 10_000 || key == .studyInstanceUID)
      case .failure(let failure):
        #expect(count == 10_001 && failure.status == .refusedOutOfResources && failure.offendingElements == [key])
      }
    }
  }

  /// As many as an identifier may have elements: each is a condition.
  @Test func conditionsAreNoDeeperForBeingMany() async throws {
    let world = try await LongKeyWorld()
    let key = LongKeyWorld.element(.accessionNumber, Array("NONE".utf8))
    let bytes =
      Array(repeatElement(key, count: 990).joined()) + LongKeyWorld.element(.queryRetrieveLevel, Array("STUDY".utf8))
    let identifier = try QueryIdentifier(reading: bytes, transferSyntax: .implicitVRLittleEndian, model: .studyRoot)
    #expect(identifier.query.keys.count == 990)
    #expect(try await world.count(identifier) == 0)
    try await world.close()
  }
}

/// An archive with a few objects, and somebody who sees all of it.
private struct LongKeyWorld {
  static let negotiations: [QueryNegotiation] = [false, true].map { isAll in
    var negotiated = QueryNegotiation()
    negotiated.isRelational = true
    negotiated.combinesDateAndTime = isAll
    negotiated.matchesNamesBySound = isAll
    negotiated.matchesEmptyValues = isAll
    negotiated.matchesMultipleValues = isAll
    return negotiated
  }

  private let archive: Archive
  private let caller: Caller
  private let folder: String

  init() async throws {
    var options = ArchiveOptions()
    options.furtherKeys =
      (NaiveAttribute.further.map { FurtherKey($0.tag, at: .image) } + [FurtherKey(Tag(0x0040, 0x0241), at: .series)])
      .compactMap { $0 }
    let queried = try await QueriedArchive(options)
    (archive, caller, folder) = (queried.archive, queried.caller, queried.folder)
    var random = NaiveWorld(random: SeededGenerator(seed: 40))
    for number in 0..<20 { try await store(random.object(number)) }
  }

  private func store(_ object: NaiveObject) async throws {
    let reception = try await archive.receive(
      Announcement(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.\(object.number).1.1",
        transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, callingAETitle: "TEST"), from: .operator(.current)
    )
    try await reception.append(ByteBuffer(bytes: object.encoded(in: .utf8, as: .explicitVRLittleEndian)))
    _ = try await reception.commit()
  }

  func close() async throws {
    try await archive.close()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// All that is done about a question: refused or answered.
  func ask(
    _ key: DICOMData.Tag, _ value: [UInt8], _ characterSet: [String], _ negotiated: QueryNegotiation
  ) async throws {
    let identifier: QueryIdentifier
    do {
      identifier = try Self.identifier(key, value, characterSet, negotiated)
    } catch {
      return #expect([.dataSetDoesNotMatchSOPClass, .refusedOutOfResources].contains(error.status), "\(error)")
    }
    #expect(identifier.query.description.utf8.count < 8 * value.count)
    for try await page in archive.reading(as: caller).find(identifier.query) {
      let response = FindResponse(
        to: identifier, columns: page.columns, retrieveAETitle: "US", characterSets: [identifier.characterSetTerms],
        transferSyntax: .implicitVRLittleEndian)
      #expect(response.identifiers(of: page, page.count).all.allSatisfy { $0.count < 10_000 })
    }
  }

  func count(_ identifier: QueryIdentifier) async throws -> Int {
    try await archive.reading(as: caller).find(identifier.query).reduce(into: 0) { $0 += $1.count }
  }

  /// In Implicit VR Little Endian.
  static func identifier(
    _ key: DICOMData.Tag, _ value: [UInt8], _ characterSet: [String], _ negotiated: QueryNegotiation
  ) throws(ServiceFailure) -> QueryIdentifier {
    var elements: [DICOMData.Tag: [UInt8]] = [
      .specificCharacterSet: Array(characterSet.joined(separator: "\\").utf8), .queryRetrieveLevel: Array("IMAGE".utf8),
      .sopInstanceUID: [],
    ]
    if key == .procedureCodeSequence {
      let member = element(Tag(0x0008, 0x0100), value)
      elements[key] = element(Tag(0xFFFE, 0xE000), member)
    } else {
      elements[key] = value
    }
    let bytes = elements.sorted { $0.key < $1.key }.flatMap { element($0.key, $0.value) }
    return try QueryIdentifier(
      reading: bytes, transferSyntax: .implicitVRLittleEndian, model: .studyRoot, negotiated: negotiated)
  }

  static func element(_ tag: DICOMData.Tag, _ value: [UInt8]) -> [UInt8] {
    var buffer = ByteBuffer()
    let padded = value + (value.count % 2 == 0 ? [] : [0x20])
    buffer.writeMultipleIntegers(tag.group, tag.element, UInt32(padded.count), endianness: .little)
    return Array(buffer.readableBytesView) + padded
  }
}
