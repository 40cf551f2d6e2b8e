// SPDX-License-Identifier: Apache-2.0

/// The Status (0000,0900) of a response (PS3.7 annex C, PS3.4).
package struct Status: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  package static let success = Status(rawValue: 0x0000)
  package static let pending = Status(rawValue: 0xFF00)
  /// Matches go on, but optional keys were not supported (PS3.4 C.4.1.1.4).
  package static let pendingWithWarning = Status(rawValue: 0xFF01)
  package static let cancel = Status(rawValue: 0xFE00)

  package static let processingFailure = Status(rawValue: 0x0110)
  package static let noSuchSOPInstance = Status(rawValue: 0x0112)
  package static let noSuchEventType = Status(rawValue: 0x0113)
  package static let invalidArgumentValue = Status(rawValue: 0x0115)
  package static let noSuchSOPClass = Status(rawValue: 0x0118)
  package static let noSuchActionType = Status(rawValue: 0x0123)
  package static let sopClassNotSupported = Status(rawValue: 0x0122)
  package static let refusedNotAuthorized = Status(rawValue: 0x0124)
  package static let duplicateInvocation = Status(rawValue: 0x0210)
  package static let unrecognizedOperation = Status(rawValue: 0x0211)
  package static let mistypedArgument = Status(rawValue: 0x0212)
  package static let resourceLimitation = Status(rawValue: 0x0213)

  package static let refusedOutOfResources = Status(rawValue: 0xA700)
  /// PS3.4 C.4.2.1.5, C.4.3.1.4.
  package static let cannotCountMatches = Status(rawValue: 0xA701)
  package static let cannotPerformSuboperations = Status(rawValue: 0xA702)
  package static let moveDestinationUnknown = Status(rawValue: 0xA801)
  package static let someSuboperationsFailed = Status(rawValue: 0xB000)
  package static let dataSetDoesNotMatchSOPClass = Status(rawValue: 0xA900)
  package static let cannotUnderstand = Status(rawValue: 0xC000)
  package static let unableToProcess = Status(rawValue: 0xC001)

  package var isPending: Bool { self == .pending || self == .pendingWithWarning }

  /// PS3.7 annex C.
  package var isWarning: Bool {
    rawValue == 0x0001 || rawValue == 0x0107 || rawValue == 0x0116 || rawValue & 0xF000 == 0xB000
  }

  package var isFailure: Bool { self != .success && !isPending && !isWarning && self != .cancel }

  package var hex: String {
    let digits = String(rawValue, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension Status: CustomStringConvertible {
  package var description: String { "\(hex) (\(meaning))" }

  private var meaning: String {
    switch rawValue {
    case 0x0000: "success"
    case 0xFF00: "pending"
    case 0xFF01: "pending, with optional keys that are not supported"
    case 0xFE00: "cancelled"
    case 0x0110: "processing failure"
    case 0x0112: "no such SOP instance"
    case 0x0113: "no such event type"
    case 0x0115: "invalid argument value"
    case 0x0117: "invalid SOP instance"
    case 0x0118: "no such SOP class"
    case 0x0119: "class-instance conflict"
    case 0x0122: "SOP class not supported"
    case 0x0123: "no such action type"
    case 0x0124: "refused: not authorized"
    case 0x0210: "duplicate invocation"
    case 0x0211: "unrecognized operation"
    case 0x0212: "mistyped argument"
    case 0x0213: "resource limitation"
    case 0xA701: "out of resources: cannot count the matches"
    case 0xA702: "out of resources: cannot perform sub-operations"
    case 0xA801: "move destination unknown"
    case 0xA700...0xA7FF: "refused: out of resources"
    case 0xA900...0xA9FF: "the data set does not match the SOP class"
    case 0xC000...0xCFFF: "cannot understand, or unable to process"
    default: isWarning ? "warning" : "failure"
    }
  }
}
