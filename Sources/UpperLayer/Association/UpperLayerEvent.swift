// SPDX-License-Identifier: Apache-2.0

/// The events of PS3.8 Table 9-10, in its order: Evt1 to Evt19.
package enum UpperLayerEvent: Sendable {
  indirect case associateRequest(AssociateRQ)
  case transportConfirm
  indirect case receivedAssociateAC(AssociateAC)
  case receivedAssociateRJ(AssociateRJ)
  case transportIndication
  indirect case receivedAssociateRQ(AssociateRQ)
  indirect case acceptResponse(AssociateAC)
  case rejectResponse(AssociateRJ)
  case dataRequest
  case receivedDataTF
  case releaseRequest
  case receivedReleaseRQ
  case receivedReleaseRP
  case releaseResponse
  case abortRequest(Abort)
  case receivedAbort(Abort)
  case transportClosed
  case artimExpired
  case receivedInvalidPDU(PDUError)
  /// Evt6, where this side has no room for the request, and why: AE-6 has the service provider say so.
  case receivedUnacceptableAssociateRQ(AssociateRJ, String)

  package init(_ pdu: PDU) {
    self =
      switch pdu {
      case .associateRQ(let request): .receivedAssociateRQ(request)
      case .associateAC(let acceptance): .receivedAssociateAC(acceptance)
      case .associateRJ(let rejection): .receivedAssociateRJ(rejection)
      case .releaseRQ: .receivedReleaseRQ
      case .releaseRP: .receivedReleaseRP
      case .abort(let abort): .receivedAbort(abort)
      }
  }
}
