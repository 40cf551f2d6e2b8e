// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Testing

@testable import ServiceClasses

@Suite struct RetrieveIdentifierTests {
  private typealias Elements = [(DICOMData.Tag, String)]

  @Test func keysOfTheLevelAndAboveAreRead() throws {
    let series = try read(
      [
        (.queryRetrieveLevel, "SERIES"), (.patientID, "4711"), (.issuerOfPatientID, "CITY"),
        (.studyInstanceUID, "1.2"), (.seriesInstanceUID, "1.2.1\\1.2.2"), (.sopInstanceUID, ""),
      ], .patientRoot)
    #expect(series.level == .series)
    #expect(series.patientID == "4711")
    #expect(series.issuerOfPatientID == "CITY")
    #expect(series.studyInstanceUIDs == ["1.2"])
    #expect(series.seriesInstanceUIDs == ["1.2.1", "1.2.2"])
    #expect(series.sopInstanceUIDs == [])
    let study = try read([(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "1.2\\1.3\\1.4")], .studyRoot)
    #expect(study.patientID == nil)
    #expect(study.studyInstanceUIDs == ["1.2", "1.3", "1.4"])
  }

  @Test(
    arguments: [
      (.studyRoot, [], .queryRetrieveLevel),
      (.studyRoot, [(.queryRetrieveLevel, "PATIENT"), (.patientID, "1")], .queryRetrieveLevel),
      (.patientRoot, [(.queryRetrieveLevel, "PATIENT")], .patientID),
      (.patientRoot, [(.queryRetrieveLevel, "PATIENT"), (.patientID, "1\\2")], .patientID),
      (.patientRoot, [(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "1.2")], .patientID),
      (.studyRoot, [(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "")], .studyInstanceUID),
      (.studyRoot, [(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "*")], .studyInstanceUID),
      (.studyRoot, [(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "1.2.?")], .studyInstanceUID),
      (
        .studyRoot, [(.queryRetrieveLevel, "SERIES"), (.studyInstanceUID, "1.2\\1.3"), (.seriesInstanceUID, "1.4")],
        .studyInstanceUID
      ),
      (.studyRoot, [(.queryRetrieveLevel, "IMAGE"), (.sopInstanceUID, "1.2.3")], .studyInstanceUID),
      (
        .studyRoot, [(.queryRetrieveLevel, "STUDY"), (.studyInstanceUID, "1.2"), (.seriesInstanceUID, "1.3")],
        .seriesInstanceUID
      ),
    ] as [(InformationModel, [(DICOMData.Tag, String)], DICOMData.Tag)])
  func whatTheHierarchyForbidsIsRefused(
    model: InformationModel, elements: [(DICOMData.Tag, String)], offending: DICOMData.Tag
  ) {
    let failure = #expect(throws: ServiceFailure.self) { try read(elements, model) }
    #expect(failure?.status == .dataSetDoesNotMatchSOPClass)
    #expect(failure?.offendingElements == [offending])
  }

  /// PS3.4 annex Y: objects by their SOP Instance UIDs alone; frames of them are refused with annex Y's statuses.
  @Test(
    arguments: [
      ("IMAGE", ["1.2", "1.3"], [], nil), ("IMAGE", [], [], .dataSetDoesNotMatchSOPClass),
      ("IMAGE", ["1.*"], [], .dataSetDoesNotMatchSOPClass), ("STUDY", ["1.2"], [], .dataSetDoesNotMatchSOPClass),
      ("IMAGE", ["1.2"], [0x1161], .dataSetDoesNotMatchSOPClass), ("FRAME", ["1.2"], [0x1161], .cannotExtractFrames),
      ("FRAME", ["1.2"], [0x1162], .cannotExtractFrames), ("FRAME", ["1.2"], [], .invalidRequest),
      ("FRAME", ["1.2"], [0x1161, 0x1162], .invalidRequest), ("FRAME", ["1.2", "1.3"], [0x1161], .invalidRequest),
      ("FRAME", [], [0x1161], .invalidRequest),
    ] as [(String, [String], [UInt16], Status?)])
  func compositeInstancesAreNamedByThemselves(
    level: String, instances: [String], frames: [UInt16], status: Status?
  ) throws {
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, level)
    if !instances.isEmpty { identifier.set(.sopInstanceUID, .ui, instances) }
    for element in frames { identifier.setIntegers(DICOMData.Tag(0x0008, element), .ul, [1, 2, 1]) }
    func read() throws -> RetrieveIdentifier {
      try RetrieveIdentifier(
        reading: identifier.encoded(as: .implicitVRLittleEndian), transferSyntax: .implicitVRLittleEndian,
        model: .compositeInstanceRoot)
    }
    guard let status else {
      #expect(try read().sopInstanceUIDs == instances)
      return
    }
    let failure = #expect(throws: ServiceFailure.self) { try read() }
    #expect(failure?.status == status)
  }

  @Test func tenThousandUIDsAreALevelsKey() throws {
    let uids = (0..<10_000).map { "1.2.826.0.1.\($0)" }
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, "STUDY")
    identifier.set(.studyInstanceUID, .ui, uids)
    let read = try RetrieveIdentifier(
      reading: identifier.encoded(as: .implicitVRLittleEndian), transferSyntax: .implicitVRLittleEndian,
      model: .studyRoot)
    #expect(read.studyInstanceUIDs == uids)
  }

  /// PS3.4 C.4.2.2.2: levels above may be left out, or name several; the own one is needed all the same.
  @Test func relationalRetrievalNeedsItsOwnLevelAlone() throws {
    func read(_ elements: [(DICOMData.Tag, [String])], _ model: InformationModel) throws -> RetrieveIdentifier {
      var identifier = DataSetBuilder()
      for (tag, values) in elements { identifier.set(tag, DataDictionary.vr(of: tag) ?? .lo, values) }
      return try RetrieveIdentifier(
        reading: identifier.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian,
        model: model, isRelational: true)
    }
    let objects = try read([(.queryRetrieveLevel, ["IMAGE"]), (.sopInstanceUID, ["1.2", "1.3"])], .studyRoot)
    #expect(objects.sopInstanceUIDs == ["1.2", "1.3"] && objects.studyInstanceUIDs.isEmpty)
    let series = try read(
      [(.queryRetrieveLevel, ["SERIES"]), (.studyInstanceUID, ["1", "2"]), (.seriesInstanceUID, ["3"])], .patientRoot)
    #expect(series.studyInstanceUIDs == ["1", "2"] && series.patientID == nil)
    #expect(throws: ServiceFailure.self) {
      try read([(.queryRetrieveLevel, ["IMAGE"]), (.studyInstanceUID, ["1"])], .studyRoot)
    }
    #expect(throws: ServiceFailure.self) {
      try read([(.queryRetrieveLevel, ["STUDY"]), (.studyInstanceUID, ["1.*"])], .studyRoot)
    }
  }

  @Test func whatCannotBeReadIsNotUnderstood() {
    let failure = #expect(throws: ServiceFailure.self) {
      try RetrieveIdentifier(
        reading: [8, 0, 0x52, 0, 0xFF, 0xFF], transferSyntax: .implicitVRLittleEndian, model: .studyRoot)
    }
    #expect(failure?.status == .cannotUnderstand)
  }

  @discardableResult
  private func read(
    _ elements: [(DICOMData.Tag, String)], _ model: InformationModel
  ) throws(ServiceFailure) -> RetrieveIdentifier {
    var identifier = DataSetBuilder()
    for (tag, value) in elements { identifier.set(tag, DataDictionary.vr(of: tag) ?? .lo, value) }
    return try RetrieveIdentifier(
      reading: identifier.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian, model: model)
  }
}
