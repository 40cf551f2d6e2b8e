// SPDX-License-Identifier: Apache-2.0

/// An A-ASSOCIATE-RJ PDU: result, source and reason as PS3.8 Table 9-21 numbers them.
package struct AssociateRJ: Sendable, Hashable, Error {
  package enum Result: UInt8, Sendable {
    case rejectedPermanent = 1
    case rejectedTransient = 2
  }

  package enum Source: UInt8, Sendable {
    case serviceUser = 1
    case serviceProviderACSE = 2
    case serviceProviderPresentation = 3
  }

  package var result: Result
  package var source: Source
  package var reason: UInt8

  package init(result: Result, source: Source, reason: UInt8) {
    self.result = result
    self.source = source
    self.reason = reason
  }

  package static let noReasonGiven = AssociateRJ(result: .rejectedPermanent, source: .serviceUser, reason: 1)
  package static let applicationContextNameNotSupported = AssociateRJ(
    result: .rejectedPermanent, source: .serviceUser, reason: 2)
  package static let callingAETitleNotRecognized = AssociateRJ(
    result: .rejectedPermanent, source: .serviceUser, reason: 3)
  package static let calledAETitleNotRecognized = AssociateRJ(
    result: .rejectedPermanent, source: .serviceUser, reason: 7)
  package static let protocolVersionNotSupported = AssociateRJ(
    result: .rejectedPermanent, source: .serviceProviderACSE, reason: 2)
  /// An authentication that failed (PS3.7 D.3.3.7).
  package static let identityRefused = AssociateRJ(
    result: .rejectedPermanent, source: .serviceProviderACSE, reason: 1)
  package static let temporaryCongestion = AssociateRJ(
    result: .rejectedTransient, source: .serviceProviderPresentation, reason: 1)
  package static let localLimitExceeded = AssociateRJ(
    result: .rejectedTransient, source: .serviceProviderPresentation, reason: 2)
}

extension AssociateRJ: CustomStringConvertible {
  package var description: String {
    let lasting = result == .rejectedPermanent ? "rejected permanently" : "rejected for now"
    return "\(lasting): \(reasonInWords)"
  }

  private var reasonInWords: String {
    switch (source, reason) {
    case (.serviceUser, 1): "no reason given"
    case (.serviceUser, 2): "application context name not supported"
    case (.serviceUser, 3): "calling AE title not recognized"
    case (.serviceUser, 7): "called AE title not recognized"
    case (.serviceProviderACSE, 1): "no reason given (by the ACSE service provider)"
    case (.serviceProviderACSE, 2): "protocol version not supported"
    case (.serviceProviderPresentation, 1): "temporary congestion"
    case (.serviceProviderPresentation, 2): "local limit exceeded"
    default: "source \(source.rawValue), reason \(reason)"
    }
  }
}
