// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Closed once the disk broke a promise: from then on nothing more is acknowledged, while questions are still answered.
/// Only a new start, which looks at what is really there, opens it again.
final class WriteGate: Sendable {
  private let closedBecause = Mutex<String?>(nil)

  /// Why nothing is taken any more; nil while all is well.
  var reason: String? { closedBecause.withLock { $0 } }

  func close(because reason: String) {
    closedBecause.withLock { $0 = $0 ?? reason }
  }

  func requireOpen() throws(ReceptionError) {
    guard let reason else { return }
    throw ReceptionError(
      .outOfResources, "this archive takes nothing since the disk failed, until it is started anew: \(reason)")
  }
}
