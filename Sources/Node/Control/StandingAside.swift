// SPDX-License-Identifier: Apache-2.0

import Archive
import Logging
import ServiceLifecycle
import Synchronization

/// A running node leaves its data directory to a command that brings another archive there: it ends its associations as for a
/// stop, waits until that command is over, however it ends, and serves what is there then.
///
/// The command holds `DIR/replacing` before it asks, until it is over; the node waits for that lock.
final class StandingAside: Sendable {
  private let asked: AsyncStream<Void>
  private let asking: AsyncStream<Void>.Continuation
  private let wasAsked = Atomic(false)

  init() {
    (asked, asking) = AsyncStream.makeStream()
  }

  var isAsked: Bool { wasAsked.load(ordering: .acquiring) }

  func ask() {
    wasAsked.store(true, ordering: .releasing)
    asking.finish()
  }

  /// Returns when it is asked, at a graceful shutdown, or when the task is cancelled.
  func orGracefulShutdown() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await gracefulShutdown() }
      group.addTask { for await _ in self.asked {} }
      await group.next()
      group.cancelAll()
    }
  }

  /// Whether the command is over; false where the node is told to stop before.
  static func isOver(in directory: String, logger: Logger) async -> Bool {
    await beforeGracefulShutdown {
      var said = ""
      while !Task.isCancelled {
        do {
          if try DirectoryLock.isFree(.replacement, of: directory) { return }
        } catch {
          if "\(error)" != said {
            logger.error("cannot tell whether it may serve again", metadata: ["error": "\(error)"])
          }
          said = "\(error)"
        }
        // The lock is another process': nothing tells that it was given up but asking.
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// Whether a time passed; false where the node is told to stop before.
  static func hasPassed(_ time: Duration) async -> Bool {
    await beforeGracefulShutdown { try? await Task.sleep(for: time) }
  }

  private static func beforeGracefulShutdown(_ body: @Sendable @escaping () async -> Void) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        try? await gracefulShutdown()
        return false
      }
      group.addTask {
        await body()
        return !Task.isCancelled
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }
}
