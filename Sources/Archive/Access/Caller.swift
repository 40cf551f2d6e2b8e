// SPDX-License-Identifier: Apache-2.0

package import Access

/// Who asks. Only the archive makes one, from what an association showed of itself; it carries no rights: they are read
/// from the grants in each statement.
package struct Caller: Sendable, Hashable {
  let principal: Int64
  package let peerName: String
}

/// Whether someone who calls is let in.
package enum Admission: Sendable {
  case admitted(Caller, Peer)
  /// No peer has this AE title.
  case unknownAETitle
  /// Peers have it, but not from this address.
  case wrongAddress
}
