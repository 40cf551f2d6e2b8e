// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// As many threads as files are worth syncing at once, handed out in turn.
final class FileThreads: Sendable {
  private let threads: [FileThread]
  private let next = Atomic<Int>(0)

  init(count: Int = 16) {
    threads = (0..<max(count, 1)).map(FileThread.init(number:))
  }

  func thread() -> FileThread {
    let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return threads[Int(UInt(bitPattern: turn) % UInt(threads.count))]
  }

  /// Does what waits for the disk on one of the threads.
  func perform<Value: Sendable>(_ body: @Sendable @escaping () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      thread().perform { continuation.resume(returning: body()) }
    }
  }

  /// Does what waits for the disk on one of the threads.
  func perform<Value: Sendable>(
    _ body: @Sendable @escaping () throws(FileError) -> Value
  ) async throws(StoreError) -> Value {
    let result = await withCheckedContinuation { continuation in
      thread().perform { continuation.resume(returning: Result { () throws(FileError) in try body() }) }
    }
    do throws(FileError) { return try result.get() } catch { throw StoreError(error) }
  }
}
