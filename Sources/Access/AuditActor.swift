// SPDX-License-Identifier: Apache-2.0

/// Who did what a record is about, as far as it was known then. Names are kept as text: whoever is removed later did it all
/// the same.
package struct AuditActor: Sendable, Hashable {
  package enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    case peer, user
    /// An operating-system user at the command line.
    case `operator`
    /// This node by itself.
    case node
    /// Somebody who was not identified.
    case nobody
  }

  package let kind: Kind
  /// Of the user, peer or operator; empty for nobody.
  package let principal: String
  /// Through which peer; empty for nobody's and for an operator's.
  package let peer: String
  package let aeTitle: String
  package let address: String
  /// By what the principal was known.
  package let assurance: String

  package init(
    kind: Kind, principal: String, peer: String = "", aeTitle: String = "", address: String = "", assurance: String = ""
  ) {
    self.kind = kind
    self.principal = principal
    self.peer = peer
    self.aeTitle = aeTitle
    self.address = address
    self.assurance = assurance
  }

  package static let node = AuditActor(kind: .node, principal: "")
}
