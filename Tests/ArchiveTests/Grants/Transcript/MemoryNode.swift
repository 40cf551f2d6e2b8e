// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Logging
import NIOCore
import NIOPosix
import PixelCodecs
import ServiceClasses
import UpperLayer

@testable import Archive
@testable import Node

/// A node as it answers on its associations, without a network: what goes to the upper layer is heard by the test.
struct MemoryNode: Sendable {
  private let services: NodeServices
  private let destinations: MemoryDestinations
  private let eventLoop: any EventLoop
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  static let syntax = TransferSyntax.explicitVRLittleEndian
  static let storage = [
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.88.11",
    "1.2.840.10008.5.1.4.1.1.104.1",
  ]
  private static let others = [
    UIDRegistry.patientRootFind, UIDRegistry.studyRootGet, UIDRegistry.patientRootGet, UIDRegistry.studyRootMove,
    UIDRegistry.storageCommitmentPushModel,
  ]
  private static let proposed = (storage + others).enumerated().map { place, uid in
    ProposedPresentationContext(id: UInt8(place * 2 + 1), abstractSyntax: uid, transferSyntaxes: [syntax.uid])
  }

  init(_ archive: Archive) throws {
    eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    destinations = MemoryDestinations(eventLoop)
    services = NodeServices(
      configuration: try NodeConfiguration(
        directory: "", aeTitle: "COLLIMATOR", port: 0, assumesGetRoles: true), archive: archive,
      conversion: ObjectConversion(codecs: CodecPool()), calls: PeerCalls(callingAETitle: "COLLIMATOR"),
      retrieves: Places(all: 100, perPeer: 100),
      connecting: destinations)
  }

  /// Everything that a caller hears on one association, and everything that is sent elsewhere at its word.
  func heard(by caller: Caller, _ body: (inout MemoryPeer) async throws -> Void) async throws -> [Heard] {
    let (indications, outlet) = (IndicationQueue(), MemoryOutlet())
    let node = Task {
      defer { outlet.finish() }
      let writer = MessageWriter(outlet, on: eventLoop)
      let closed = eventLoop.makePromise(of: Void.self)
      defer { closed.succeed() }
      let association = try await Association.accept(MessageReader(indications), writer) {
        .success(Self.acceptance(of: $0))
      }
      guard let association else { return }
      try await ServiceConversation(
        association: association, caller: caller, from: "127.0.0.1", services: services, logger: logger,
        closed: closed.futureResult, note: { _ in }
      ).run()
    }
    var peer = MemoryPeer(indications, MemoryEars(outlet), destinations)
    indications.append(.associate(Self.request))
    do {
      try await body(&peer)
    } catch {
      node.cancel()
      throw error
    }
    indications.append(.release)
    try await node.value
    return peer.heard
  }

  static func contextID(of abstractSyntax: String) -> UInt8 {
    proposed.first { $0.abstractSyntax == abstractSyntax }?.id ?? 0
  }

  private static let request = AssociateRQ(
    calledAETitle: "COLLIMATOR", callingAETitle: "CALLER", presentationContexts: proposed,
    userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1.2.3"))

  /// All that is proposed, and relational queries and retrievals.
  static func acceptance(of request: AssociateRQ) -> AssociateAC {
    AssociateAC(
      answering: request,
      presentationContexts: request.presentationContexts.map {
        PresentationContextResult(id: $0.id, result: .acceptance, transferSyntax: syntax.uid)
      },
      userInformation: UserInformation(
        maximumLength: 0, implementationClassUID: "1.2.3",
        extendedNegotiations: others.dropLast().map {
          ExtendedNegotiation(sopClassUID: $0, information: ByteBuffer(bytes: [1]))
        }))
  }
}
