// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData

/// All that the index holds of one instance, by level.
struct InstanceRecord: Sendable {
  let object: ObjectKey
  let transferSyntaxUID: String
  let sopClassUID: String
  let sopInstanceUID: String
  /// SHA-256 of the data set's bytes.
  let digest: [UInt8]
  /// Of its elements, whatever their encoding; nil until it is needed.
  var canonicalDigest: [UInt8]?
  /// Bytes of the whole file.
  let size: Int
  let arrival: Arrival
  /// nil for objects that belong to no patient (PS3.4 annex GG).
  let hierarchy: Hierarchy?
  /// In the order of the layout's columns of `instance`.
  let values: [String]
  /// As grants are narrowed to them, by its SOP class.
  let recordTypes: RecordTypes
  let remarks: [String]
  /// Who brought it, for the audit; nil where it is found again.
  var actor: AuditActor?

  struct Hierarchy: Sendable {
    let patient: PatientIdentity
    let studyInstanceUID: String
    let seriesInstanceUID: String
    /// With what the object says of its patient: another study may say otherwise.
    let study: [String]
    let series: [String]
    /// What it says of who asked for it.
    let referral: Referral
    /// The same as the index keeps it.
    let referralText: String

    var saying: Voices.Saying { Voices.Saying(study: study, series: series) }
  }

  /// `memory`: of what others said; nil where each is taken apart.
  init(
    _ header: DataSet, announcement: Announcement, object: ObjectKey, digest: [UInt8], size: Int, arrival: Arrival,
    layout: IndexLayout, memory: HierarchyMemory? = nil
  ) throws(ReceptionError) {
    self.object = object
    transferSyntaxUID = announcement.transferSyntaxUID
    sopClassUID = announcement.sopClassUID
    sopInstanceUID = MatchingForm.storable(announcement.sopInstanceUID)
    self.digest = digest
    self.size = size
    self.arrival = arrival.applied(to: header)
    let place = try Place(header, sopClassUID: announcement.sopClassUID)
    hierarchy = place.map { place in
      memory?.hierarchy(place, header, arrival) ?? Hierarchy(place, header, arrival, layout: layout)
    }
    values = layout.values(for: "instance", of: header)
    recordTypes = RecordTypes(sopClassUID: header.string(.sopClassUID) ?? announcement.sopClassUID)
    remarks = Self.remarks(on: header)
  }

  /// The UIDs of the study and the series that an object belongs to.
  struct Place {
    let study: String
    let series: String

    /// nil for objects that belong to no patient; throws for one that should and does not.
    init?(_ header: DataSet, sopClassUID: String) throws(ReceptionError) {
      let study = header.string(.studyInstanceUID)
      let series = header.string(.seriesInstanceUID)
      if study == nil || series == nil, UIDRegistry.nonPatientSOPClasses.contains(sopClassUID) { return nil }
      guard let study else {
        throw ReceptionError(
          .doesNotMatch, "the data set has no Study Instance UID", offendingElement: .studyInstanceUID)
      }
      guard let series else {
        throw ReceptionError(
          .doesNotMatch, "the data set has no Series Instance UID", offendingElement: .seriesInstanceUID)
      }
      self.study = study
      self.series = series
    }
  }

  /// PS3.5 §9.1: what is wrong with a UID that is kept all the same.
  private static func remarks(on header: DataSet) -> [String] {
    [Tag.sopInstanceUID, .studyInstanceUID, .seriesInstanceUID].compactMap { tag in
      guard let uid = header.string(tag), let fault = fault(of: uid) else { return nil }
      return "\(DataDictionary.entry(for: tag)?.name ?? "UID") \(tag) \(fault)"
    }
  }

  private static func fault(of uid: String) -> String? {
    if isPlain(uid) { return nil }
    if uid.utf8.count > 64 { return "is longer than 64 characters" }
    if !uid.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }) { return "has characters that are no digits" }
    let components = uid.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
    if components.contains(where: \.isEmpty) { return "has an empty component" }
    if components.contains(where: { $0.count > 1 && $0.first == 0x30 }) { return "has a component with a leading zero" }
    return nil
  }

  /// As nearly all are; to take one apart costs more.
  private static func isPlain(_ uid: String) -> Bool {
    var (length, isZero) = (0, false)
    for byte in uid.utf8 {
      if byte == 0x2E {
        guard length > 0 else { return false }
        length = 0
      } else {
        guard (0x30...0x39).contains(byte), !isZero else { return false }
        length += 1
      }
      isZero = length == 1 && byte == 0x30
    }
    return length > 0 && uid.utf8.count <= 64
  }
}

extension InstanceRecord.Hierarchy {
  init(_ place: InstanceRecord.Place, _ header: DataSet, _ arrival: Arrival, layout: IndexLayout) {
    let referral = Referral(header, calling: arrival.callingAETitle)
    self.init(
      patient: PatientIdentity(header, study: place.study, defaultIssuer: arrival.defaultIssuer),
      studyInstanceUID: MatchingForm.storable(place.study), seriesInstanceUID: MatchingForm.storable(place.series),
      study: layout.values(for: "study", of: header), series: layout.values(for: "series", of: header),
      referral: referral, referralText: referral.json)
  }
}
