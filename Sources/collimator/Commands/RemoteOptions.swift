// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node
import ServiceClasses
import UpperLayer

/// Which node is called, and as whom.
struct RemoteOptions: ParsableArguments {
  @Option(help: "The AE title to call with.")
  var calling = "COLLIMATOR"

  @Option(help: "The AE title to call.")
  var called = "COLLIMATOR"

  @Option(help: "The host to call.")
  var host = "127.0.0.1"

  @Option(help: "The port to call.")
  var port = 11112

  @Option(help: "Seconds to wait for the connection and for the answer to the association request.")
  var timeout = 30

  var node: RemoteNode {
    RemoteNode(
      host: host, port: port, callingAETitle: calling, calledAETitle: called, timeout: .seconds(max(timeout, 1)))
  }

  /// What an association's end means for the person who asked, and what to do about it.
  func explained(_ end: AssociationEnd) -> OperationError {
    switch end {
    case .rejected(.callingAETitleNotRecognized):
      OperationError(
        "\(called) at \(host):\(port) does not know '\(calling)' from this address (\(end)); "
          + "its administrator can add it")
    case .rejected(.identityRefused):
      OperationError(
        "\(called) at \(host):\(port) does not take '\(calling)' at its word (\(end)); 'collimator peer knocks' there "
          + "says what it demands")
    case .rejected(.calledAETitleNotRecognized):
      OperationError("\(host):\(port) is not called '\(called)' (\(end)); try another --called")
    case .connectionClosed:
      OperationError("\(host):\(port) closed the connection without an answer: is it a DICOM node, and without TLS?")
    default:
      OperationError("\(called) at \(host):\(port): \(end)")
    }
  }
}
