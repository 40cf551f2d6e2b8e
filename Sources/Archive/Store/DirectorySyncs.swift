// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Syncs directories for many at once, on a thread of its own: who comes while a sync of the same directory runs shares the next
/// one, which begins after they came.
final class DirectorySyncs: Sendable {
  /// One that was asked for. Who asked has something of its own to wait for meanwhile.
  final class Turn: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let failure = Mutex<FileError?>(nil)

    fileprivate func end(_ failure: FileError?) {
      self.failure.withLock { $0 = failure }
      semaphore.signal()
    }

    /// Blocks until the directory is synced: for file threads only, and once.
    func wait() throws(FileError) {
      semaphore.wait()
      if let failure = failure.withLock(\.self) { throw failure }
    }
  }

  private struct State: Sendable {
    /// In the order in which they were asked for, each path once.
    var waiting: [(path: String, turns: [Turn])] = []
    var isRunning = false
  }

  private let state = Mutex(State())
  private let thread = FileThread(number: -4)

  /// What the directory is to keep has to be in it by now.
  func begin(_ path: String) -> Turn {
    let turn = Turn()
    let begins = state.withLock { state in
      if let place = state.waiting.firstIndex(where: { $0.path == path }) {
        state.waiting[place].turns.append(turn)
      } else {
        state.waiting.append((path, [turn]))
      }
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if begins { thread.perform { self.syncAll() } }
    return turn
  }

  private func next() -> (path: String, turns: [Turn])? {
    state.withLock { state in
      state.isRunning = !state.waiting.isEmpty
      return state.isRunning ? state.waiting.removeFirst() : nil
    }
  }

  private func syncAll() {
    while let (path, turns) = next() {
      var failure: FileError?
      do throws(FileError) { try FileObjectStore.syncDirectory(path) } catch { failure = error }
      for turn in turns { turn.end(failure) }
    }
  }
}
