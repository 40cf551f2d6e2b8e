// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The memory that all connections of a node share for association requests that outgrow what each has of its own: whoever
/// opens many connections and begins a long request on each takes from this, and not from the node.
package final class RequestBudget: Sendable {
  /// Bytes.
  package let limit: Int
  private let taken = Atomic<Int>(0)

  package init(limit: Int = 64 << 20) {
    self.limit = max(limit, 0)
  }

  package var bytesTaken: Int { taken.load(ordering: .relaxed) }

  /// False, and nothing is taken, where the rest is less.
  func take(_ bytes: Int) -> Bool {
    var found = taken.load(ordering: .relaxed)
    while true {
      let (sum, overflows) = found.addingReportingOverflow(bytes)
      guard !overflows, sum <= limit else { return false }
      let (isExchanged, original) = taken.weakCompareExchange(
        expected: found, desired: sum, ordering: .relaxed)
      if isExchanged { return true }
      found = original
    }
  }

  func giveBack(_ bytes: Int) {
    taken.wrappingSubtract(bytes, ordering: .relaxed)
  }
}
