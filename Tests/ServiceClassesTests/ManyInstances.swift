// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Foundation
import GRDB
import Logging
import NIOCore
import PixelCodecs
import Testing

@testable import Archive
@testable import ServiceClasses

/// An archive with one study of many instances, each a file of its own name, and a peer to whom the study is granted.
final class ManyInstances: Sendable {
  static let study = "1.2.3"

  let archive: Archive
  let caller: Caller
  let grant: Int
  private let directory: String

  /// `comment`: of each, to make it long.
  init(_ count: Int, comment: String = "") async throws {
    directory = FileManager.default.temporaryDirectory
      .appending(path: "collimator-test-\(UUID().uuidString)").path(percentEncoded: false)
    // A time that stands still: what holds for a moment holds on a slow machine too.
    archive = try Archive.open(directory: directory, now: { 1_790_000_000 })
    let administration = archive.administration(as: .current)
    try await administration.addPeer(
      Peer(
        name: "WS", aeTitle: try #require(AETitle("WS")), addresses: [try #require(Network("127.0.0.1"))], port: nil,
        rights: [.query, .retrieve], acceptsPrivateSOPClasses: false))
    grant = try await administration.addGrant(to: "WS", scope: .study(uid: Self.study), until: nil).number
    caller = try await administration.caller(named: "WS", through: nil, assurance: nil)
    try await store(comment)
    try await multiply(count)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  private func store(_ comment: String) async throws {
    var object = DataSetBuilder(characterSet: .utf8)
    object.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
    object.set(.sopInstanceUID, .ui, "1.2.3.1.1")
    object.set(.patientID, .lo, "P1")
    if !comment.isEmpty { object.set(.patientComments, .lt, comment) }
    object.set(.studyInstanceUID, .ui, Self.study)
    object.set(.seriesInstanceUID, .ui, "1.2.3.1")
    let announcement = Announcement(
      sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.3.1.1",
      transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, callingAETitle: "CT")
    let reception = try await archive.receive(announcement, from: .operator(.current))
    try await reception.append(ByteBuffer(bytes: object.encoded(as: .explicitVRLittleEndian)))
    _ = try await reception.commit()
  }

  /// Rows like the first, and links to its file.
  private func multiply(_ count: Int) async throws {
    let name = try await archive.database.read {
      try #require(try String.fetchOne($0, sql: "SELECT object FROM instance"))
    }
    let shelf = "\(directory)/instances/\(name.prefix(2))"
    let copies = (count < 2 ? [] : Array(2...count)).map { number in
      let digits = String(number, radix: 16)
      return (number: number, name: name.prefix(2) + String(repeating: "0", count: 30 - digits.count) + digits)
    }
    for copy in copies {
      #expect(link("\(shelf)/\(name).dcm", "\(shelf)/\(copy.name).dcm") == 0)
    }
    try await archive.database.write { database in
      let columns = try database.columns(in: "instance").map(\.name)
        .filter { !["id", "object", "v_00080018"].contains($0) }.joined(separator: ", ")
      for copy in copies {
        try database.cachedStatement(
          sql: """
            INSERT INTO instance (id, object, v_00080018, \(columns)) SELECT ?, ?, ?, \(columns) FROM instance WHERE id = 1
            """
        ).execute(arguments: [copy.number, String(copy.name), "1.2.3.1.\(copy.number)"])
      }
    }
  }

  func plan() async throws -> RetrievePlan {
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, "STUDY")
    identifier.set(.studyInstanceUID, .ui, Self.study)
    return try await RetrievePlan(
      try RetrieveIdentifier(
        reading: identifier.encoded(as: .implicitVRLittleEndian), transferSyntax: .implicitVRLittleEndian,
        model: .studyRoot), as: caller, for: .retrieve, of: archive, isSorted: false)
  }

  /// Bytes of each object without its file's head.
  func dataSetSize() async throws -> Int {
    let plan = try await plan()
    return try #require(await FirstPiece.read(Array(plan.instances.prefix(1)), plan.reader).first).get().dataSet
      .readableBytes
  }

  /// The study is somebody else's.
  func correct(name: String) async throws {
    let outcome = try await archive.corrections(as: .current).reassign(
      study: Self.study, from: nil, to: try #require(PatientIdentity(id: "P2", issuer: nil)), given: .init(name: name),
      reason: "a test", agreed: true)
    guard case .done = outcome else { throw ArchiveError("not corrected") }
  }

  func conversion(limit: Int) -> ObjectConversion {
    ObjectConversion(codecs: CodecPool(), room: ConversionRoom(limit: limit))
  }

  /// All of it is sent on to WS.
  func forwarding(_ conversion: ObjectConversion) async throws -> ForwardingOperations {
    let peer = try #require(try await archive.administration(as: .current).peers().first)
    let objects = try await plan().instances.enumerated().map { place, instance in
      (job: ForwardingJob(number: Int64(place), rule: 1, sopInstanceUID: instance.sopInstanceUID), instance: instance)
    }
    return ForwardingOperations(
      OpenForwarding(objects: objects, grants: [grant]),
      to: MoveDestination(peer: peer, host: "127.0.0.1", port: 1, caller: caller), archive: archive,
      conversion: conversion, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  func operations(
    _ plan: RetrievePlan, to receiver: Caller? = nil, conversion: ObjectConversion? = nil
  ) -> SubOperations {
    var command = CommandSet(.cGetRQ)
    command.messageID = 1
    return SubOperations(
      plan: plan, receiver: receiver, progress: RetrieveProgress(total: plan.instances.count, of: command) { _ in },
      conversion: conversion ?? ObjectConversion(codecs: CodecPool()), archive: archive,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }
}
