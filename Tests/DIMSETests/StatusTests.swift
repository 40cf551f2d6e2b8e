// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DIMSE

/// Fixtures/statuses.tsv: PS3.7 annex C, and the status tables of PS3.4's services as pynetdicom has them.
@Suite struct StatusTests {
  private static let rows: [[String]] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/statuses.tsv")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").dropFirst().map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }()

  /// By the names in the table.
  private static let named: [String: Status] = [
    "success": .success,
    "requestedOptionalAttributesNotSupported": .requestedOptionalAttributesNotSupported,
    "noSuchAttribute": .noSuchAttribute,
    "invalidAttributeValue": .invalidAttributeValue,
    "attributeListError": .attributeListError,
    "processingFailure": .processingFailure,
    "duplicateSOPInstance": .duplicateSOPInstance,
    "noSuchSOPInstance": .noSuchSOPInstance,
    "noSuchEventType": .noSuchEventType,
    "noSuchArgument": .noSuchArgument,
    "invalidArgumentValue": .invalidArgumentValue,
    "attributeValueOutOfRange": .attributeValueOutOfRange,
    "invalidSOPInstance": .invalidSOPInstance,
    "noSuchSOPClass": .noSuchSOPClass,
    "classInstanceConflict": .classInstanceConflict,
    "missingAttribute": .missingAttribute,
    "missingAttributeValue": .missingAttributeValue,
    "sopClassNotSupported": .sopClassNotSupported,
    "noSuchAction": .noSuchAction,
    "refusedNotAuthorized": .refusedNotAuthorized,
    "duplicateInvocation": .duplicateInvocation,
    "unrecognizedOperation": .unrecognizedOperation,
    "mistypedArgument": .mistypedArgument,
    "resourceLimitation": .resourceLimitation,
    "refusedOutOfResources": .refusedOutOfResources,
    "cannotCountMatches": .cannotCountMatches,
    "cannotPerformSuboperations": .cannotPerformSuboperations,
    "invalidPriorRecordKey": .invalidPriorRecordKey,
    "moveDestinationUnknown": .moveDestinationUnknown,
    "dataSetDoesNotMatchSOPClass": .dataSetDoesNotMatchSOPClass,
    "noneOfTheFramesFound": .noneOfTheFramesFound,
    "cannotCreateObject": .cannotCreateObject,
    "cannotExtractFrames": .cannotExtractFrames,
    "notTimeBased": .notTimeBased,
    "invalidRequest": .invalidRequest,
    "coercionOfDataElements": .coercionOfDataElements,
    "responseLimitReached": .responseLimitReached,
    "elementsDiscarded": .elementsDiscarded,
    "dataSetDoesNotMatchSOPClassWarning": .dataSetDoesNotMatchSOPClassWarning,
    "cannotUnderstand": .cannotUnderstand,
    "cancel": .cancel,
    "pending": .pending,
    "pendingWithWarning": .pendingWithWarning,
  ]

  @Test func theTableIsRead() {
    #expect(Self.rows.count == 106)
    #expect(Self.rows.count { $0.count == 5 && $0[4] == "PS3.7 annex C" } == 25)
  }

  @Test func eachCodeIsOfItsKindAndSaysWhatItMeans() throws {
    for row in Self.rows {
      let codes = row[0].split(separator: "-").compactMap { UInt16($0, radix: 16) }
      let (first, last) = try (#require(codes.first), #require(codes.last))
      for code in first...last {
        let status = Status(rawValue: code)
        #expect(Self.kind(of: status) == row[1], "\(status)")
        // Within a range some codes have a meaning of their own.
        guard codes.count == 1 || !Self.rows.contains(where: { $0[0] == status.hex }) else { continue }
        #expect(status.description == "\(status.hex) (\(row[3]))")
      }
    }
  }

  @Test func eachCodeOfTheTableThatHasANameHasIt() throws {
    for row in Self.rows where !row[2].isEmpty {
      #expect(try #require(Self.named[row[2]]).hex == row[0])
    }
  }

  private static func kind(of status: Status) -> String {
    if status == .success { return "success" }
    if status == .cancel { return "cancel" }
    if status.isPending { return "pending" }
    return status.isWarning ? "warning" : status.isFailure ? "failure" : "none"
  }
}
