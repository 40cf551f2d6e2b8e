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
      case .receivedAssociateAC: Self.forPDU(.associateAC, in: state)
      case .receivedAssociateRJ: Self.forPDU(.associateRJ, in: state)
      case .receivedAssociateRQ, .receivedUnacceptableAssociateRQ: Self.forPDU(.associateRQ, in: state)
      case .receivedDataTF: Self.forPDU(.dataTF, in: state)
      case .receivedReleaseRQ: Self.forPDU(.releaseRQ, in: state)
      case .receivedReleaseRP: Self.forPDU(.releaseRP, in: state)
      case .receivedAbort: Self.forPDU(.abort, in: state)
      case .receivedInvalidPDU: Self.forPDU(nil, in: state)
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

  /// The rows of received PDUs are alike: refused before an association, ignored after one, AA-8 where not expected. An
  /// invalid PDU has no type.
  fileprivate static func forPDU(_ type: PDUType?, in state: UpperLayerState) -> UpperLayerAction? {
    switch (state, type) {
    case (.idle, _), (.awaitingTransportOpen, _): nil
    case (.transportOpenAwaitingAssociateRQ, .associateRQ): .ae6
    case (.transportOpenAwaitingAssociateRQ, .abort), (.awaitingTransportClose, .abort): .aa2
    case (.transportOpenAwaitingAssociateRQ, _): .aa1
    case (.awaitingTransportClose, .associateRQ), (.awaitingTransportClose, nil): .aa7
    case (.awaitingTransportClose, _): .aa6
    case (_, .abort): .aa3
    default: expected(type, in: state) ?? .aa8
    }
  }

  private static func expected(_ type: PDUType?, in state: UpperLayerState) -> UpperLayerAction? {
    switch (type, state) {
    case (.associateAC, .awaitingAssociateACOrRJ): .ae3
    case (.associateRJ, .awaitingAssociateACOrRJ): .ae4
    case (.dataTF, .established): .dt2
    case (.dataTF, .awaitingReleaseRP): .ar6
    case (.releaseRQ, .established): .ar2
    case (.releaseRQ, .awaitingReleaseRP): .ar8
    case (.releaseRP, .awaitingReleaseRP): .ar3
    case (.releaseRP, .collisionAcceptorAwaitingReleaseRP): .ar10
    case (.releaseRP, .collisionRequestorAwaitingReleaseRP): .ar3
    default: nil
    }
  }
}

/// What becomes of a PDU in a state, known from its type alone.
enum Reception {
  case read
  /// It is answered with an A-ABORT; what it holds does not matter.
  case refused
  case passedOver
}

extension UpperLayerState {
  func reception(of type: PDUType) -> Reception {
    switch UpperLayerAction.forPDU(type, in: self) {
    case .aa1, .aa7, .aa8: .refused
    case .aa6, nil: .passedOver
    default: .read
    }
  }

  /// P-DATA indications are issued here and nowhere else (DT-2, AR-6).
  var indicatesData: Bool { self == .established || self == .awaitingReleaseRP }
}
