// SPDX-License-Identifier: Apache-2.0

import Access
import DIMSE
import NIOCore
import ServiceClasses
import Synchronization
import UpperLayer

@testable import Archive

/// Where objects are moved to: takes all of them, and remembers them.
final class MemoryDestinations: MoveConnecting {
  private let eventLoop: any EventLoop
  private let heard = Mutex<[Heard]>([])

  init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  func take() -> [Heard] {
    heard.withLock { heard in
      defer { heard = [] }
      return heard
    }
  }

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: (Association) async throws -> Void
  ) async throws {
    let (indications, outlet) = (IndicationQueue(), MemoryOutlet())
    let peer = Task {
      var ears = MemoryEars(outlet)
      while let sound = await ears.next() {
        switch sound {
        case .message(let command, let dataSet):
          heard.withLock { $0.append(Heard(command, dataSet)) }
          indications.append(.command(.taken(command), contextID: 0))
        case .other(.associate(let request)): indications.append(.accepted(MemoryNode.acceptance(of: request)))
        case .other(.release): indications.append(.releaseConfirmed)
        case .other: continue
        }
      }
    }
    let request = AssociateRQ(
      calledAETitle: destination.peer.aeTitle.description, callingAETitle: "COLLIMATOR", presentationContexts: contexts,
      userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1.2.3"))
    let association = try await Association.request(
      request, MessageReader(indications), MessageWriter(outlet, on: eventLoop))
    try await body(association)
    try await association.release()
    outlet.finish()
    await peer.value
  }
}
