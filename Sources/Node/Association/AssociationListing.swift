// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// An association that goes on, as an administrator sees it.
package struct LiveAssociation: Codable, Sendable, Equatable {
  package let id: UInt64
  package let address: String
  package let since: Date
  package var callingAETitle = ""
  package var peer: String?
  /// Who calls, and what proved it: "'drweber' by a password".
  package var identity = ""
  /// "2 of 3": accepted and proposed presentation contexts.
  package var contexts = ""
  /// Requests that were taken, by name.
  package var operations: [String: Int] = [:]

  init(id: UInt64, address: String, since: Date) {
    self.id = id
    self.address = address
    self.since = since
  }
}

/// Somebody who was not let in, and why.
package struct RefusedAssociation: Codable, Sendable, Equatable {
  package let at: Date
  package let address: String
  package let callingAETitle: String
  package let calledAETitle: String
  package let reason: String
}

/// What `collimator associations` and `collimator status` show.
package struct AssociationListing: Codable, Sendable {
  package let live: [LiveAssociation]
  /// The last first.
  package let refused: [RefusedAssociation]
  /// TCP connections, those of the associations among them.
  package let connections: Int
  /// Since the node started.
  package let accepted: Int
  package let refusals: Int
  package let mostConnections: Int
  package let mostAssociations: Int

  init(
    live: [LiveAssociation], refused: [RefusedAssociation], connections: Int, accepted: Int, refusals: Int,
    limits: AssociationLimits
  ) {
    self.live = live
    self.refused = refused
    self.connections = connections
    self.accepted = accepted
    self.refusals = refusals
    mostConnections = limits.connections
    mostAssociations = limits.associations
  }
}
