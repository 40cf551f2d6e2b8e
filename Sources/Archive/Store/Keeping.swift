// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A small object on its way to the disk. What is to be done with it can be prepared meanwhile, by who waits in the end.
final class Keeping: Sendable {
  typealias Outcome = Result<any KeptObject & Sendable, StoreError>

  private let outcome = Mutex<Outcome?>(nil)
  private let settled = DispatchSemaphore(value: 0)

  /// Once: the object survives a power cut under its key, or is given up for good.
  func settle(_ outcome: Outcome) {
    self.outcome.withLock { $0 = outcome }
    settled.signal()
  }

  var isSettled: Bool { outcome.withLock { $0 != nil } }

  /// It is known already that the object is given up.
  var isLost: Bool {
    outcome.withLock { if case .failure = $0 { true } else { false } }
  }

  /// Blocks until it is settled. For one thread.
  func wait() -> Outcome {
    if let outcome = outcome.withLock({ $0 }) { return outcome }
    settled.wait()
    return outcome.withLock { $0 } ?? .failure(StoreError(.failed, "nobody knows whether the object is kept"))
  }
}
