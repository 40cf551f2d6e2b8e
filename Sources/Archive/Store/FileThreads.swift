// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// As many threads as files are worth syncing at once. Each is lent to whoever comes while it has the fewest others: behind
/// one that waits for the disk nobody else should have to wait while another thread has nothing to do.
final class FileThreads: Sendable {
  /// For as long as it is kept.
  final class Loan: Sendable {
    let thread: FileThread
    private let number: Int
    private let lender: FileThreads

    fileprivate init(_ number: Int, of lender: FileThreads) {
      thread = lender.threads[number]
      self.number = number
      self.lender = lender
    }

    deinit {
      lender.borrowers.withLock { $0[number] -= 1 }
    }
  }

  private let threads: [FileThread]
  private let borrowers: Mutex<[Int]>

  init(count: Int = 16) {
    threads = (0..<max(count, 1)).map(FileThread.init(number:))
    borrowers = Mutex(Array(repeating: 0, count: threads.count))
  }

  func lend() -> Loan {
    let number = borrowers.withLock { borrowers in
      let number = borrowers.indices.min { borrowers[$0] < borrowers[$1] } ?? 0
      borrowers[number] += 1
      return number
    }
    return Loan(number, of: self)
  }

  /// Does what waits for the disk on one of the threads.
  func perform<Value: Sendable>(_ body: @Sendable @escaping () -> Value) async -> Value {
    let loan = lend()
    return await withCheckedContinuation { continuation in
      loan.thread.perform {
        withExtendedLifetime(loan) { continuation.resume(returning: body()) }
      }
    }
  }

  /// Does what waits for the disk on one of the threads.
  func perform<Value: Sendable>(
    _ body: @Sendable @escaping () throws(FileError) -> Value
  ) async throws(StoreError) -> Value {
    let result = await perform { Result { () throws(FileError) in try body() } }
    do throws(FileError) { return try result.get() } catch { throw StoreError(error) }
  }
}
