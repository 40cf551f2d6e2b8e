// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import NIOCore
import Testing
import UpperLayer

@testable import Archive
@testable import ServiceClasses

/// PS3.4 C.4.1.1.4: of a key that was not looked at an answer says so by its status, and says nothing else of it.
@Suite struct UnsupportedKeyTests {
  private static let request = Tag(0x0040, 0x0275)
  private static let protocolCode = Tag(0x0040, 0x0008)
  private static let alternate = Tag(0x0008, 0x3001)
  private static let code = Tag(0x0008, 0x0100)
  private static let privateKey = Tag(0x0009, 0x1001)

  private enum Key {
    case text(DICOMData.Tag, VR, String)
    case sequence(DICOMData.Tag, [Key])
  }

  @Test func whatIsNotLookedAtIsNotClaimed() async throws {
    let notX = Key.sequence(Self.protocolCode, [.text(Self.code, .sh, "NOTX")])
    let cases: [(keys: [Key], unsupported: [DICOMData.Tag], isFound: Bool, members: [DICOMData.Tag]?)] = [
      ([.text(Tag(0x0009, 0x0010), .lo, "ACME"), .text(Self.privateKey, .lo, "x")], [Self.privateKey], true, nil),
      ([.text(Self.privateKey, .da, "--")], [Self.privateKey], true, nil),
      ([.sequence(Self.privateKey, [.text(Self.code, .sh, "x")])], [Self.privateKey], true, nil),
      ([.sequence(Self.request, [notX])], [Self.protocolCode], true, nil),
      (
        [.sequence(Self.request, [notX, .text(.requestedProcedureID, .sh, "R1")])], [Self.protocolCode], true,
        [.requestedProcedureID]
      ),
      ([.sequence(Self.request, [notX, .text(.requestedProcedureID, .sh, "R2")])], [Self.protocolCode], false, nil),
      (
        [.sequence(Self.request, [.text(.bodyPartExamined, .cs, "KNEE"), .text(.requestedProcedureID, .sh, "")])],
        [.bodyPartExamined], true, [.requestedProcedureID]
      ),
      (
        [.sequence(Self.request, [.text(Self.privateKey, .lo, "x"), .text(.requestedProcedureID, .sh, "R1")])],
        [Self.privateKey], true, [.requestedProcedureID]
      ),
      ([.sequence(Self.request, [.text(.requestedProcedureID, .sh, "R1")])], [], true, [.requestedProcedureID]),
      // Alternate Representation Sequence, of which this archive knows nothing: in whole, and by an item's key.
      ([.sequence(Self.alternate, [])], [Self.alternate], true, nil),
      ([.sequence(Self.alternate, [.text(.sopInstanceUID, .ui, "1.2")])], [Self.alternate], true, nil),
      ([.sequence(.patientID, [.text(.requestedProcedureID, .sh, "R1")])], [.patientID], true, nil),
    ]
    try await Self.withArchive { archive, caller in
      for (keys, unsupported, isFound, members) in cases {
        let answers = try await Self.answers(to: keys, archive, caller)
        #expect(answers.count == (isFound ? 1 : 0), "\(keys)")
        for answer in answers {
          #expect(answer.unsupported == unsupported, "\(keys)")
          #expect(answer.dataSet[Self.privateKey] == nil && answer.dataSet[.patientID] == nil, "\(keys)")
          #expect((answer.dataSet[Self.request] == nil) == (members == nil), "\(keys)")
          let items = answer.dataSet.items(Self.request)
          #expect(items.map { $0.topLevelElements.map(\.tag) } == (members.map { [$0] } ?? []), "\(keys)")
        }
      }
    }
  }

  private static func answers(
    to keys: [Key], _ archive: Archive, _ caller: Caller
  ) async throws -> [(unsupported: [DICOMData.Tag], dataSet: DataSet)] {
    var identifier = builder(keys)
    identifier.set(.queryRetrieveLevel, .cs, "IMAGE")
    var negotiated = QueryNegotiation()
    negotiated.isRelational = true
    let syntax = TransferSyntax.explicitVRLittleEndian
    let read = try QueryIdentifier(
      reading: identifier.encoded(as: syntax), transferSyntax: syntax, model: .studyRoot, negotiated: negotiated)
    var answers: [(unsupported: [DICOMData.Tag], dataSet: DataSet)] = []
    for try await page in archive.reading(as: caller).find(read.query) {
      let response = FindResponse(
        to: read, columns: page.columns, retrieveAETitle: "US", characterSets: [], transferSyntax: syntax)
      #expect(response.supportsAllKeys == response.unsupportedKeys.isEmpty)
      answers += try response.identifiers(of: page, page.count).all.map {
        (response.unsupportedKeys, try DataSet(reading: $0, transferSyntax: syntax, options: .lenient))
      }
    }
    return answers
  }

  private static func builder(_ keys: [Key]) -> DataSetBuilder {
    var builder = DataSetBuilder()
    for key in keys {
      switch key {
      case .text(let tag, let vr, let text): builder.set(tag, vr, text)
      case .sequence(let tag, let members): builder.setSequence(tag, [Self.builder(members)])
      }
    }
    return builder
  }

  /// With one object, of which a sequence in a sequence says X.
  private static func withArchive(_ body: (Archive, Caller) async throws -> Void) async throws {
    let queried = try await QueriedArchive()
    defer { try? FileManager.default.removeItem(atPath: queried.folder) }
    var object = builder([
      .text(.patientID, .lo, "P1"), .text(Tag(0x0009, 0x0010), .lo, "ACME"), .text(privateKey, .lo, "x"),
      .sequence(
        request, [.text(.requestedProcedureID, .sh, "R1"), .sequence(protocolCode, [.text(code, .sh, "X")])]),
    ])
    object.set(.seriesInstanceUID, .ui, "1.2.3.4")
    object.set(.studyInstanceUID, .ui, "1.2.3")
    try await queried.store(object, as: "1.2.3.4.5")
    try await body(queried.archive, queried.caller)
    try await queried.archive.close()
  }
}
