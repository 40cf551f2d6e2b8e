// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The memory that all connections of a node share for association requests that outgrow what each has of its own: whoever
/// opens many connections and begins a long request on each takes from this, and not from the node. Nobody gets it all: each
/// network address has a share.
package final class RequestBudget: Sendable {
  /// Why there is no more.
  enum Shortage: Error, Equatable {
    case spent
    case shareIsSpent
  }

  private struct State {
    var taken = 0
    var takenByAddress: [NetworkAddress: Int] = [:]
  }

  /// Bytes.
  package let limit: Int
  /// Bytes of it that go to one address at most.
  package let share: Int
  private let state = Mutex(State())

  /// `share`: a quarter where nothing is said, and never less than what one request takes at most, 1 MiB.
  package init(limit: Int = 64 << 20, share: Int? = nil) {
    self.limit = max(limit, 0)
    self.share = min(self.limit, share ?? max(self.limit / 4, 1 << 20))
  }

  package var bytesTaken: Int { state.withLock { $0.taken } }

  /// Takes nothing where the rest, or the rest of the share, is less. Who has no address shares with all others who have none.
  func take(_ bytes: Int, for address: NetworkAddress?) throws(Shortage) {
    let address = address ?? .unknown
    let shortage = state.withLock { state -> Shortage? in
      let (sum, overflows) = state.taken.addingReportingOverflow(bytes)
      guard !overflows, sum <= limit else { return .spent }
      // No more than the sum.
      let own = state.takenByAddress[address, default: 0] + bytes
      guard own <= share else { return .shareIsSpent }
      state.taken = sum
      state.takenByAddress[address] = own
      return nil
    }
    if let shortage { throw shortage }
  }

  func giveBack(_ bytes: Int, for address: NetworkAddress?) {
    let address = address ?? .unknown
    state.withLock { state in
      state.taken -= min(bytes, state.taken)
      let left = state.takenByAddress[address, default: 0] - bytes
      state.takenByAddress[address] = left > 0 ? left : nil
    }
  }
}
