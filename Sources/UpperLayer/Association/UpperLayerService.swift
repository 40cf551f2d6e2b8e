// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The service primitives that go up to the user of the upper layer (PS3.8 §7).
package enum UpperLayerIndication: Sendable, Equatable {
  indirect case associate(AssociateRQ)
  indirect case accepted(AssociateAC)
  case rejected(AssociateRJ)
  case data(PresentationDataValue)
  case release
  case releaseConfirmed
  case ended(AssociationEnd)
}

/// The service primitives that the user of the upper layer asks for (PS3.8 §7).
package enum UpperLayerRequest: Sendable, Equatable {
  indirect case associate(AssociateRQ)
  indirect case accept(AssociateAC)
  case reject(AssociateRJ)
  /// Of any length: the upper layer cuts it to what the peer takes.
  case data(PresentationDataValue)
  /// Many short messages, one behind the other: each is the same command with a data set of its own.
  case messages(command: ByteBuffer, DataSetSeries, contextID: UInt8)
  case release
  case releaseResponse
  case abort(Abort)
}

/// Why an association is over before it was released.
package enum AssociationEnd: Error, Sendable, Hashable, CustomStringConvertible {
  case rejected(AssociateRJ)
  case abortedByPeer(Abort)
  case abortedLocally(String)
  case protocolViolation(String)
  case connectionClosed
  case timedOut(String)
  /// This side has no room for it: nothing that the peer did wrong.
  case overloaded(String)
  /// By this acceptor, before there was an association.
  case refused(Refusal)

  package var description: String {
    switch self {
    case .rejected(let rejection): rejection.description
    case .abortedByPeer(let abort): abort.description
    case .abortedLocally(let why): "aborted here: \(why)"
    case .protocolViolation(let what): "the peer broke the upper layer protocol: \(what)"
    case .connectionClosed: "the peer closed the connection"
    case .timedOut(let what): "timed out: \(what)"
    case .overloaded(let what): what
    case .refused(let refusal): refusal.description
    }
  }
}
