// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts who was turned away, in memory: a flood of strangers must not take the disk's time from those who store. What was
/// counted is written every few seconds, and whenever somebody asks; a crash forgets the last of it.
final class KnockRecorder: Sendable {
  private struct Key: Hashable {
    let calling: String
    let called: String
    let address: String
    let reason: String
  }

  private let counted = Mutex<[Key: Knock]>([:])
  /// Different ones between two writes.
  private static let limit = 1000

  func record(callingAETitle: String, calledAETitle: String, address: String, reason: String, at time: Double) {
    let key = Key(calling: callingAETitle, called: calledAETitle, address: address, reason: reason)
    counted.withLock { counted in
      guard counted.count < Self.limit || counted[key] != nil else { return }
      let before = counted[key]
      counted[key] = Knock(
        callingAETitle: callingAETitle, calledAETitle: calledAETitle, address: address, reason: reason,
        count: (before?.count ?? 0) + 1, first: before?.first ?? time, last: time)
    }
  }

  /// What has not been written yet; whoever takes it writes it.
  func take() -> [Knock] {
    counted.withLock { counted in
      defer { counted = [:] }
      return Array(counted.values)
    }
  }
}
