// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Syncs directories for many at once: who comes while a sync of the same directory runs shares the next one, which begins
/// after they came. It blocks: for file threads only.
final class DirectorySyncs: Sendable {
  private enum Turn: Sendable {
    /// To sync for oneself and for these.
    case lead([Waiter])
    case over(FileError?)
  }

  private final class Waiter: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let turn = Mutex<Turn>(.lead([]))

    func wait() -> Turn {
      semaphore.wait()
      return turn.withLock { $0 }
    }

    func wake(_ turn: Turn) {
      self.turn.withLock { $0 = turn }
      semaphore.signal()
    }
  }

  /// Those who wait, by the directory that is being synced.
  private let waiting = Mutex<[String: [Waiter]]>([:])

  func sync(_ path: String) throws(FileError) {
    let waiter = waiting.withLock { waiting -> Waiter? in
      guard waiting[path] != nil else {
        waiting[path] = []
        return nil
      }
      let waiter = Waiter()
      waiting[path]?.append(waiter)
      return waiter
    }
    switch waiter?.wait() ?? .lead([]) {
    case .over(let error): if let error { throw error }
    case .lead(let followers): try lead(followers, path)
    }
  }

  private func lead(_ followers: [Waiter], _ path: String) throws(FileError) {
    var failure: FileError?
    do throws(FileError) { try FileObjectStore.syncDirectory(path) } catch { failure = error }
    for follower in followers { follower.wake(.over(failure)) }
    waiting.withLock { waiting in
      let next = waiting[path] ?? []
      waiting[path] = next.isEmpty ? nil : []
      next.first?.wake(.lead(Array(next.dropFirst())))
    }
    if let failure { throw failure }
  }
}
