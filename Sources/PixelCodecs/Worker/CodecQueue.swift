// SPDX-License-Identifier: Apache-2.0

/// Who waits for a worker, and how much memory those have been promised who have one.
struct CodecQueue<Waiter> {
  struct Claim: Sendable, Hashable {
    let priority: CodecPriority
    /// Bytes that its frames may take at most, here and in the worker.
    let memory: Int
  }

  private let workers: Int
  private let memoryLimit: Int
  private let longest: Int
  private var waiting: [CodecPriority: [(claim: Claim, waiter: Waiter)]] = [:]
  private(set) var memoryPromised = 0
  private(set) var atWork: [CodecPriority: Int] = [:]

  init(workers: Int, memoryLimit: Int, longest: Int) {
    self.workers = workers
    self.memoryLimit = memoryLimit
    self.longest = longest
  }

  var count: Int { waiting.values.reduce(0) { $0 + $1.count } }
  var isFull: Bool { count >= longest }

  mutating func append(_ waiter: Waiter, _ claim: Claim) {
    waiting[claim.priority, default: []].append((claim, waiter))
  }

  /// Whoever may have a worker that is free; from then on its claim counts. Whoever is first in turn and has to wait for memory
  /// is not passed: it would wait for ever.
  mutating func next() -> (waiter: Waiter, claim: Claim)? {
    for priority in CodecPriority.allCases.reversed() {
      guard let (claim, waiter) = waiting[priority]?.first else { continue }
      if priority == .background, atWork[.background, default: 0] >= max(workers / 2, 1) { return nil }
      // What takes more than there is has it for itself.
      guard memoryPromised == 0 || claim.memory <= memoryLimit - memoryPromised else { return nil }
      waiting[priority]?.removeFirst()
      memoryPromised += claim.memory
      atWork[priority, default: 0] += 1
      return (waiter, claim)
    }
    return nil
  }

  mutating func finish(_ claim: Claim) {
    memoryPromised -= claim.memory
    atWork[claim.priority, default: 0] -= 1
  }
}
