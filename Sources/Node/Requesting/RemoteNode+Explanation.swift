// SPDX-License-Identifier: Apache-2.0

package import UpperLayer

extension RemoteNode {
  /// What an association's end means for the person who asked, and what to do about it.
  package func explained(_ end: AssociationEnd) -> OperationError {
    hasAccepted ? explainedAfterAcceptance(end) : explainedBeforeAcceptance(end)
  }

  private var accepted: String { "\(calledAETitle) at \(host):\(port) accepted the association, and then" }

  private func explainedAfterAcceptance(_ end: AssociationEnd) -> OperationError {
    switch end {
    case .abortedByPeer:
      OperationError("\(accepted) ended it (\(end)): it does not bear what it was asked, or by whom; its log says why")
    case .connectionClosed:
      OperationError(
        "\(accepted) closed the connection without an answer: its program ended there, or a firewall or load balancer "
          + "between cut it; see its log")
    case .timedOut(let what):
      OperationError("\(accepted) did not answer (\(what)): it may be busy; \(advice.answerTime)")
    case .protocolViolation(let what):
      OperationError("\(accepted) broke the protocol (\(what)): its maker should know; its log may say more")
    default: OperationError("\(accepted) failed: \(end)")
    }
  }

  private func explainedBeforeAcceptance(_ end: AssociationEnd) -> OperationError {
    switch end {
    case .rejected(.callingAETitleNotRecognized):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not know '\(callingAETitle)' from this address (\(end)); "
          + "its administrator can add it")
    case .rejected(.identityRefused):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not take '\(callingAETitle)' at its word (\(end)); 'collimator peer knocks' there "
          + "says what it demands")
    case .rejected(.calledAETitleNotRecognized):
      OperationError("\(host):\(port) is not called '\(calledAETitle)' (\(end)); \(advice.title)")
    case .rejected(.applicationContextNameNotSupported):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not take DICOM's own application context (\(end)): it misreads the request, or is "
          + "something else than a DICOM node; is it the right port?")
    case .rejected(.protocolVersionNotSupported):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not speak version 1 of DICOM's upper layer, the only one (\(end)): it misreads "
          + "the request; its maker should know")
    case .rejected(.noReasonGiven):
      OperationError(
        "\(calledAETitle) at \(host):\(port) refuses '\(callingAETitle)' and does not say why (\(end)); its log may"
          + (tls != nil ? "" : ", and some demand TLS: try \(advice.tls)"))
    case .rejected(let rejection) where rejection.result == .rejectedTransient:
      OperationError("\(calledAETitle) at \(host):\(port) takes no more associations now (\(end)); try again later")
    case .rejected:
      OperationError(
        "\(calledAETitle) at \(host):\(port) refuses '\(callingAETitle)' for a reason that the Standard does not have (\(end)): its log, or "
          + "its maker, can say what it means")
    case .protocolViolation(let what):
      OperationError("what answers at \(host):\(port) does not speak DICOM (\(what)): is it the right port?")
    case .connectionClosed:
      OperationError(
        "\(host):\(port) closed the connection without an answer: is it a DICOM node"
          + (tls != nil
            ? "? One that refuses the certificate which this side shows, or misses one, may do so too; its log says"
            : ", and without TLS? Try \(advice.tls)"))
    case .timedOut(let what):
      OperationError(
        "\(calledAETitle) at \(host):\(port) took the connection and then said nothing (\(what)): it may be busy, or no DICOM "
          + "node; \(advice.time)")
    case .abortedByPeer where tls == nil:
      OperationError("\(calledAETitle) at \(host):\(port): \(end); where this is its port for TLS, try \(advice.tls)")
    default:
      OperationError("\(calledAETitle) at \(host):\(port): \(end)")
    }
  }
}
