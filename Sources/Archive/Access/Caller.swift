// SPDX-License-Identifier: Apache-2.0

package import Access

/// Who asks. Only the archive makes one, from what an association showed of itself; it carries no rights: they are read
/// from the grants in each statement.
package struct Caller: Sendable, Hashable {
  /// Whose grants hold: the user's, or the peer's where no user was proven. Never both: whoever has a certificate of their
  /// own must not see by it what was opened to the peer through which they call.
  let principal: Int64
  /// Through whom: says what may be done at all.
  package let peer: Int64
  package let peerName: String
  package let identity: EstablishedIdentity
  /// As the association said it, and where it comes from: for the audit.
  package let aeTitle: String
  package let address: String
}

/// A peer that an association says to be; who calls through it is still to be verified.
package struct MatchedPeer: Sendable {
  let principal: Int64
  package let peer: Peer
  /// Where the connection comes from.
  let address: String
  /// False only for a peer that demands no more than its title.
  package let isAtItsAddress: Bool
}

/// Which peer has this title at this address.
package enum PeerMatch: Sendable {
  case matched(MatchedPeer)
  /// No peer has this AE title.
  case unknownAETitle
  /// Peers have it, but not from this address.
  case wrongAddress
}
