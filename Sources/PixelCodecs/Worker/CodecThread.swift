// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A thread that may wait for a worker: the executor of its slot, so that no wait blocks the cooperative pool.
final class CodecThread: SerialExecutor {
  private let queue: DispatchQueue

  init(number: Int) {
    queue = DispatchQueue(label: "collimator.codecs.\(number)")
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
