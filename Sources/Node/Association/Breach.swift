// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UpperLayer

/// What a service ended its association for, for the reader, which only sees that the connection is closed.
final class Breach: Sendable {
  private let end = Mutex<AssociationEnd?>(nil)

  var known: AssociationEnd? { end.withLock { $0 } }

  func note(_ cause: any Error) {
    guard let cause = cause as? AssociationEnd else { return }
    end.withLock { $0 = $0 ?? cause }
  }
}
