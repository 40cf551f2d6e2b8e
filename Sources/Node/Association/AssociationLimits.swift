// SPDX-License-Identifier: Apache-2.0

/// How much of the node its callers may take at the same time.
package struct AssociationLimits: Sendable, Equatable {
  /// TCP connections, most of which have yet to say who they are.
  package var connections: Int
  /// Of these, so many from one address (of IPv6 one /64) that has yet to say who it is; this machine is not counted.
  package var connectionsPerAddress: Int
  /// Associations that were accepted and go on.
  package var associations: Int
  /// Of these, so many to one peer.
  package var associationsPerPeer: Int
  /// Of connections and of associations, so many that only callers on this machine get: an administrator's echo works when the
  /// node is full, and when strangers hold all other connections.
  package var reserved: Int

  /// Retrieves (C-GET and C-MOVE) that go on.
  package var retrieves: Int
  /// Of these, so many of one peer.
  package var retrievesPerPeer: Int
  /// Associations that this node opens to send something; what finds no place waits for one.
  package var calls: Int
  /// Of these, so many to one peer.
  package var callsPerPeer: Int

  package init(
    connections: Int = 12_000, connectionsPerAddress: Int = 256, associations: Int = 2048,
    associationsPerPeer: Int = 512, reserved: Int = 4, retrieves: Int = 512, retrievesPerPeer: Int = 64,
    calls: Int = 256,
    callsPerPeer: Int = 32
  ) {
    self.connections = connections
    self.connectionsPerAddress = connectionsPerAddress
    self.associations = associations
    self.associationsPerPeer = associationsPerPeer
    self.reserved = reserved
    self.retrieves = retrieves
    self.retrievesPerPeer = retrievesPerPeer
    self.calls = calls
    self.callsPerPeer = callsPerPeer
  }

  /// A reserve that takes all places shuts out every caller but those of this machine; where only these can call at all, it
  /// takes nothing from anybody.
  func requirePlaces(forCallersOf bindAddress: String) throws(OperationError) {
    guard !AddressKind.isThisMachine(bindAddress), bindAddress != "localhost" else { return }
    for (name, all) in [("connections", connections), ("associations", associations)] where all <= reserved {
      throw OperationError(
        "of \(all) \(name) \(reserved) are reserved for callers on this machine, which leaves none to anybody else: set "
          + "reservedAssociations to less than \(all), or allow more \(name)")
    }
  }
}
