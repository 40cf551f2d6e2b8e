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
  /// Who gave the Patient IDs that this peer sends or asks for without naming an issuer; nil where nobody is assumed.
  package let issuer: String?

  package init(
    name: String, aeTitle: AETitle, addresses: [Network], port: Int?, rights: Rights, acceptsPrivateSOPClasses: Bool,
    issuer: String? = nil
  ) {
    self.name = name
    self.aeTitle = aeTitle
    self.addresses = addresses
    self.port = port
    self.rights = rights
    self.acceptsPrivateSOPClasses = acceptsPrivateSOPClasses
    self.issuer = issuer
  }
}
