// SPDX-License-Identifier: Apache-2.0

/// The Status (0000,0900) of a response (PS3.7 annex C, PS3.4).
package struct Status: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  // PS3.7 annex C.
  package static let success = Status(rawValue: 0x0000)
  package static let requestedOptionalAttributesNotSupported = Status(rawValue: 0x0001)
  package static let noSuchAttribute = Status(rawValue: 0x0105)
  package static let invalidAttributeValue = Status(rawValue: 0x0106)
  package static let attributeListError = Status(rawValue: 0x0107)
  package static let processingFailure = Status(rawValue: 0x0110)
  package static let duplicateSOPInstance = Status(rawValue: 0x0111)
  package static let noSuchSOPInstance = Status(rawValue: 0x0112)
  package static let noSuchEventType = Status(rawValue: 0x0113)
  package static let noSuchArgument = Status(rawValue: 0x0114)
  package static let invalidArgumentValue = Status(rawValue: 0x0115)
  package static let attributeValueOutOfRange = Status(rawValue: 0x0116)
  package static let invalidSOPInstance = Status(rawValue: 0x0117)
  package static let noSuchSOPClass = Status(rawValue: 0x0118)
  package static let classInstanceConflict = Status(rawValue: 0x0119)
  package static let missingAttribute = Status(rawValue: 0x0120)
  package static let missingAttributeValue = Status(rawValue: 0x0121)
  package static let sopClassNotSupported = Status(rawValue: 0x0122)
  package static let noSuchAction = Status(rawValue: 0x0123)
  package static let refusedNotAuthorized = Status(rawValue: 0x0124)
  package static let duplicateInvocation = Status(rawValue: 0x0210)
  package static let unrecognizedOperation = Status(rawValue: 0x0211)
  package static let mistypedArgument = Status(rawValue: 0x0212)
  package static let resourceLimitation = Status(rawValue: 0x0213)
  package static let cancel = Status(rawValue: 0xFE00)
  package static let pending = Status(rawValue: 0xFF00)

  // PS3.4 Table B.2-1, C.4.1.1.4, C.4.2.1.5, C.4.3.1.4 and annex Y.
  package static let refusedOutOfResources = Status(rawValue: 0xA700)
  package static let cannotCountMatches = Status(rawValue: 0xA701)
  package static let cannotPerformSuboperations = Status(rawValue: 0xA702)
  package static let invalidPriorRecordKey = Status(rawValue: 0xA710)
  package static let moveDestinationUnknown = Status(rawValue: 0xA801)
  package static let dataSetDoesNotMatchSOPClass = Status(rawValue: 0xA900)
  package static let noneOfTheFramesFound = Status(rawValue: 0xAA00)
  package static let cannotCreateObject = Status(rawValue: 0xAA01)
  package static let cannotExtractFrames = Status(rawValue: 0xAA02)
  package static let notTimeBased = Status(rawValue: 0xAA03)
  package static let invalidRequest = Status(rawValue: 0xAA04)
  /// Of a retrieve; of a C-STORE the same code is `coercionOfDataElements`.
  package static let someSuboperationsFailed = Status(rawValue: 0xB000)
  package static let coercionOfDataElements = Status(rawValue: 0xB000)
  package static let responseLimitReached = Status(rawValue: 0xB001)
  package static let elementsDiscarded = Status(rawValue: 0xB006)
  package static let dataSetDoesNotMatchSOPClassWarning = Status(rawValue: 0xB007)
  package static let cannotUnderstand = Status(rawValue: 0xC000)
  package static let unableToProcess = Status(rawValue: 0xC001)
  /// Matches go on, but optional keys were not supported (PS3.4 C.4.1.1.4).
  package static let pendingWithWarning = Status(rawValue: 0xFF01)

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
