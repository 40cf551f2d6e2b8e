// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import DICOMData

/// What a reception needs of its archive.
struct ReceptionSurroundings: Sendable {
  let store: any ObjectStore
  let index: any InstanceIndex
  let layout: IndexLayout
  let gate: WriteGate
  let space: SpaceWatch
  /// nil where nobody decodes.
  var samples: (any SampleReading)?
  var decodingTurn = DecodingTurn()
  var arrivals = PictureArrivals()
}

/// One object on its way in: written, hashed and its header read, piece by piece, on a thread that may wait for the disk.
actor Intake {
  private let thread: FileThread
  private let announcement: Announcement
  private let arrival: Arrival
  private let actor: AuditActor
  private let surroundings: ReceptionSurroundings
  private var begun: (any ObjectSink)?
  private var reader: PushReader
  private var digest = SHA256()
  /// Where the head has room for the digest.
  private var digestOffset: Int?
  private var isOver = false
  /// Where the disk is looked at again.
  private var nextLook = Intake.lookDistance

  private static let lookDistance = 16 << 20

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(
    _ announcement: Announcement, arrival: Arrival, from actor: AuditActor, thread: FileThread,
    in surroundings: ReceptionSurroundings
  ) throws(ReceptionError) {
    guard let syntax = TransferSyntax(uid: announcement.transferSyntaxUID) else {
      throw ReceptionError(.doesNotMatch, "the transfer syntax is none that can be stored")
    }
    try surroundings.gate.requireOpen()
    try surroundings.space.requireRoom()
    self.thread = thread
    self.announcement = announcement
    self.arrival = arrival
    self.actor = actor
    self.surroundings = surroundings
    reader = PushReader(
      transferSyntax: syntax, stoppingBefore: .pixelData, keeping: surroundings.layout.wantedElements)
  }

  /// The sink, with the preamble and group 0002 in it: they are ours; the data set that follows is kept as it comes.
  private func sink() async throws(StoreError) -> any ObjectSink {
    if let begun { return begun }
    let sink = try await surroundings.store.begin()
    begun = sink
    let note = arrival.note
    let head = FileMetaInformation.encoded(
      sopClassUID: announcement.sopClassUID, sopInstanceUID: announcement.sopInstanceUID,
      transferSyntaxUID: announcement.transferSyntaxUID, sourceAETitle: announcement.callingAETitle,
      privateInformation: note)
    // The note is the last element of group 0002; what stands before it was sent by a peer, and may look like anything.
    digestOffset = Arrival.digestOffset(inNote: note).map { head.count - note.count + $0 }
    try await sink.write(GatheredBytes(bytes: head))
    return sink
  }

  func append(_ chunk: some ByteChunk) async throws(ReceptionError) {
    guard !isOver else { throw ReceptionError(.unreadable, "the object was given up before") }
    do {
      let sink = try await sink()
      try await sink.write(chunk)
      try chunk.withBytes { bytes in
        digest.update(bufferPointer: bytes)
        try reader.push(bytes)
      }
      if sink.size >= nextLook {
        nextLook = sink.size + Self.lookDistance
        try surroundings.space.requireRoom()
      }
    } catch {
      throw await givenUp(ReceptionError(any: error), error)
    }
  }

  /// The object has arrived in full, these the last of its bytes. When this returns it survives a power cut: bytes and index
  /// are on the disk.
  func commit(_ rest: some ByteChunk) async throws(ReceptionError) -> Receipt {
    try await append(rest)
    let record: InstanceRecord
    let sink: any ObjectSink
    do {
      try reader.finish()
      sink = try await self.sink()
      record = try self.record(sink)
      try surroundings.gate.requireOpen()
      try await sink.keep(amendment(for: record))
    } catch {
      throw await givenUp(ReceptionError(any: error), error)
    }
    isOver = true
    let outcome = try await addToIndex(record, sink)
    if outcome == .stored { surroundings.arrivals.tell(of: record) }
    return Receipt(outcome: outcome, remarks: record.remarks)
  }

  private func record(_ sink: any ObjectSink) throws -> InstanceRecord {
    guard let header = reader.header else { throw ReceptionError(.unreadable, "the data set has no header") }
    try announcement.requireMatch(with: header)
    var record = try InstanceRecord(
      header, announcement: announcement, object: sink.key, digest: Array(digest.finalize()), size: sink.size,
      arrival: arrival, layout: surroundings.layout)
    record.actor = actor
    return record
  }

  private func amendment(for record: InstanceRecord) -> Amendment? {
    digestOffset.map { Amendment(offset: $0, bytes: Array(Arrival.hex(record.digest).utf8)) }
  }

  private func addToIndex(
    _ original: InstanceRecord, _ sink: any ObjectSink
  ) async throws(ReceptionError) -> Receipt.Outcome {
    var record = original
    var compared: [ObjectKey: [UInt8]] = [:]
    let comparison = VersionComparison(
      store: surroundings.store, samples: surroundings.samples, turn: surroundings.decodingTurn)
    while true {
      let addition: Addition
      do throws(IndexError) {
        addition = try await surroundings.index.add(record, compared: compared)
      } catch {
        throw await notIndexed(error, sink)
      }
      switch addition {
      case .done(let outcome):
        guard outcome != .keptOut else {
          await sink.discard()
          throw ReceptionError(.keptOut, "the object was deleted here and is kept out: see collimator deletion list")
        }
        if outcome == .alreadyStored { await sink.discard() } else { await sink.settle() }
        return outcome
      case .replaced(let damaged):
        await sink.settle()
        // Left where it is it would be found without a row by the next start after a crash, which does the same.
        try? await surroundings.store.setAside(damaged)
        return .stored
      case .alreadyHere(let key, let digest):
        compared[key] = await comparison.isReadable(key, digest: digest) ? digest : []
      case .needsComparison(let others):
        // Each turn knows one version more; another can only come while this one looks.
        if record.canonicalDigest == nil {
          record.canonicalDigest = await comparison.canonicalDigest(of: sink.key)
        }
        for key in others { compared[key] = await comparison.canonicalDigest(of: key) }
      }
    }
  }

  /// Where the row is certainly not on the disk, the file goes too: whoever tries again and again must not fill the disk.
  /// Where it may be, the file stays, and the next start sets it right.
  private func notIndexed(_ error: IndexError, _ sink: any ObjectSink) async -> ReceptionError {
    switch error.kind {
    case .untrustworthy: surroundings.gate.close(because: error.description)
    case .busy, .exhausted, .readOnly, .impossible: await sink.discard()
    }
    return ReceptionError(.outOfResources, "the object cannot be taken now: \(error)")
  }

  /// Nothing of the object stays.
  func abandon() async {
    guard !isOver else { return }
    isOver = true
    await begun?.discard()
  }

  private func givenUp(_ reason: ReceptionError, _ cause: any Error) async -> ReceptionError {
    await abandon()
    if let error = cause as? StoreError, error.kind == .untrustworthy {
      surroundings.gate.close(because: error.description)
    }
    return reason
  }
}

extension ReceptionError {
  init(_ error: StoreError) {
    self.init(.outOfResources, error.description)
  }

  fileprivate init(any error: any Error) {
    switch error {
    case let error as ReceptionError: self = error
    case let error as ReadingError:
      self.init(.unreadable, "\(error.reason)", offendingElement: error.tagPath.last)
    case let error as StoreError: self.init(error)
    default: self.init(.outOfResources, "the archive cannot take the object now")
    }
  }
}

extension Announcement {
  fileprivate func requireMatch(with header: DataSet) throws(ReceptionError) {
    guard header.string(.sopClassUID) == sopClassUID else {
      throw ReceptionError(
        .doesNotMatch, "SOP Class UID is not the one announced", offendingElement: .sopClassUID)
    }
    guard header.string(.sopInstanceUID) == sopInstanceUID else {
      throw ReceptionError(
        .doesNotMatch, "SOP Instance UID is not the one announced", offendingElement: .sopInstanceUID)
    }
  }
}
