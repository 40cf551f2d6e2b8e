// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Memory for objects while they are converted and until they are out, of all associations together: who finds too little
/// waits for its turn.
final class ConversionRoom: Sendable {
  private struct State {
    var taken = 0
    var mostTaken = 0
    var last = 0
    var waiting: [Waiting] = []
  }

  private struct Waiting {
    let number: Int
    let bytes: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  /// What one object takes; it is given back with the last who holds it, if not before.
  final class Place: Sendable {
    private let bytes: Mutex<Int>
    private let room: ConversionRoom

    fileprivate init(_ bytes: Int, in room: ConversionRoom) {
      self.bytes = Mutex(bytes)
      self.room = room
    }

    deinit { giveBack() }

    /// So much is still needed of it; never more than it was.
    func shrink(to needed: Int) {
      let spare = bytes.withLock { bytes in
        defer { bytes = min(bytes, needed) }
        return bytes - min(bytes, needed)
      }
      if spare > 0 { room.give(spare) }
    }

    /// The object is out, or given up; once more does no harm.
    func giveBack() { shrink(to: 0) }
  }

  private let limit: Int
  private let state = Mutex(State())

  /// A quarter of the machine's memory, and no less than a large object needs.
  static let usual = max(Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE))) / 4, 1 << 30)

  init(limit: Int = usual) {
    self.limit = limit
  }

  var mostTaken: Int { state.withLock(\.mostTaken) }
  var taken: Int { state.withLock(\.taken) }
  /// How many wait for their turn.
  var waiting: Int { state.withLock(\.waiting.count) }

  /// What needs more than there is has it for itself. Throws `CancellationError` where the task is cancelled while it waits.
  func take(_ bytes: Int) async throws -> Place {
    let number = state.withLock { state in
      state.last += 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let known: Result<Void, any Error>? = state.withLock { state in
          // Asked under the lock: whoever cancels from here on finds who waits.
          if Task.isCancelled { return .failure(CancellationError()) }
          guard !state.waiting.isEmpty || !fits(bytes, state) else {
            note(bytes, &state)
            return .success(())
          }
          state.waiting.append(Waiting(number: number, bytes: bytes, continuation: continuation))
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      giveUp(number)
    }
    return Place(bytes, in: self)
  }

  private func giveUp(_ number: Int) {
    let (left, next) = state.withLock { state -> (Waiting?, [Waiting]) in
      guard let place = state.waiting.firstIndex(where: { $0.number == number }) else { return (nil, []) }
      return (state.waiting.remove(at: place), admit(&state))
    }
    left?.continuation.resume(throwing: CancellationError())
    for waiting in next { waiting.continuation.resume() }
  }

  private func give(_ bytes: Int) {
    let next = state.withLock { state in
      state.taken -= bytes
      return admit(&state)
    }
    for waiting in next { waiting.continuation.resume() }
  }

  /// Nobody is passed by those who need less: large objects would wait for ever.
  private func admit(_ state: inout State) -> [Waiting] {
    var admitted: [Waiting] = []
    while let next = state.waiting.first, fits(next.bytes, state) {
      state.waiting.removeFirst()
      note(next.bytes, &state)
      admitted.append(next)
    }
    return admitted
  }

  private func fits(_ bytes: Int, _ state: State) -> Bool { state.taken == 0 || bytes <= limit - state.taken }

  private func note(_ bytes: Int, _ state: inout State) {
    state.taken += bytes
    state.mostTaken = max(state.mostTaken, state.taken)
  }
}
