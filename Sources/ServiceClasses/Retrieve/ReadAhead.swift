// SPDX-License-Identifier: Apache-2.0

import Archive
import NIOCore
import Synchronization

/// Reads the files of the objects that are sent next while those before are on their way: many small ones at once, into
/// memory that is used again and has a bound.
final class ReadAhead: Sendable {
  typealias Piece = Result<FirstPiece, SubOperationFailure>

  private static let mostBatches = 2
  /// Of one batch; the object with which it gets there is part of it.
  private static let enoughBytes = 1 << 20
  private static let mostObjects = 32

  fileprivate struct Batch {
    let places: [Int]
    let reading: Task<[Piece], Never>
    /// nil until somebody saw the reading end; by place.
    var pieces: [Int: Piece]?
    var taken: Set<Int> = []
  }

  fileprivate struct State {
    /// The first object that nobody has begun to read.
    var next = 0
    /// Those that are not to be read.
    var passed: Set<Int> = []
    var batches: [Batch] = []
  }

  private let instances: [ServedInstance]
  private let places: [String: Int]
  private let reader: ArchiveReader
  private let spare = SpareMemory()
  private let state = Mutex(State())

  /// `instances`: in the order in which they are likely to be sent.
  init(_ instances: [ServedInstance], reader: ArchiveReader) {
    self.instances = instances
    self.reader = reader
    places = Dictionary(
      zip(instances.map(\.sopInstanceUID), instances.indices), uniquingKeysWith: { first, _ in first })
  }

  /// Begins with the first of them.
  func begin() { state.withLock { begin(0, &$0) } }

  /// The beginning of an object that is sent now; nil where it was not read ahead, or was taken before.
  func take(_ instance: ServedInstance) async -> Piece? {
    guard let place = places[instance.sopInstanceUID], instances[place] == instance else { return nil }
    let (piece, reading) = state.withLock { state in
      begin(place, &state)
      return state.take(place)
    }
    guard let reading else { return piece }
    let pieces = await reading.value
    return state.withLock { state in
      state.note(pieces, of: place)
      return state.take(place).piece
    }
  }

  /// The same where it has been read; nil where that has to be waited for, or where it could not be: `take` says why.
  func takeIfRead(_ instance: ServedInstance) -> FirstPiece? {
    guard let place = places[instance.sopInstanceUID], instances[place] == instance else { return nil }
    return state.withLock { state in
      begin(place, &state)
      guard case .success(let piece)? = state.piece(place) else { return nil }
      state.drop(place)
      return piece
    }
  }

  /// It is not sent, or not as it is stored.
  func pass(_ instance: ServedInstance) {
    guard let place = places[instance.sopInstanceUID] else { return }
    state.withLock { state in
      if place >= state.next { state.passed.insert(place) }
      state.drop(place)
    }
  }

  /// Nobody needs the content of a buffer any more.
  func giveBack(_ buffer: ByteBuffer) { spare.giveBack(buffer) }

  /// Keeps two batches ahead of whoever sends: the one that is taken from and the next.
  private func begin(_ place: Int, _ state: inout State) {
    if state.batches.isEmpty, place > state.next { state.next = place }
    while state.batches.count < Self.mostBatches, let places = nextPlaces(&state) {
      let wanted = places.map { instances[$0] }
      state.batches.append(
        Batch(
          places: places,
          reading: Task { [weak self, reader, spare] in
            let pieces = await FirstPiece.read(wanted, reader, into: spare)
            self?.state.withLock { $0.note(pieces, of: places[0]) }
            return pieces
          }))
    }
  }

  private func nextPlaces(_ state: inout State) -> [Int]? {
    var (places, bytes) = ([Int](), 0)
    while state.next < instances.count, places.count < Self.mostObjects, bytes < Self.enoughBytes {
      if state.passed.remove(state.next) == nil {
        places.append(state.next)
        bytes += FirstPiece.range(of: instances[state.next]).count
      }
      state.next += 1
    }
    return places.isEmpty ? nil : places
  }
}

extension ReadAhead.State {
  /// The piece, or what reads it; neither where it is not there.
  fileprivate mutating func take(_ place: Int) -> (piece: ReadAhead.Piece?, reading: Task<[ReadAhead.Piece], Never>?) {
    guard let index = batches.firstIndex(where: { $0.places.contains(place) }), !batches[index].taken.contains(place)
    else { return (nil, nil) }
    guard batches[index].pieces != nil else { return (nil, batches[index].reading) }
    let piece = batches[index].pieces?[place]
    drop(place)
    return (piece, nil)
  }

  /// nil where it is not read yet, or was taken.
  fileprivate func piece(_ place: Int) -> ReadAhead.Piece? {
    batches.first { $0.places.contains(place) && !$0.taken.contains(place) }?.pieces?[place]
  }

  fileprivate mutating func drop(_ place: Int) {
    guard let index = batches.firstIndex(where: { $0.places.contains(place) }) else { return }
    batches[index].pieces?[place] = nil
    batches[index].taken.insert(place)
    if batches[index].taken.count == batches[index].places.count { batches.remove(at: index) }
  }

  fileprivate mutating func note(_ pieces: [ReadAhead.Piece], of place: Int) {
    guard let index = batches.firstIndex(where: { $0.places.contains(place) }), batches[index].pieces == nil else {
      return
    }
    batches[index].pieces = Dictionary(
      uniqueKeysWithValues: zip(batches[index].places, pieces).filter { !batches[index].taken.contains($0.0) })
  }
}
