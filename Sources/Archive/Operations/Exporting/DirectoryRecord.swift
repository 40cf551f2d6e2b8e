// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// One record of a DICOMDIR with the keys that PS3.3 §F.5 asks of its type, taken from an object.
struct DirectoryRecord {
  private enum Requirement {
    /// Type 1: has to say something, so where the object does not, this.
    case something(String)
    /// Type 2: may be empty.
    case mayBeEmpty
    /// Type 1C: there where the object has it.
    case ifThere
    /// Type 1, and nothing can be made up.
    case cannotBeMadeUp
  }

  private(set) var builder: DataSetBuilder
  private(set) var madeUp: [String] = []
  private let header: DataSet

  init(_ type: DirectoryRecordType, of header: DataSet) {
    self.header = header
    builder = DataSetBuilder(characterSet: header.characterSet)
    builder.setIntegers(.nextRecordOffset, .ul, [0])
    builder.setIntegers(.recordInUseFlag, .us, [0xFFFF])
    builder.setIntegers(.lowerLevelOffset, .ul, [0])
    builder.set(.directoryRecordType, .cs, type.rawValue)
    builder.copy(.specificCharacterSet, from: header)
    for (keyword, requirement) in Self.keys(of: type, header) { add(keyword, requirement, to: type) }
    if type == .srDocument || type == .keyObjectDocument { addConceptModifiers() }
  }

  mutating func refer(to fileID: [String], _ instance: SelectedInstance) {
    builder.set(.referencedFileID, .cs, fileID)
    builder.set(.referencedSOPClassUIDInFile, .ui, instance.sopClassUID)
    builder.set(.referencedSOPInstanceUIDInFile, .ui, instance.sopInstanceUID)
    builder.set(.referencedTransferSyntaxUIDInFile, .ui, instance.transferSyntaxUID)
  }

  private mutating func add(_ keyword: String, _ requirement: Requirement, to type: DirectoryRecordType) {
    guard let tag = DataDictionary.tag(keyword: keyword), let vr = DataDictionary.vr(of: tag) else { return }
    if let element = header[tag], element.length > 0, vr == .sq || header.string(tag) != nil {
      return builder.copy(tag, from: header)
    }
    switch requirement {
    case .ifThere: break
    case .mayBeEmpty: builder.setEmpty(tag, vr)
    case .cannotBeMadeUp: madeUp.append("its \(type.rawValue) record lacks \(keyword)")
    case .something(let value):
      builder.set(tag, vr, value)
      madeUp.append("its \(type.rawValue) record has \(keyword) '\(value)', for the object has none")
    }
  }

  /// Of a document's content, what modifies its title (PS3.3 §F.5.30).
  private mutating func addConceptModifiers() {
    let content = Tag(0x0040, 0xA730)
    let modifiers = header.items(content).filter { $0.string(Tag(0x0040, 0xA010)) == "HAS CONCEPT MOD" }
    let items = modifiers.compactMap { try? DataSetBuilder($0) }
    if !items.isEmpty { builder.setSequence(content, items) }
  }
}

extension DirectoryRecord {
  private static func keys(of type: DirectoryRecordType, _ header: DataSet) -> [(String, Requirement)] {
    let number: (String, Requirement) = ("InstanceNumber", .something("0"))
    let content: [(String, Requirement)] = [
      ("ContentDate", .something(date(header))), ("ContentTime", .something(time(header))),
    ]
    let identification: [(String, Requirement)] = [
      number, ("ContentLabel", .something(type.rawValue.replacing(" ", with: "_"))),
      ("ContentDescription", .mayBeEmpty),
      ("ContentCreatorName", .mayBeEmpty),
    ]
    switch type {
    case .patient: return [("PatientName", .mayBeEmpty), ("PatientID", .something(standIn(header)))]
    case .study:
      return [
        ("StudyDate", .something(date(header))), ("StudyTime", .something(time(header))),
        ("AccessionNumber", .mayBeEmpty), ("StudyDescription", .mayBeEmpty),
        ("StudyInstanceUID", .cannotBeMadeUp), ("StudyID", .something(standIn(header))),
      ]
    case .series:
      return [
        ("Modality", .something("OT")), ("SeriesInstanceUID", .cannotBeMadeUp), ("SeriesNumber", .something("0")),
      ]
    case .image, .radiotherapy, .measurement, .surface, .stereometric: return [number]
    case .rtDose: return [number, ("DoseSummationType", .something("PLAN"))]
    case .rtStructureSet:
      return [
        number, ("StructureSetLabel", .something("RTSTRUCT")), ("StructureSetDate", .mayBeEmpty),
        ("StructureSetTime", .mayBeEmpty),
      ]
    case .rtPlan:
      return [number, ("RTPlanLabel", .something("RTPLAN")), ("RTPlanDate", .mayBeEmpty), ("RTPlanTime", .mayBeEmpty)]
    case .rtTreatmentRecord: return [number, ("TreatmentDate", .mayBeEmpty), ("TreatmentTime", .mayBeEmpty)]
    case .waveform, .rawData, .surfaceScan, .tract, .annotation: return [number] + content
    case .assessment:
      return [number, ("InstanceCreationDate", .something(date(header))), ("InstanceCreationTime", .mayBeEmpty)]
    case .presentation:
      return [
        ("PresentationCreationDate", .something(date(header))), ("PresentationCreationTime", .something(time(header))),
        ("ReferencedSeriesSequence", .ifThere), ("BlendingSequence", .ifThere),
      ] + identification
    case .registration, .fiducial, .valueMap: return content + identification
    case .srDocument:
      return [
        number, ("CompletionFlag", .something("PARTIAL")), ("VerificationFlag", .something("UNVERIFIED")),
        ("VerificationDateTime", .ifThere), ("ConceptNameCodeSequence", .cannotBeMadeUp),
      ] + content
    case .keyObjectDocument: return [number, ("ConceptNameCodeSequence", .cannotBeMadeUp)] + content
    default: return furtherKeys(of: type, header)
    }
  }

  private static func furtherKeys(of type: DirectoryRecordType, _ header: DataSet) -> [(String, Requirement)] {
    switch type {
    case .spectroscopy:
      return [
        ("ImageType", .cannotBeMadeUp), ("ContentDate", .something(date(header))),
        ("ContentTime", .something(time(header))), ("InstanceNumber", .something("0")),
        ("ReferencedImageEvidenceSequence", .ifThere), ("NumberOfFrames", .something("1")), ("Rows", .cannotBeMadeUp),
        ("Columns", .cannotBeMadeUp), ("DataPointRows", .cannotBeMadeUp), ("DataPointColumns", .cannotBeMadeUp),
      ]
    case .encapsulatedDocument:
      return [
        ("ContentDate", .mayBeEmpty), ("ContentTime", .mayBeEmpty), ("InstanceNumber", .something("0")),
        ("DocumentTitle", .mayBeEmpty), ("HL7InstanceIdentifier", .ifThere), ("ConceptNameCodeSequence", .mayBeEmpty),
        ("MIMETypeOfEncapsulatedDocument", .something("application/octet-stream")),
      ]
    case .hangingProtocol:
      return [
        ("HangingProtocolName", .cannotBeMadeUp), ("HangingProtocolDescription", .cannotBeMadeUp),
        ("HangingProtocolLevel", .cannotBeMadeUp), ("HangingProtocolCreator", .cannotBeMadeUp),
        ("HangingProtocolCreationDateTime", .cannotBeMadeUp), ("HangingProtocolDefinitionSequence", .cannotBeMadeUp),
        ("NumberOfPriorsReferenced", .cannotBeMadeUp), ("HangingProtocolUserIdentificationCodeSequence", .mayBeEmpty),
      ]
    case .palette: return [("ContentLabel", .something("PALETTE")), ("ContentDescription", .mayBeEmpty)]
    case .implant:
      return [
        ("Manufacturer", .cannotBeMadeUp), ("ImplantName", .cannotBeMadeUp), ("ImplantSize", .ifThere),
        ("ImplantPartNumber", .cannotBeMadeUp),
      ]
    case .implantAssembly:
      return [
        ("ImplantAssemblyTemplateName", .cannotBeMadeUp), ("Manufacturer", .cannotBeMadeUp),
        ("ProcedureTypeCodeSequence", .cannotBeMadeUp),
      ]
    case .implantGroup:
      return [("ImplantTemplateGroupName", .cannotBeMadeUp), ("ImplantTemplateGroupIssuer", .cannotBeMadeUp)]
    default: return []
    }
  }

  /// A date that the object has for something near, else one that nobody takes for true.
  private static func date(_ header: DataSet) -> String {
    let near: [Tag] = [.studyDate, .seriesDate, .acquisitionDate, .contentDate, .instanceCreationDate]
    return near.lazy.compactMap { header.string($0) }.first ?? "19000101"
  }

  private static func time(_ header: DataSet) -> String {
    let near: [Tag] = [.studyTime, .seriesTime, .contentTime, .instanceCreationTime]
    return near.lazy.compactMap { header.string($0) }.first ?? "000000"
  }

  /// For a patient or study without an ID: the same each time, and another for each study.
  private static func standIn(_ header: DataSet) -> String {
    "NONE" + ExportNames.short(header.string(.studyInstanceUID) ?? "")
  }
}
