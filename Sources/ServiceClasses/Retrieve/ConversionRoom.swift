// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Memory for objects while they are converted and until they are out, of all associations together: who finds too little
/// waits for its turn, and not for ever. A receiver has a share, so that one that reads slowly keeps nothing from the others.
final class ConversionRoom: Sendable {
  private struct State {
    var taken = 0
    var takenByReceiver: [String: Int] = [:]
    var mostTaken = 0
    var last = 0
    var waiting: [Waiting] = []
  }

  private struct Waiting {
    let number: Int
    let bytes: Int
    let receiver: String
    let continuation: CheckedContinuation<Void, any Error>
  }

  /// What one object takes; it is given back with the last who holds it, if not before.
  final class Place: Sendable {
    private let bytes: Mutex<Int>
    private let receiver: String
    private let room: ConversionRoom

    fileprivate init(_ bytes: Int, for receiver: String, in room: ConversionRoom) {
      self.bytes = Mutex(bytes)
      self.receiver = receiver
      self.room = room
    }

    deinit { giveBack() }

    /// So much is still needed of it; never more than it was.
    func shrink(to needed: Int) {
      let spare = bytes.withLock { bytes in
        defer { bytes = min(bytes, needed) }
        return bytes - min(bytes, needed)
      }
      if spare > 0 { room.give(spare, of: receiver) }
    }

    /// The object is out, or given up; once more does no harm.
    func giveBack() { shrink(to: 0) }
  }

  private let limit: Int
  private let patience: Duration
  private let state = Mutex(State())

  /// A quarter of the machine's memory, and no less than a large object needs.
  static let usual = max(Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE))) / 4, 1 << 30)

  /// `patience`: who waits longer is told that there is no room.
  init(limit: Int = usual, patience: Duration = .seconds(300)) {
    self.limit = limit
    self.patience = patience
  }

  var mostTaken: Int { state.withLock(\.mostTaken) }
  var taken: Int { state.withLock(\.taken) }
  /// How many wait for their turn.
  var waiting: Int { state.withLock(\.waiting.count) }
  /// What the objects of one receiver may take together; one of them may always be converted.
  private var share: Int { limit / 4 }

  /// What needs more than there is has it for itself. Throws `CancellationError` where the task is cancelled while it waits, and
  /// `SubOperationFailure` where it waits too long. `receiver`: who is to have the object.
  func take(_ bytes: Int, for receiver: String) async throws -> Place {
    let number = state.withLock { state in
      state.last += 1
      return state.last
    }
    let deadline = Task { [weak self, patience] in
      try await Task.sleep(for: patience)
      self?.giveUp(number, SubOperationFailure("there was no room to convert it in \(patience)"))
    }
    defer { deadline.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let known: Result<Void, any Error>? = state.withLock { state in
          // Asked under the lock: whoever cancels from here on finds who waits.
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiting.append(
            Waiting(number: number, bytes: bytes, receiver: receiver, continuation: continuation))
          // Whoever waits already did not fit: of all, only this one can.
          guard admit(&state).isEmpty else { return .success(()) }
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      giveUp(number, CancellationError())
    }
    return Place(bytes, for: receiver, in: self)
  }

  private func giveUp(_ number: Int, _ error: any Error) {
    let (left, next) = state.withLock { state -> (Waiting?, [Waiting]) in
      guard let place = state.waiting.firstIndex(where: { $0.number == number }) else { return (nil, []) }
      return (state.waiting.remove(at: place), admit(&state))
    }
    left?.continuation.resume(throwing: error)
    for waiting in next { waiting.continuation.resume() }
  }

  private func give(_ bytes: Int, of receiver: String) {
    let next = state.withLock { state in
      state.taken -= bytes
      let left = state.takenByReceiver[receiver, default: 0] - bytes
      state.takenByReceiver[receiver] = left > 0 ? left : nil
      return admit(&state)
    }
    for waiting in next { waiting.continuation.resume() }
  }

  /// Nobody is passed by those who need less: large objects would wait for ever. Who waits for a receiver's own share keeps only
  /// that receiver's objects.
  private func admit(_ state: inout State) -> [Waiting] {
    var admitted: [Waiting] = []
    var left: [Waiting] = []
    var full: Set<String> = []
    var isFull = false
    for next in state.waiting {
      let isHeld = isFull || full.contains(next.receiver)
      if !isHeld, !fitsShare(next, state) {
        full.insert(next.receiver)
        left.append(next)
      } else if isHeld || !fits(next.bytes, state) {
        isFull = isFull || !isHeld
        left.append(next)
      } else {
        state.taken += next.bytes
        state.takenByReceiver[next.receiver, default: 0] += next.bytes
        state.mostTaken = max(state.mostTaken, state.taken)
        admitted.append(next)
      }
    }
    state.waiting = left
    return admitted
  }

  private func fits(_ bytes: Int, _ state: State) -> Bool { state.taken == 0 || bytes <= limit - state.taken }

  private func fitsShare(_ waiting: Waiting, _ state: State) -> Bool {
    guard let taken = state.takenByReceiver[waiting.receiver] else { return true }
    return waiting.bytes <= share - taken
  }
}
