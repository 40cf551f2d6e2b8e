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

/// A40: keys are as long as a peer likes.
@Suite struct LongKeysTests {
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
    folder = FileManager.default.temporaryDirectory.appending(path: "collimator-long-\(UUID().uuidString)").path
    var options = ArchiveOptions()
    options.furtherKeys =
      (NaiveAttribute.further.map { FurtherKey($0.tag, at: .image) } + [FurtherKey(Tag(0x0040, 0x0241), at: .series)])
      .compactMap { $0 }
    archive = try Archive.open(directory: folder, options: options)
    let administration = archive.administration(as: .current)
    try await administration.addPeer(
      Peer(
        name: "ALL", aeTitle: try #require(AETitle("ALL")), addresses: [try #require(Network("127.0.0.1"))], port: nil,
        rights: [.query], acceptsPrivateSOPClasses: false))
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    caller = try await administration.caller(named: "ALL", through: nil, assurance: nil)
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
