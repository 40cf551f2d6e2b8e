// SPDX-License-Identifier: Apache-2.0

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
  let hierarchies: HierarchyMemory

  init(
    store: any ObjectStore, index: any InstanceIndex, layout: IndexLayout, gate: WriteGate, space: SpaceWatch,
    samples: (any SampleReading)? = nil
  ) {
    self.store = store
    self.index = index
    self.layout = layout
    self.gate = gate
    self.space = space
    self.samples = samples
    hierarchies = HierarchyMemory(layout)
  }
}

/// One object on its way in: written, hashed and its header read, piece by piece, on a thread that may wait for the disk.
actor Intake {
  private let loan: FileThreads.Loan
  private let surroundings: ReceptionSurroundings
  private var begun: (any ObjectSink)?
  private var reading: ObjectReading
  /// Where the head has room for the digest.
  private var digestOffset: Int?
  private var isOver = false
  /// Where the disk is looked at again.
  private var nextLook = Intake.lookDistance

  private static let lookDistance = 16 << 20

  nonisolated var unownedExecutor: UnownedSerialExecutor { loan.thread.asUnownedSerialExecutor() }

  init(
    _ reading: ObjectReading, on loan: FileThreads.Loan, in surroundings: ReceptionSurroundings
  ) {
    self.loan = loan
    self.surroundings = surroundings
    self.reading = reading
  }

  /// The sink, with the head in it.
  private func sink() async throws(StoreError) -> any ObjectSink {
    if let begun { return begun }
    let sink = try await surroundings.store.begin()
    begun = sink
    let head = reading.head
    digestOffset = head.digestOffset
    try await sink.write(GatheredBytes(bytes: head.bytes))
    return sink
  }

  func append(_ chunk: some ByteChunk) async throws(ReceptionError) {
    guard !isOver else { throw ReceptionError(.unreadable, "the object was given up before") }
    do {
      let sink = try await sink()
      try await sink.write(chunk)
      try chunk.withBytes { try reading.take($0) }
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
      sink = try await self.sink()
      record = try reading.record(of: sink.key, size: sink.size)
      try surroundings.gate.requireOpen()
      try await sink.keep(ObjectReading.amendment(for: record, at: digestOffset))
    } catch {
      throw await givenUp(ReceptionError(any: error), error)
    }
    isOver = true
    return try await Indexing(surroundings: surroundings).add(record, sink)
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

  init(any error: any Error) {
    switch error {
    case let error as ReceptionError: self = error
    case let error as ReadingError:
      self.init(.unreadable, "\(error.reason)", offendingElement: error.tagPath.last)
    case let error as StoreError: self.init(error)
    default: self.init(.outOfResources, "the archive cannot take the object now")
    }
  }
}
