// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// The keys that PS3.4 C.6.1.1 lists by name at each level, and those of "all other attributes" that are asked for in
/// practice. What is counted or collected is no attribute of an object: see `DerivedKey`.
extension IndexedAttribute {
  static let standard: [IndexedAttribute] = patient + study + series + instance

  private static let patient: [IndexedAttribute] =
    attributes(
      .patient,
      [
        (.patientName, .pn), (.patientID, .lo), (.issuerOfPatientID, .lo), (.patientBirthDate, .da),
        (.patientBirthTime, .tm), (.patientSex, .cs), (.ethnicGroup, .sh), (.patientComments, .lt),
        (.patientSpeciesDescription, .lo), (.patientBreedDescription, .lo), (.responsiblePerson, .pn),
        // Patient's Sex Neutered, Responsible Person Role, Responsible Organization.
        (Tag(0x0010, 0x2203), .cs), (Tag(0x0010, 0x2298), .cs), (Tag(0x0010, 0x2299), .lo),
      ])
    + attributes(.patient, [(.otherPatientIDs, .lo), (.otherPatientNames, .pn)], isMultiValued: true)
    // Issuer of Patient ID Qualifiers Sequence: Universal Entity ID and its type.
    + attributes(.patient, [(Tag(0x0040, 0x0032), .ut), (Tag(0x0040, 0x0033), .cs)], in: Tag(0x0010, 0x0024))
    // Other Patient IDs Sequence.
    + attributes(.patient, [(.patientID, .lo), (.issuerOfPatientID, .lo)], in: Tag(0x0010, 0x1002))
    // Patient Species and Patient Breed Code Sequence; Breed Registration Sequence: Breed Registration Number.
    + attributes(.patient, code, in: Tag(0x0010, 0x2202)) + attributes(.patient, code, in: Tag(0x0010, 0x2293))
    + attributes(.patient, [(Tag(0x0010, 0x2295), .lo)], in: Tag(0x0010, 0x2294))
    // Referenced Patient Sequence.
    + attributes(.patient, references, in: Tag(0x0008, 0x1120))

  private static let study: [IndexedAttribute] =
    attributes(
      .study,
      [
        (.studyInstanceUID, .ui), (.studyDate, .da), (.studyTime, .tm), (.accessionNumber, .sh), (.studyID, .sh),
        (.referringPhysicianName, .pn), (.studyDescription, .lo), (.patientAge, .as), (.patientSize, .ds),
        (.patientWeight, .ds), (.occupation, .sh), (.additionalPatientHistory, .lt), (.requestingPhysician, .pn),
        // Requesting Service, Admission ID, Timezone Offset From UTC.
        (Tag(0x0032, 0x1033), .lo), (Tag(0x0038, 0x0010), .lo), (.timezoneOffsetFromUTC, .sh),
        (.requestedProcedureDescription, .lo),
      ])
    + attributes(
      .study,
      [
        (.physiciansOfRecord, .pn), (.nameOfPhysiciansReadingStudy, .pn), (.admittingDiagnosesDescription, .lo),
        // Other Study Numbers.
        (Tag(0x0020, 0x1070), .is),
      ], isMultiValued: true)
    // Issuer of Accession Number Sequence: Local Namespace Entity ID, Universal Entity ID and its type.
    + attributes(
      .study, [(Tag(0x0040, 0x0031), .ut), (Tag(0x0040, 0x0032), .ut), (Tag(0x0040, 0x0033), .cs)],
      in: Tag(0x0008, 0x0051))
    + attributes(.study, code, in: .procedureCodeSequence)
    // Referenced Study Sequence.
    + attributes(.study, references, in: Tag(0x0008, 0x1110))

  private static let series: [IndexedAttribute] =
    attributes(
      .series,
      [
        (.seriesInstanceUID, .ui), (.modality, .cs), (.seriesNumber, .is), (.seriesDescription, .lo),
        (.seriesDate, .da), (.seriesTime, .tm), (.bodyPartExamined, .cs), (.protocolName, .lo), (.laterality, .cs),
        (.manufacturer, .lo), (.manufacturerModelName, .lo), (.stationName, .sh), (.institutionName, .lo),
        (.institutionalDepartmentName, .lo), (.frameOfReferenceUID, .ui), (.performedProcedureStepStartDate, .da),
        (.performedProcedureStepStartTime, .tm), (.performedProcedureStepID, .sh), (.patientPosition, .cs),
        // Performed Procedure Step Description, Device Serial Number.
        (Tag(0x0040, 0x0254), .lo), (Tag(0x0018, 0x1000), .lo),
      ])
    + attributes(.series, [(.performingPhysicianName, .pn), (.operatorsName, .pn)], isMultiValued: true)
    // Request Attributes Sequence: Requested Procedure ID, Scheduled Procedure Step ID.
    + attributes(
      .series, [(.requestedProcedureID, .sh), (.scheduledProcedureStepID, .sh), (.accessionNumber, .sh)],
      in: Tag(0x0040, 0x0275))
    // Referenced Performed Procedure Step Sequence, Anatomic Region Sequence.
    + attributes(.series, references, in: Tag(0x0008, 0x1111))
    + attributes(.series, code, in: DerivedKey.anatomicRegion)

  private static let instance: [IndexedAttribute] =
    attributes(
      .instance,
      [
        (.sopInstanceUID, .ui), (.sopClassUID, .ui), (.instanceNumber, .is), (.contentDate, .da), (.contentTime, .tm),
        (.acquisitionDate, .da), (.acquisitionDateTime, .dt), (.acquisitionNumber, .is), (.numberOfFrames, .is),
        (.rows, .us), (.columns, .us), (.bitsAllocated, .us), (.instanceCreationDate, .da),
        (.instanceCreationTime, .tm), (.completionFlag, .cs), (.verificationFlag, .cs), (.documentTitle, .st),
        // Acquisition Time, Container Identifier, Observation DateTime.
        (Tag(0x0008, 0x0032), .tm), (Tag(0x0040, 0x0512), .lo), (Tag(0x0040, 0xA032), .dt),
        // Content Label, Content Description, Content Creator's Name.
        (Tag(0x0070, 0x0080), .cs), (Tag(0x0070, 0x0081), .lo), (Tag(0x0070, 0x0084), .pn),
      ])
    // Image Type, Related General SOP Class UID.
    + attributes(.instance, [(.imageType, .cs), (Tag(0x0008, 0x001A), .ui)], isMultiValued: true)
    + attributes(.instance, code, in: .conceptNameCodeSequence)
    // Content Template Sequence: Mapping Resource, Template Identifier.
    + attributes(.instance, [(Tag(0x0008, 0x0105), .cs), (Tag(0x0040, 0xDB00), .cs)], in: Tag(0x0040, 0xA504))
    // Specimen Description Sequence: Specimen Identifier and UID.
    + attributes(.instance, [(Tag(0x0040, 0x0551), .lo), (Tag(0x0040, 0x0554), .ui)], in: Tag(0x0040, 0x0560))

  /// Code Value, Coding Scheme Designator, its version, Code Meaning (PS3.3 table 8.8-1).
  private static let code: [(Tag, VR)] = [
    (Tag(0x0008, 0x0100), .sh), (Tag(0x0008, 0x0102), .sh), (Tag(0x0008, 0x0103), .sh), (.codeMeaning, .lo),
  ]

  private static let references: [(Tag, VR)] = [(.referencedSOPClassUID, .ui), (.referencedSOPInstanceUID, .ui)]

  private static func attributes(
    _ level: Level, _ attributes: [(Tag, VR)], in sequence: Tag? = nil, isMultiValued: Bool = false
  ) -> [IndexedAttribute] {
    attributes.map { IndexedAttribute($0.0, $0.1, at: level, in: sequence, isMultiValued: isMultiValued) }
  }
}
