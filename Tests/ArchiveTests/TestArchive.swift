// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Synchronization

@testable import Archive

/// An archive in a folder of its own, and objects made for it.
final class TestArchive: Sendable {
  let directory: String
  let clock = Clock()

  /// `inMemory`: where no disk is waited for, if the machine has such a place.
  init(inMemory: Bool = false) {
    let shared = "/dev/shm"
    let isThere = inMemory && FileManager.default.isWritableFile(atPath: shared)
    directory = (isThere ? URL(filePath: shared) : FileManager.default.temporaryDirectory)
      .appending(path: "collimator-test-\(UUID().uuidString)").path(percentEncoded: false)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  func open(_ options: ArchiveOptions) throws -> Archive { try open(options: options) }

  /// Passwords are hashed with next to no work, unless a test says otherwise.
  func open(_ identity: IdentityOptions = .cheap, options: ArchiveOptions = ArchiveOptions()) throws -> Archive {
    try Archive.open(directory: directory, options: options, identity: identity) { [clock] in clock.now }
  }

  /// For tests of what is answered: nothing waits for the disk, and a power cut would lose it all.
  func openUnsafely(_ options: ArchiveOptions = ArchiveOptions()) throws -> Archive {
    let archive = try open(options)
    try archive.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    return archive
  }

  /// With one object, and a peer WS to whom nothing is open yet.
  func withOneObject() async throws -> (Archive, Administration, Caller) {
    let archive = try open()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("WS")
    return (archive, archive.administration(as: .current), caller)
  }

  /// The index as another process opens it: it waits while the archive writes, which it may do after an answer too.
  func database() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(60)
    return try DatabaseQueue(path: "\(directory)/index.sqlite", configuration: configuration)
  }

  /// Files in a folder of the archive, however deep.
  func files(in folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/\(folder)").filter {
      $0.contains(".") || folder == "incoming" || folder == "arrivals"
    }
  }

  /// As if all that arrived were long on the disk: the log is not there to help.
  func forgetArrivals() throws {
    for file in try files(in: "arrivals") {
      try FileManager.default.removeItem(atPath: "\(directory)/arrivals/\(file)")
    }
  }
}

extension IdentityOptions {
  static var cheap: IdentityOptions {
    var options = IdentityOptions()
    options.passwordCost = ScryptCost(rounds: 16, blockSize: 8, parallelism: 1)
    return options
  }
}

/// Time that passes when a test says so.
final class Clock: Sendable {
  private let seconds = Mutex(1_800_000_000.0)

  var now: Double { seconds.withLock { $0 } }

  func advance(by interval: Double) {
    seconds.withLock { $0 += interval }
  }
}

/// An object with just what a test needs to say.
struct TestObject: Sendable {
  var instance: String
  var series = "1.2.3.1"
  var study = "1.2.3"
  var patientID = "P1"
  var issuer = ""
  var name = "Doe^John"
  var modality = "CT"
  var date = "20260101"
  var sopClass = "1.2.840.10008.5.1.4.1.1.2"
  var comment = ""
  /// Of the image alone.
  var note = ""
  /// Code Value and Coding Scheme Designator of the document title.
  var title: (value: String, scheme: String)?
  var time = ""
  var zone = ""
  /// Acquisition DateTime.
  var moment = ""
  var accession = ""
  var description = ""
  /// Of the series.
  var seriesDescription = ""

  var dataSet: [UInt8] { encoded(as: .explicitVRLittleEndian) }

  func encoded(as syntax: TransferSyntax) -> [UInt8] {
    var builder = DataSetBuilder(characterSet: .utf8)
    builder.set(.specificCharacterSet, .cs, "ISO_IR 192")
    builder.set(.sopClassUID, .ui, sopClass)
    builder.set(.sopInstanceUID, .ui, instance)
    builder.set(.studyDate, .da, date)
    if !accession.isEmpty { builder.set(.accessionNumber, .sh, accession) }
    if !description.isEmpty { builder.set(.studyDescription, .lo, description) }
    if !seriesDescription.isEmpty { builder.set(.seriesDescription, .lo, seriesDescription) }
    if !time.isEmpty { builder.set(.studyTime, .tm, time) }
    if !zone.isEmpty { builder.set(.timezoneOffsetFromUTC, .sh, zone) }
    if !moment.isEmpty { builder.set(.acquisitionDateTime, .dt, moment) }
    builder.set(.modality, .cs, modality)
    builder.set(.patientName, .pn, name)
    builder.set(.patientID, .lo, patientID)
    if !issuer.isEmpty { builder.set(.issuerOfPatientID, .lo, issuer) }
    builder.set(.patientComments, .lt, comment)
    if !note.isEmpty { builder.set(DICOMData.Tag(0x0020, 0x4000), .lt, note) }
    if !study.isEmpty { builder.set(.studyInstanceUID, .ui, study) }
    if !series.isEmpty { builder.set(.seriesInstanceUID, .ui, series) }
    if let title {
      var item = DataSetBuilder(characterSet: .utf8)
      if !title.value.isEmpty { item.set(DICOMData.Tag(0x0008, 0x0100), .sh, title.value) }
      if !title.scheme.isEmpty { item.set(DICOMData.Tag(0x0008, 0x0102), .sh, title.scheme) }
      builder.setSequence(.conceptNameCodeSequence, [item])
    }
    return builder.encoded(as: syntax)
  }

  var announcement: Announcement { announced(as: .explicitVRLittleEndian) }

  func announced(as syntax: TransferSyntax) -> Announcement {
    Announcement(
      sopClassUID: sopClass, sopInstanceUID: instance, transferSyntaxUID: syntax.uid, callingAETitle: "MODALITY")
  }
}

/// Whether someone who calls is let in.
enum Admission: Sendable {
  case admitted(Caller, Peer)
  /// No peer has this AE title.
  case unknownAETitle
  /// Peers have it, but not from this address.
  case wrongAddress
}

extension [UInt8]: ByteChunk {
  package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    try withUnsafeBytes(body)
  }
}

extension Archive {
  /// Who calls with this AE title from this address, and shows nothing else of itself.
  func caller(callingAETitle: String, address: String) async throws -> Admission {
    switch try await peer(callingAETitle: callingAETitle, address: address) {
    case .unknownAETitle: .unknownAETitle
    case .wrongAddress: .wrongAddress
    case .matched(let peer):
      switch try await verify([], over: .plain, peer: peer) {
      case .success(let caller): .admitted(caller, peer.peer)
      case .failure: .wrongAddress
      }
    }
  }

  @discardableResult
  func store(
    _ object: TestObject, as syntax: TransferSyntax = .explicitVRLittleEndian, issuer: String? = nil
  ) async throws -> Receipt.Outcome {
    let reception = try await receive(object.announced(as: syntax), from: .operator(.current, defaultIssuer: issuer))
    let bytes = object.encoded(as: syntax)
    try await reception.append(Array(bytes.prefix(100)))
    try await reception.append(Array(bytes.dropFirst(100)))
    return try await reception.commit().outcome
  }

  /// A caller who may query, from 127.0.0.1.
  func makeCaller(_ name: String) async throws -> Caller {
    guard let title = AETitle(name), let network = Network("127.0.0.1") else { throw ArchiveError("a bad test") }
    try await administration(as: .current).addPeer(
      Peer(
        name: name, aeTitle: title, addresses: [network], port: nil, rights: [.query], acceptsPrivateSOPClasses: false))
    guard case .admitted(let caller, _) = try await caller(callingAETitle: name, address: "127.0.0.1") else {
      throw ArchiveError("a peer that was added is not admitted")
    }
    return caller
  }

  /// All that a selection names, for the caller.
  func served(_ selection: InstanceSelection, to caller: Caller) async throws -> [ServedInstance] {
    try await reading(as: caller).instances(in: selection).reduce(into: []) { $0 += $1.instances }
  }

  /// The values of one tag in all matches.
  func values(
    of tag: Tag, at level: QueryRetrieveLevel, as caller: Caller, _ keys: [MatchingKey] = [],
    _ options: MatchingOptions = MatchingOptions()
  ) async throws -> [String] {
    var values: [String] = []
    let query = FindQuery(informationModel: .patientRoot, level: level, keys: keys, returning: [tag], options: options)
    for try await page in reading(as: caller).find(query) {
      values += page.rows.map { $0[tag]?.joined(separator: "\\") ?? "(unsupported)" }
    }
    return values
  }
}

extension Archive {
  /// As a full disk does: no record can be written any more, or can again.
  func refuseRecords(_ isRefusing: Bool) async throws {
    try await database.write { database in
      try database.execute(
        sql: isRefusing
          ? "CREATE TRIGGER no_more BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
          : "DROP TRIGGER no_more")
    }
  }
}
