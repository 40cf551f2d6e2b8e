// SPDX-License-Identifier: Apache-2.0

package import UpperLayer

extension RemoteNode {
  /// What an association's end means for the person who asked, and what to do about it.
  package func explained(_ end: AssociationEnd) -> OperationError {
    let isSecure = tls != nil
    return switch end {
    case .rejected(.callingAETitleNotRecognized):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not know '\(callingAETitle)' from this address (\(end)); "
          + "its administrator can add it")
    case .rejected(.identityRefused):
      OperationError(
        "\(calledAETitle) at \(host):\(port) does not take '\(callingAETitle)' at its word (\(end)); 'collimator peer knocks' there "
          + "says what it demands")
    case .rejected(.calledAETitleNotRecognized):
      OperationError("\(host):\(port) is not called '\(calledAETitle)' (\(end)); try another --called")
    case .rejected(.noReasonGiven):
      OperationError(
        "\(calledAETitle) at \(host):\(port) refuses '\(callingAETitle)' and does not say why (\(end)); its log may"
          + (isSecure ? "" : ", and some demand TLS: try --tls"))
    case .rejected(let rejection) where rejection.result == .rejectedTransient:
      OperationError("\(calledAETitle) at \(host):\(port) takes no more associations now (\(end)); try again later")
    case .protocolViolation(let what):
      OperationError("what answers at \(host):\(port) does not speak DICOM (\(what)): is it the right port?")
    case .connectionClosed:
      OperationError(
        "\(host):\(port) closed the connection without an answer: is it a DICOM node"
          + (isSecure ? "?" : ", and without TLS? Try --tls"))
    case .timedOut(let what):
      OperationError(
        "\(calledAETitle) at \(host):\(port) took the connection and then said nothing (\(what)): it may be busy, or no DICOM "
          + "node; --timeout and --response-timeout wait longer")
    case .abortedByPeer where !isSecure:
      OperationError("\(calledAETitle) at \(host):\(port): \(end); where this is its port for TLS, call it with --tls")
    default:
      OperationError("\(calledAETitle) at \(host):\(port): \(end)")
    }
  }
}
