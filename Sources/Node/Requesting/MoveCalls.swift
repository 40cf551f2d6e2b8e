// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import ServiceClasses
import UpperLayer

/// How this node calls the destinations of its moves: where the table of peers says that they listen, in the clear.
struct MoveCalls: MoveConnecting {
  let callingAETitle: String

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext],
    _ body: (Association) async throws -> Void
  ) async throws {
    guard !destination.peer.requiresTLS else {
      throw OperationError("the peer '\(destination.peer.name)' is for TLS alone, and moves are in the clear")
    }
    let node = RemoteNode(
      host: destination.host, port: destination.port, callingAETitle: callingAETitle,
      calledAETitle: destination.peer.aeTitle.description, timeout: .seconds(10))
    try await node.withAssociation(proposing: contexts, body)
  }
}
