// SPDX-License-Identifier: Apache-2.0

/// The states of PS3.8 Table 9-5.
package enum UpperLayerState: Int, Sendable, CaseIterable {
  case idle = 1
  case transportOpenAwaitingAssociateRQ
  case awaitingLocalAssociateResponse
  case awaitingTransportOpen
  case awaitingAssociateACOrRJ
  case established
  case awaitingReleaseRP
  case awaitingLocalReleaseResponse
  case collisionRequestorAwaitingLocalReleaseResponse
  case collisionAcceptorAwaitingReleaseRP
  case collisionRequestorAwaitingReleaseRP
  case collisionAcceptorAwaitingLocalReleaseResponse
  case awaitingTransportClose
}

/// The actions of PS3.8 Tables 9-6 to 9-9.
package enum UpperLayerAction: String, Sendable {
  case ae1 = "AE-1", ae2 = "AE-2", ae3 = "AE-3", ae4 = "AE-4", ae5 = "AE-5", ae6 = "AE-6", ae7 = "AE-7", ae8 = "AE-8"
  case dt1 = "DT-1", dt2 = "DT-2"
  case ar1 = "AR-1", ar2 = "AR-2", ar3 = "AR-3", ar4 = "AR-4", ar5 = "AR-5", ar6 = "AR-6", ar7 = "AR-7"
  case ar8 = "AR-8", ar9 = "AR-9", ar10 = "AR-10"
  case aa1 = "AA-1", aa2 = "AA-2", aa3 = "AA-3", aa4 = "AA-4", aa5 = "AA-5", aa6 = "AA-6", aa7 = "AA-7", aa8 = "AA-8"
}

extension UpperLayerAction {
  /// PS3.8 Table 9-10: what an event does in a state; nil where the table is blank.
  package init?(event: UpperLayerEvent, in state: UpperLayerState) {
    let action: UpperLayerAction? =
      switch event {
      case .associateRequest: state == .idle ? .ae1 : nil
      case .transportConfirm: state == .awaitingTransportOpen ? .ae2 : nil
      case .transportIndication: state == .idle ? .ae5 : nil
      case .acceptResponse: state == .awaitingLocalAssociateResponse ? .ae7 : nil
      case .rejectResponse: state == .awaitingLocalAssociateResponse ? .ae8 : nil
      case .dataRequest: Self.forDataRequest(in: state)
      case .releaseRequest: state == .established ? .ar1 : nil
      case .releaseResponse: Self.forReleaseResponse(in: state)
      case .abortRequest: Self.forAbortRequest(in: state)
      case .receivedAssociateAC, .receivedAssociateRJ, .receivedAssociateRQ, .receivedDataTF, .receivedReleaseRQ,
        .receivedReleaseRP, .receivedAbort, .receivedInvalidPDU:
        Self.forPDU(event, in: state)
      case .transportClosed: Self.forTransportClosed(in: state)
      case .artimExpired:
        state == .transportOpenAwaitingAssociateRQ || state == .awaitingTransportClose ? .aa2 : nil
      }
    guard let action else { return nil }
    self = action
  }

  private static func forDataRequest(in state: UpperLayerState) -> UpperLayerAction? {
    switch state {
    case .established: .dt1
    case .awaitingLocalReleaseResponse: .ar7
    default: nil
    }
  }

  private static func forReleaseResponse(in state: UpperLayerState) -> UpperLayerAction? {
    switch state {
    case .awaitingLocalReleaseResponse, .collisionAcceptorAwaitingLocalReleaseResponse: .ar4
    case .collisionRequestorAwaitingLocalReleaseResponse: .ar9
    default: nil
    }
  }

  private static func forAbortRequest(in state: UpperLayerState) -> UpperLayerAction? {
    switch state {
    case .idle, .transportOpenAwaitingAssociateRQ, .awaitingTransportClose: nil
    case .awaitingTransportOpen: .aa2
    default: .aa1
    }
  }

  private static func forTransportClosed(in state: UpperLayerState) -> UpperLayerAction? {
    switch state {
    case .idle: nil
    case .transportOpenAwaitingAssociateRQ: .aa5
    case .awaitingTransportClose: .ar5
    default: .aa4
    }
  }

  /// The rows of received PDUs are alike: refused before an association, ignored after one, AA-8 where not expected.
  private static func forPDU(_ event: UpperLayerEvent, in state: UpperLayerState) -> UpperLayerAction? {
    switch state {
    case .idle, .awaitingTransportOpen: nil
    case .transportOpenAwaitingAssociateRQ:
      switch event {
      case .receivedAssociateRQ: .ae6
      case .receivedAbort: .aa2
      default: .aa1
      }
    case .awaitingTransportClose:
      switch event {
      case .receivedAssociateRQ, .receivedInvalidPDU: .aa7
      case .receivedAbort: .aa2
      default: .aa6
      }
    default:
      if case .receivedAbort = event { .aa3 } else { expected(event, in: state) ?? .aa8 }
    }
  }

  private static func expected(_ event: UpperLayerEvent, in state: UpperLayerState) -> UpperLayerAction? {
    switch (event, state) {
    case (.receivedAssociateAC, .awaitingAssociateACOrRJ): .ae3
    case (.receivedAssociateRJ, .awaitingAssociateACOrRJ): .ae4
    case (.receivedDataTF, .established): .dt2
    case (.receivedDataTF, .awaitingReleaseRP): .ar6
    case (.receivedReleaseRQ, .established): .ar2
    case (.receivedReleaseRQ, .awaitingReleaseRP): .ar8
    case (.receivedReleaseRP, .awaitingReleaseRP): .ar3
    case (.receivedReleaseRP, .collisionAcceptorAwaitingReleaseRP): .ar10
    case (.receivedReleaseRP, .collisionRequestorAwaitingReleaseRP): .ar3
    default: nil
    }
  }
}
