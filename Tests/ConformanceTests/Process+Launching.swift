// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

extension Process {
  private static let launching = Mutex(())

  /// `run`, one at a time: Foundation on Linux has crashed where many threads begin processes at once.
  func begin() throws {
    try Self.launching.withLock { _ in try run() }
  }
}
