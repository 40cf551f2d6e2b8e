// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Directory Record Type (0004,1430), PS3.3 §F.5.
enum DirectoryRecordType: String {
  case patient = "PATIENT"
  case study = "STUDY"
  case series = "SERIES"
  case image = "IMAGE"
  case rtDose = "RT DOSE"
  case rtStructureSet = "RT STRUCTURE SET"
  case rtPlan = "RT PLAN"
  case rtTreatmentRecord = "RT TREAT RECORD"
  case presentation = "PRESENTATION"
  case waveform = "WAVEFORM"
  case srDocument = "SR DOCUMENT"
  case keyObjectDocument = "KEY OBJECT DOC"
  case spectroscopy = "SPECTROSCOPY"
  case rawData = "RAW DATA"
  case registration = "REGISTRATION"
  case fiducial = "FIDUCIAL"
  case encapsulatedDocument = "ENCAP DOC"
  case valueMap = "VALUE MAP"
  case stereometric = "STEREOMETRIC"
  case measurement = "MEASUREMENT"
  case surface = "SURFACE"
  case surfaceScan = "SURFACE SCAN"
  case tract = "TRACT"
  case assessment = "ASSESSMENT"
  case radiotherapy = "RADIOTHERAPY"
  case annotation = "ANNOTATION"
  case hangingProtocol = "HANGING PROTOCOL"
  case palette = "PALETTE"
  case implant = "IMPLANT"
  case implantAssembly = "IMPLANT ASSY"
  case implantGroup = "IMPLANT GROUP"
  case none = ""

  /// Below a series; the others stand at the root.
  var isOfPatient: Bool {
    switch self {
    case .hangingProtocol, .palette, .implant, .implantAssembly, .implantGroup, .none: false
    default: true
    }
  }

  private static let storage = "1.2.840.10008.5.1.4.1.1."

  /// Which record stands for an object of this SOP class (PS3.3 Table F.6-1, PS3.4 annex I.4).
  init(sopClassUID uid: String, header: DataSet) {
    if let known = Self.bySOPClass[uid] {
      self = known
    } else if UIDRegistry.nonPatientSOPClasses.contains(uid) {
      self = .none
    } else {
      self = Self.byRange(uid, header)
    }
  }

  private static func byRange(_ uid: String, _ header: DataSet) -> DirectoryRecordType {
    let families: [(String, DirectoryRecordType)] = [
      ("9.", .waveform), ("11.", .presentation), ("88.", .srDocument), ("78.", .measurement),
      ("104.", .encapsulatedDocument),
      ("68.", .surfaceScan), ("91.", .annotation), ("90.", .assessment),
    ]
    guard uid.hasPrefix(storage) else { return .image }
    let rest = uid.dropFirst(storage.count)
    if let family = families.first(where: { rest.hasPrefix($0.0) }) { return family.1 }
    // The second generation of radiotherapy (PS3.3 §F.5.45).
    if rest.hasPrefix("481."), let number = Int(rest.dropFirst(4)), number >= 10, header[Tag(0x0028, 0x0030)] == nil {
      return .radiotherapy
    }
    return .image
  }

  private static let bySOPClass: [String: DirectoryRecordType] = {
    let known: [(DirectoryRecordType, [String])] = [
      (.rtDose, ["481.2"]), (.rtStructureSet, ["481.3"]), (.rtPlan, ["481.5", "481.8"]),
      (.rtTreatmentRecord, ["481.4", "481.6", "481.7", "481.9"]), (.presentation, ["131"]),
      (.keyObjectDocument, ["88.59"]), (.srDocument, ["78.6", "79.1"]), (.spectroscopy, ["4.2"]), (.rawData, ["66"]),
      (.registration, ["66.1", "66.3"]), (.fiducial, ["66.2"]), (.valueMap, ["67"]), (.stereometric, ["77.1.5.3"]),
      (.measurement, ["80.1"]), (.surface, ["66.5"]), (.tract, ["66.6"]),
    ]
    var map = Dictionary(
      known.flatMap { type, suffixes in suffixes.map { (storage + $0, type) } }, uniquingKeysWith: { first, _ in first }
    )
    for (uid, type) in [
      ("38.1", DirectoryRecordType.hangingProtocol), ("39.1", .palette), ("43.1", .implant), ("44.1", .implantAssembly),
      ("45.1", .implantGroup),
    ] { map["1.2.840.10008.5.1.4.\(uid)"] = type }
    return map
  }()
}
