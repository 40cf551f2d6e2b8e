// SPDX-License-Identifier: Apache-2.0

/// The upper layer protocol of PS3.8 §9.2 as a value: an event goes in, effects come out, nothing else happens.
package struct UpperLayerStateMachine: Sendable {
  package enum Role: Sendable {
    case requestor, acceptor
  }

  package enum Effect: Sendable, Equatable {
    case connectTransport
    case startARTIM
    case stopARTIM
    case send(PDU)
    /// The data of a P-DATA request goes out; its bytes never pass through here.
    case sendData
    /// The data of the P-DATA-TF PDU that has begun goes up.
    case indicateData
    case indicate(UpperLayerIndication)
    case closeTransport
  }

  package let role: Role
  package private(set) var state: UpperLayerState
  /// Kept from A-ASSOCIATE request to transport confirm (Sta4).
  private var pendingRequest: AssociateRQ?

  package init(role: Role, state: UpperLayerState = .idle) {
    self.role = role
    self.state = state
  }

  /// Nil, and no change, where Table 9-10 is blank: the event cannot happen, or the local user may not ask for it now.
  package mutating func handle(_ event: UpperLayerEvent) -> [Effect]? {
    guard let action = UpperLayerAction(event: event, in: state) else { return nil }
    return perform(action, on: event)
  }

  private mutating func perform(_ action: UpperLayerAction, on event: UpperLayerEvent) -> [Effect] {
    switch action {
    case .ae1, .ae2, .ae3, .ae4, .ae5, .ae6, .ae7, .ae8: establish(action, on: event)
    case .dt1, .ar7: [.sendData]
    case .dt2, .ar6: [.indicateData]
    case .ar1, .ar2, .ar3, .ar4, .ar5, .ar8, .ar9, .ar10: release(action)
    case .aa1, .aa2, .aa3, .aa4, .aa5, .aa6, .aa7, .aa8: abort(action, on: event)
    }
  }

  /// PS3.8 Table 9-6.
  private mutating func establish(_ action: UpperLayerAction, on event: UpperLayerEvent) -> [Effect] {
    switch (action, event) {
    case (.ae1, .associateRequest(let request)):
      pendingRequest = request
      return go(to: .awaitingTransportOpen, [.connectTransport])
    case (.ae2, _):
      let request = pendingRequest.take()
      return go(to: .awaitingAssociateACOrRJ, request.map { [.send(.associateRQ($0))] } ?? [])
    case (.ae3, .receivedAssociateAC(let acceptance)):
      return go(to: .established, [.indicate(.accepted(acceptance))])
    case (.ae4, .receivedAssociateRJ(let rejection)):
      return go(to: .idle, [.indicate(.rejected(rejection)), .closeTransport])
    case (.ae5, _):
      return go(to: .transportOpenAwaitingAssociateRQ, [.startARTIM])
    case (.ae6, .receivedAssociateRQ(let request)):
      // Bit 0 is version 1; what other versions a peer offers besides is no concern (PS3.8 §9.3.2).
      guard request.protocolVersion & 1 == 1 else {
        return go(
          to: .awaitingTransportClose,
          [
            .send(.associateRJ(.protocolVersionNotSupported)),
            .indicate(.ended(.rejected(.protocolVersionNotSupported))), .startARTIM,
          ])
      }
      return go(to: .awaitingLocalAssociateResponse, [.stopARTIM, .indicate(.associate(request))])
    case (.ae6, .receivedUnacceptableAssociateRQ(let rejection, let why)):
      return go(
        to: .awaitingTransportClose, [.send(.associateRJ(rejection)), .indicate(.ended(.overloaded(why))), .startARTIM])
    case (.ae7, .acceptResponse(let acceptance)):
      return go(to: .established, [.send(.associateAC(acceptance))])
    case (.ae8, .rejectResponse(let rejection)):
      return go(to: .awaitingTransportClose, [.send(.associateRJ(rejection)), .startARTIM])
    default:
      return []
    }
  }

  /// PS3.8 Table 9-8.
  private mutating func release(_ action: UpperLayerAction) -> [Effect] {
    switch action {
    case .ar1: return go(to: .awaitingReleaseRP, [.send(.releaseRQ)])
    case .ar2: return go(to: .awaitingLocalReleaseResponse, [.indicate(.release)])
    case .ar3: return go(to: .idle, [.indicate(.releaseConfirmed), .closeTransport])
    case .ar4: return go(to: .awaitingTransportClose, [.send(.releaseRP), .startARTIM])
    case .ar5: return go(to: .idle, [.stopARTIM])
    case .ar8:
      return go(
        to: role == .requestor
          ? .collisionRequestorAwaitingLocalReleaseResponse : .collisionAcceptorAwaitingReleaseRP,
        [.indicate(.release)])
    case .ar9: return go(to: .collisionRequestorAwaitingReleaseRP, [.send(.releaseRP)])
    case .ar10: return go(to: .collisionAcceptorAwaitingLocalReleaseResponse, [.indicate(.releaseConfirmed)])
    default: return []
    }
  }

  /// PS3.8 Table 9-9. What ends in Sta2 is told as well, though nobody there has an association yet: refusals are recorded.
  private mutating func abort(_ action: UpperLayerAction, on event: UpperLayerEvent) -> [Effect] {
    switch (action, event) {
    case (.aa1, .abortRequest(let abort)):
      return go(to: .awaitingTransportClose, [.send(.abort(abort)), .startARTIM])
    case (.aa1, _), (.aa8, _):
      return go(
        to: .awaitingTransportClose,
        [.send(.abort(Self.abort(for: event))), .indicate(.ended(Self.end(for: event))), .startARTIM])
    case (.aa2, _):
      let isUntold = state == .transportOpenAwaitingAssociateRQ
      return go(
        to: .idle, [.stopARTIM] + (isUntold ? [.indicate(.ended(Self.end(for: event)))] : []) + [.closeTransport])
    case (.aa3, _): return go(to: .idle, [.indicate(.ended(Self.end(for: event))), .closeTransport])
    case (.aa4, _): return go(to: .idle, [.indicate(.ended(.connectionClosed))])
    case (.aa5, _): return go(to: .idle, [.stopARTIM])
    case (.aa7, _): return [.send(.abort(Self.abort(for: event)))]
    default: return []
    }
  }

  private mutating func go(to next: UpperLayerState, _ effects: [Effect]) -> [Effect] {
    state = next
    return effects
  }

  /// Table 9-9 has AA-1 name the service user as the source; in Sta2 there is none yet, and only a provider may say why.
  private static func abort(for event: UpperLayerEvent) -> Abort {
    if case .receivedInvalidPDU(let error) = event { return Abort(source: .serviceProvider, reason: error.reason) }
    return Abort(source: .serviceProvider, reason: .unexpectedPDU)
  }

  private static func end(for event: UpperLayerEvent) -> AssociationEnd {
    switch event {
    case .receivedAbort(let abort): .abortedByPeer(abort)
    case .receivedInvalidPDU(let error) where error.rejection != nil: .overloaded(error.description)
    case .receivedInvalidPDU(let error): .protocolViolation(error.description)
    case .artimExpired: .timedOut("no whole A-ASSOCIATE-RQ came before ARTIM expired")
    default: .protocolViolation("a PDU that is not expected in this state")
    }
  }
}
