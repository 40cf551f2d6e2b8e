// SPDX-License-Identifier: Apache-2.0

import Access

/// All that a node is told when it starts.
package struct NodeConfiguration: Sendable {
  package let directory: String
  package let aeTitle: String
  package let bindAddress: String
  package let port: Int
  /// How long open associations may go on once the node is told to stop.
  package let gracePeriod: Duration
  /// How long an association may lie idle, and how long a peer may take to send one message to its end.
  package let idleTimeout: Duration

  package init(
    directory: String, aeTitle: String, bindAddress: String = "127.0.0.1", port: Int,
    gracePeriod: Duration = .seconds(10), idleTimeout: Duration = .seconds(600)
  ) throws(OperationError) {
    guard let title = AETitle(aeTitle) else {
      throw OperationError("'\(aeTitle)' is no AE title: 1 to 16 characters of ASCII, no backslash (PS3.5 §6.2)")
    }
    self.directory = directory
    self.aeTitle = title.description
    self.bindAddress = bindAddress
    self.port = port
    self.gracePeriod = gracePeriod
    self.idleTimeout = idleTimeout
  }
}
