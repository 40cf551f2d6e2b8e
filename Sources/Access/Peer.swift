// SPDX-License-Identifier: Apache-2.0

/// An application entity that this node talks to: an AE title together with the addresses that it may come from. The same
/// title from elsewhere may be another peer, so grants name the peer and not the title.
package struct Peer: Sendable, Hashable {
  package let name: String
  package let aeTitle: AETitle
  package let addresses: [Network]
  /// Where the peer itself listens.
  package let port: Int?
  package let rights: Rights
  package let acceptsPrivateSOPClasses: Bool
  /// Whether it is let in over TLS alone.
  package let requiresTLS: Bool
  /// The least by which a caller through this peer has to be known.
  package let demand: IdentityAssurance
  /// Whether passcodes and tokens are taken from it without TLS, where others can read along.
  package let allowsCleartextPasswords: Bool
  /// Who gave the Patient IDs that this peer sends or asks for without naming an issuer; nil where nobody is assumed.
  package let issuer: String?
  /// Whether its own title may be none by the Standard, and it may call this node by any.
  package let hasOddTitles: Bool
  package let profile: PeerProfile

  package init(
    name: String, aeTitle: AETitle, addresses: [Network], port: Int?, rights: Rights, acceptsPrivateSOPClasses: Bool,
    requiresTLS: Bool = false, demand: IdentityAssurance = .aeTitleWithAddress, allowsCleartextPasswords: Bool = false,
    issuer: String? = nil, hasOddTitles: Bool = false, profile: PeerProfile = PeerProfile()
  ) {
    self.name = name
    self.aeTitle = aeTitle
    self.addresses = addresses
    self.port = port
    self.rights = rights
    self.acceptsPrivateSOPClasses = acceptsPrivateSOPClasses
    self.requiresTLS = requiresTLS
    self.demand = demand
    self.allowsCleartextPasswords = allowsCleartextPasswords
    self.issuer = issuer
    self.hasOddTitles = hasOddTitles
    self.profile = profile
  }
}
