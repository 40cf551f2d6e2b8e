// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded

@testable import UpperLayer

/// One side of an association on an embedded channel: what the peer sends goes in, what the peer would see comes out.
struct Side {
  let channel = EmbeddedChannel()
  let role: UpperLayerStateMachine.Role

  init(_ role: UpperLayerStateMachine.Role, limits: UpperLayerLimits = UpperLayerLimits()) throws {
    self.role = role
    try channel.pipeline.syncOperations.addHandler(UpperLayerHandler(role: role, limits: limits))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
  }

  /// A side that has come to `state` as PS3.8 Table 9-10 leads there; nil where its role never does.
  init?(
    _ role: UpperLayerStateMachine.Role, in state: UpperLayerState, limits: UpperLayerLimits = UpperLayerLimits()
  ) throws {
    guard let steps = Self.steps(role, to: state) else { return nil }
    try self.init(role, limits: limits)
    for step in steps {
      switch step {
      case .receive(let pdu): try receive(Samples.bytes(of: pdu))
      case .ask(let request): ask(request)
      }
    }
    _ = try sent()
    _ = try indications()
  }

  func receive(_ bytes: ByteBuffer) throws {
    if channel.isActive { try channel.writeInbound(bytes) }
  }

  func receive(_ bytes: [UInt8]) throws {
    try receive(ByteBuffer(bytes: bytes))
  }

  func ask(_ request: UpperLayerRequest) {
    channel.writeAndFlush(request, promise: nil)
  }

  func advance(by time: TimeAmount) {
    channel.embeddedEventLoop.advanceTime(by: time)
  }

  /// Everything written since it was asked last.
  func sent() throws -> ByteBuffer {
    var bytes = ByteBuffer()
    while let piece = try channel.readOutbound(as: ByteBuffer.self) { bytes.writeImmutableBuffer(piece) }
    return bytes
  }

  func indications() throws -> [UpperLayerIndication] {
    var indications: [UpperLayerIndication] = []
    while let next = try channel.readInbound(as: UpperLayerIndication.self) { indications.append(next) }
    return indications
  }

  func ends() throws -> [AssociationEnd] {
    try indications().compactMap { if case .ended(let end) = $0 { end } else { nil } }
  }

  private enum Step {
    case receive(PDU)
    case ask(UpperLayerRequest)
  }

  private static func steps(_ role: UpperLayerStateMachine.Role, to state: UpperLayerState) -> [Step]? {
    let established: [Step] =
      role == .acceptor
      ? [.receive(.associateRQ(Samples.request)), .ask(.accept(Samples.acceptance))]
      : [.ask(.associate(Samples.request)), .receive(.associateAC(Samples.acceptance))]
    let collision = established + [.ask(.release), .receive(.releaseRQ)]
    switch (state, role) {
    case (.transportOpenAwaitingAssociateRQ, .acceptor): return []
    case (.awaitingLocalAssociateResponse, .acceptor), (.awaitingAssociateACOrRJ, .requestor):
      return Array(established.prefix(1))
    case (.established, _): return established
    case (.awaitingReleaseRP, _): return established + [.ask(.release)]
    case (.awaitingLocalReleaseResponse, _): return established + [.receive(.releaseRQ)]
    case (.collisionRequestorAwaitingLocalReleaseResponse, .requestor): return collision
    case (.collisionAcceptorAwaitingReleaseRP, .acceptor): return collision
    case (.collisionRequestorAwaitingReleaseRP, .requestor): return collision + [.ask(.releaseResponse)]
    case (.collisionAcceptorAwaitingLocalReleaseResponse, .acceptor): return collision + [.receive(.releaseRP)]
    case (.awaitingTransportClose, _): return established + [.ask(.abort(.byUser))]
    default: return nil
    }
  }
}
