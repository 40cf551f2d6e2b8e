// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Testing

@testable import ServiceClasses

@Suite struct QueryIdentifierTests {
  @Test(
    arguments: [
      (DICOMData.Tag.patientName, VR.pn, "Doe*", MatchingKey.Matching.wildcard("Doe*")),
      (.patientName, .pn, "*", .universal),
      (.patientName, .pn, "", .universal),
      (.patientID, .lo, "4711", .singleValue("4711")),
      (.studyDate, .da, "20260101-20261231", .range(from: "20260101", to: "20261231")),
      (.studyDate, .da, "20260101-", .range(from: "20260101", to: nil)),
      (.studyDate, .da, "-20261231", .range(from: nil, to: "20261231")),
      (.studyDate, .da, "-", .universal),
      (.studyTime, .tm, "10", .singleValue("10")),
      (.studyInstanceUID, .ui, "1.2\\1.3", .uidList(["1.2", "1.3"])),
      (.seriesNumber, .is, "7", .singleValue("7")),
    ] as [(DICOMData.Tag, VR, String, MatchingKey.Matching)])
  func valuesSayHowTheyMatch(tag: DICOMData.Tag, vr: VR, value: String, matching: MatchingKey.Matching) throws {
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, "STUDY")
    identifier.set(tag, vr, value)
    let read = try read(identifier, .studyRoot)
    #expect(read.query.keys == [MatchingKey(tag: tag, matching: matching)])
    #expect(read.query.returning == [tag])
  }

  @Test(
    arguments: [
      (InformationModel.studyRoot, [], DICOMData.Tag.queryRetrieveLevel),
      (.studyRoot, [(.queryRetrieveLevel, "PATIENT")], .queryRetrieveLevel),
      (.patientRoot, [(.queryRetrieveLevel, "NOWHERE")], .queryRetrieveLevel),
      (.patientRoot, [(.queryRetrieveLevel, "STUDY")], .patientID),
      (.patientRoot, [(.queryRetrieveLevel, "STUDY"), (.patientID, "4*")], .patientID),
      (.studyRoot, [(.queryRetrieveLevel, "SERIES"), (.studyInstanceUID, "1.2\\1.3")], .studyInstanceUID),
      (.studyRoot, [(.queryRetrieveLevel, "IMAGE"), (.studyInstanceUID, "1.2")], .seriesInstanceUID),
    ] as [(InformationModel, [(DICOMData.Tag, String)], DICOMData.Tag)])
  func whatTheModelForbidsIsRefused(
    model: InformationModel, elements: [(DICOMData.Tag, String)], offending: DICOMData.Tag
  ) {
    var identifier = DataSetBuilder()
    for (tag, value) in elements { identifier.set(tag, DataDictionary.vr(of: tag) ?? .lo, value) }
    let failure = #expect(throws: ServiceFailure.self) { try read(identifier, model) }
    #expect(failure?.status == .dataSetDoesNotMatchSOPClass)
    #expect(failure?.offendingElements == [offending])
  }

  @Test func bytesThatAreNoIdentifierAreRefused() {
    let failure = #expect(throws: ServiceFailure.self) {
      try QueryIdentifier(
        reading: [8, 0, 0x52, 0, 0x43, 0x53, 0xFF, 0xFF], transferSyntax: .explicitVRLittleEndian, model: .studyRoot)
    }
    #expect(failure?.status == .cannotUnderstand)
  }

  /// PS3.7 annex C: Error Comment is VR LO.
  @Test func commentsFitTheirElement() {
    let failure = ServiceFailure(.cannotUnderstand, String(repeating: "long\\ä\n ", count: 40))
    #expect(failure.comment.utf8.count == 64)
    #expect(failure.comment.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x5C })
  }

  private func read(_ identifier: DataSetBuilder, _ model: InformationModel) throws -> QueryIdentifier {
    try QueryIdentifier(
      reading: identifier.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian, model: model)
  }
}
