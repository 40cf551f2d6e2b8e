// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// All that the index holds of one instance, by level.
struct InstanceRecord: Sendable {
  let object: ObjectStore.Key
  let transferSyntaxUID: String
  let digest: [UInt8]
  let size: Int
  let sender: String
  let callingAETitle: String
  /// nil for objects that belong to no patient (PS3.4 annex GG).
  let hierarchy: Hierarchy?
  let attributes: [String: String]
  let remarks: [String]

  struct Hierarchy: Sendable {
    let patientID: String
    let issuer: String
    /// With what the study's first object says of its patient: another study may say otherwise.
    let study: [String: String]
    let series: [String: String]
    /// An empty Patient ID identifies nobody: such a study is a patient of its own.
    let soleStudy: String
  }

  /// All that is read of a header, here or to compare it with its announcement.
  static let wantedElements = Set(IndexedAttribute.all.map(\.tag))
    .union([.specificCharacterSet, .sopClassUID, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID])

  init(
    _ header: DataSet, announcement: Announcement, object: ObjectStore.Key, digest: [UInt8], size: Int, sender: String
  ) throws(ReceptionError) {
    self.object = object
    transferSyntaxUID = announcement.transferSyntaxUID
    self.digest = digest
    self.size = size
    self.sender = sender
    callingAETitle = announcement.callingAETitle
    hierarchy = try Self.hierarchy(of: header, sopClassUID: announcement.sopClassUID)
    attributes = Self.columns(.instance, of: header)
    remarks = Self.remarks(on: header)
  }

  static func hierarchy(of header: DataSet, sopClassUID: String) throws(ReceptionError) -> Hierarchy? {
    let study = header.string(.studyInstanceUID)
    let series = header.string(.seriesInstanceUID)
    if study == nil || series == nil, UIDRegistry.nonPatientSOPClasses.contains(sopClassUID) { return nil }
    guard let study else {
      throw ReceptionError(
        .doesNotMatch, "the data set has no Study Instance UID", offendingElement: .studyInstanceUID)
    }
    guard series != nil else {
      throw ReceptionError(
        .doesNotMatch, "the data set has no Series Instance UID", offendingElement: .seriesInstanceUID)
    }
    return Hierarchy(
      patientID: MatchingForm.storable(header.string(.patientID) ?? ""),
      issuer: MatchingForm.storable(header.string(.issuerOfPatientID) ?? ""),
      study: columns(.patient, of: header).merging(columns(.study, of: header)) { _, own in own },
      series: columns(.series, of: header),
      soleStudy: header.string(.patientID) == nil ? MatchingForm.storable(study) : "")
  }

  private static func columns(_ level: IndexedAttribute.Level, of header: DataSet) -> [String: String] {
    var columns: [String: String] = [:]
    for attribute in IndexedAttribute.at(level) {
      let values = header.strings(attribute.tag).map(MatchingForm.storable)
      columns[attribute.column] = values.joined(separator: "\\")
      if attribute.hasKeyColumn { columns[attribute.keyColumn] = MatchingForm.key(of: values, vr: attribute.vr) }
    }
    return columns
  }

  /// PS3.5 §9.1: what is wrong with a UID that is kept all the same.
  private static func remarks(on header: DataSet) -> [String] {
    [Tag.sopInstanceUID, .studyInstanceUID, .seriesInstanceUID].compactMap { tag in
      guard let uid = header.string(tag), let fault = fault(of: uid) else { return nil }
      return "\(DataDictionary.entry(for: tag)?.name ?? "UID") \(tag) \(fault)"
    }
  }

  private static func fault(of uid: String) -> String? {
    if uid.utf8.count > 64 { return "is longer than 64 characters" }
    if !uid.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }) { return "has characters that are no digits" }
    let components = uid.split(separator: ".", omittingEmptySubsequences: false)
    if components.contains(where: \.isEmpty) { return "has an empty component" }
    if components.contains(where: { $0.count > 1 && $0.first == "0" }) { return "has a component with a leading zero" }
    return nil
  }
}
