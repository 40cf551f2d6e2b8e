// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A thread that may wait for the disk: the executor of receptions, so that no actor blocks the cooperative pool.
final class FileThread: SerialExecutor {
  private let queue: DispatchQueue

  init(number: Int) {
    queue = DispatchQueue(label: "collimator.files.\(number)")
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  func perform(_ body: @Sendable @escaping () -> Void) {
    queue.async(execute: body)
  }

  /// Blocks until all that it was given before is done.
  func wait() {
    queue.sync {}
  }
}
