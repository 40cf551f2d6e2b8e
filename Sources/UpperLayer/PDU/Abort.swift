// SPDX-License-Identifier: Apache-2.0

/// An A-ABORT PDU (PS3.8 §9.3.8): who ends the association, and for a service provider why.
package struct Abort: Sendable, Hashable, Error {
  package enum Source: UInt8, Sendable {
    case serviceUser = 0
    case serviceProvider = 2
  }

  package enum Reason: UInt8, Sendable {
    case notSpecified = 0
    case unrecognizedPDU = 1
    case unexpectedPDU = 2
    case unrecognizedPDUParameter = 4
    case unexpectedPDUParameter = 5
    case invalidPDUParameterValue = 6
  }

  package var source: Source
  /// Significant only when the source is the service provider.
  package var reason: Reason

  package init(source: Source, reason: Reason) {
    self.source = source
    self.reason = reason
  }

  package static let byUser = Abort(source: .serviceUser, reason: .notSpecified)
}

extension Abort: CustomStringConvertible {
  package var description: String {
    guard source == .serviceProvider else { return "aborted by the peer's application" }
    return switch reason {
    case .notSpecified: "aborted by the peer's upper layer, reason not specified"
    case .unrecognizedPDU: "aborted by the peer's upper layer: unrecognized PDU"
    case .unexpectedPDU: "aborted by the peer's upper layer: unexpected PDU"
    case .unrecognizedPDUParameter: "aborted by the peer's upper layer: unrecognized PDU parameter"
    case .unexpectedPDUParameter: "aborted by the peer's upper layer: unexpected PDU parameter"
    case .invalidPDUParameterValue: "aborted by the peer's upper layer: invalid PDU parameter value"
    }
  }
}
