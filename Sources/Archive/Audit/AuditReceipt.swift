// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Of a record that is being written: its number, once it is on the disk.
package final class AuditReceipt: Sendable {
  private enum State {
    case open([CheckedContinuation<Result<Int64, AuditError>, Never>])
    case settled(Result<Int64, AuditError>)
  }

  private let state = Mutex(State.open([]))

  /// Returns when the record is on the disk; throws where it could not be written.
  package func number() async throws(AuditError) -> Int64 {
    if case .settled(let result) = state.withLock({ $0 }) { return try result.get() }
    return try await withCheckedContinuation { continuation in
      let settled = state.withLock { state -> Result<Int64, AuditError>? in
        switch state {
        case .settled(let result): return result
        case .open(let waiting):
          state = .open(waiting + [continuation])
          return nil
        }
      }
      if let settled { continuation.resume(returning: settled) }
    }.get()
  }

  /// Only the first counts: a note that is tried again was told of already.
  func settle(_ result: Result<Int64, AuditError>) {
    let waiting = state.withLock { state in
      guard case .open(let waiting) = state else { return [CheckedContinuation<Result<Int64, AuditError>, Never>]() }
      state = .settled(result)
      return waiting
    }
    for continuation in waiting { continuation.resume(returning: result) }
  }
}
