// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// An attribute that the index holds, at its level of the information models (PS3.4 C.6).
struct IndexedAttribute: Sendable {
  enum Level: String, Sendable, CaseIterable { case patient, study, series, instance }

  let tag: Tag
  let vr: VR
  let level: Level
  let isMultiValued: Bool

  /// The values as they are answered, joined by backslashes.
  var column: String { "v_\(tag.hex.lowercased())" }
  /// The values as they are matched; the same column where that makes no difference.
  var keyColumn: String { hasKeyColumn ? "k_\(tag.hex.lowercased())" : column }
  var hasKeyColumn: Bool { vr == .pn || vr == .da || vr == .tm || vr == .dt }
  /// What objects say of their patient is kept with their study, so that who sees one study learns nothing from another.
  var table: String { level == .patient ? Level.study.rawValue : level.rawValue }

  static func at(_ level: Level) -> [IndexedAttribute] { all.filter { $0.level == level } }

  static let byTag = Dictionary(all.map { ($0.tag, $0) }, uniquingKeysWith: { first, _ in first })

  static let all: [IndexedAttribute] =
    attributes(
      .patient,
      [
        (.patientName, .pn), (.patientID, .lo), (.issuerOfPatientID, .lo), (.patientBirthDate, .da),
        (.patientBirthTime, .tm), (.patientSex, .cs), (.ethnicGroup, .sh), (.patientComments, .lt),
        (.patientSpeciesDescription, .lo), (.patientBreedDescription, .lo), (.responsiblePerson, .pn),
      ])
    + attributes(.patient, [(.otherPatientIDs, .lo), (.otherPatientNames, .pn)], isMultiValued: true)
    + attributes(
      .study,
      [
        (.studyInstanceUID, .ui), (.studyDate, .da), (.studyTime, .tm), (.accessionNumber, .sh), (.studyID, .sh),
        (.referringPhysicianName, .pn), (.studyDescription, .lo), (.patientAge, .as), (.patientSize, .ds),
        (.patientWeight, .ds), (.occupation, .sh), (.additionalPatientHistory, .lt), (.requestingPhysician, .pn),
      ])
    + attributes(
      .study,
      [
        (.physiciansOfRecord, .pn), (.nameOfPhysiciansReadingStudy, .pn), (.admittingDiagnosesDescription, .lo),
      ], isMultiValued: true)
    + attributes(
      .series,
      [
        (.seriesInstanceUID, .ui), (.modality, .cs), (.seriesNumber, .is), (.seriesDescription, .lo),
        (.seriesDate, .da), (.seriesTime, .tm), (.bodyPartExamined, .cs), (.protocolName, .lo), (.laterality, .cs),
        (.manufacturer, .lo), (.manufacturerModelName, .lo), (.stationName, .sh), (.institutionName, .lo),
        (.institutionalDepartmentName, .lo), (.frameOfReferenceUID, .ui), (.performedProcedureStepStartDate, .da),
        (.performedProcedureStepStartTime, .tm), (.performedProcedureStepID, .sh),
      ])
    + attributes(.series, [(.performingPhysicianName, .pn), (.operatorsName, .pn)], isMultiValued: true)
    + attributes(
      .instance,
      [
        (.sopInstanceUID, .ui), (.sopClassUID, .ui), (.instanceNumber, .is), (.contentDate, .da), (.contentTime, .tm),
        (.acquisitionDate, .da), (.acquisitionDateTime, .dt), (.acquisitionNumber, .is), (.numberOfFrames, .is),
        (.rows, .us), (.columns, .us), (.bitsAllocated, .us), (.instanceCreationDate, .da),
        (.instanceCreationTime, .tm), (.completionFlag, .cs), (.verificationFlag, .cs), (.documentTitle, .st),
      ])
    + attributes(.instance, [(.imageType, .cs)], isMultiValued: true)

  private static func attributes(
    _ level: Level, _ attributes: [(Tag, VR)], isMultiValued: Bool = false
  ) -> [IndexedAttribute] {
    attributes.map { IndexedAttribute(tag: $0.0, vr: $0.1, level: level, isMultiValued: isMultiValued) }
  }
}
