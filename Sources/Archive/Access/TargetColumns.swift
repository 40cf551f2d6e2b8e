// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// What a grant or a veto is about, in columns.
struct TargetColumns {
  static let names = [
    "scope", "patient_id", "issuer", "study_uid", "series_uid", "modalities", "record_types", "titles", "earliest",
    "latest", "shape",
  ]

  let scope: GrantScope
  let narrowing: GrantNarrowing
  let shape: GrantShape

  /// As it will be compared; throws what names nobody and nothing.
  init(
    _ scope: GrantScope, _ narrowing: GrantNarrowing, effect: GrantTerms.Effect = .opens,
    standing: GrantStanding = .ordinary
  ) throws(ArchiveError) {
    switch scope {
    case .everything: self.scope = .everything
    case .patient(let id, let issuer):
      guard let patient = PatientIdentity(id: id, issuer: issuer) else {
        throw ArchiveError("an empty Patient ID identifies nobody: name a study instead")
      }
      self.scope = .patient(id: patient.id, issuer: patient.issuer.isEmpty ? nil : patient.issuer)
    case .study(let uid):
      guard !uid.trimmed.isEmpty else { throw ArchiveError("an empty Study Instance UID names no study") }
      self.scope = .study(uid: MatchingForm.storable(uid.trimmed))
    case .series(let uid):
      guard !uid.trimmed.isEmpty else { throw ArchiveError("an empty Series Instance UID names no series") }
      self.scope = .series(uid: MatchingForm.storable(uid.trimmed))
    }
    try Self.requireSense(in: narrowing)
    self.narrowing = narrowing
    shape = GrantShape(self.scope, narrowing, effect: effect, standing: standing)
  }

  private static func requireSense(in narrowing: GrantNarrowing) throws(ArchiveError) {
    for modality in narrowing.modalities where modality.isEmpty || modality.contains("\\") || modality.count > 16 {
      throw ArchiveError("'\(modality)' is no modality (0008,0060)")
    }
    if narrowing.recordTypes?.isEmpty == true { throw ArchiveError("no record type would open nothing") }
    for date in [narrowing.earliest, narrowing.latest].compactMap(\.self) {
      guard date.utf8.count == 8, date.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw ArchiveError("'\(date)' is no Study Date: YYYYMMDD")
      }
    }
    if let earliest = narrowing.earliest, let latest = narrowing.latest, earliest > latest {
      throw ArchiveError("the Study Dates end before they begin: \(earliest) to \(latest)")
    }
  }

  init(_ row: Row) {
    let (patientID, issuer) = (row["patient_id"] as String?, row["issuer"] as String?)
    let (study, series) = (row["study_uid"] as String?, row["series_uid"] as String?)
    scope =
      switch row["scope"] as String {
      case "patient": .patient(id: patientID ?? "", issuer: issuer.flatMap { $0.isEmpty ? nil : $0 })
      case "study": .study(uid: study ?? "")
      case "series": .series(uid: series ?? "")
      default: .everything
      }
    narrowing = GrantNarrowing(
      modalities: Set(Self.list(row["modalities"])),
      recordTypes: (row["record_types"] as Int?).map(RecordTypes.init(rawValue:)),
      titles: Set(Self.titles(row["titles"])), earliest: row["earliest"], latest: row["latest"])
    shape = GrantShape(number: row["shape"]) ?? GrantShape(scope, narrowing)
  }

  /// In the order of `names`.
  var values: [DatabaseValue] {
    var (patientID, issuer, study, series): (String?, String?, String?, String?)
    let kind: String
    switch scope {
    case .everything: kind = "everything"
    case .patient(let id, let given): (kind, patientID, issuer) = ("patient", id, given ?? "")
    case .study(let uid): (kind, study) = ("study", uid)
    case .series(let uid): (kind, series) = ("series", uid)
    }
    let modalities = narrowing.modalities.sorted()
    let titles = narrowing.titles.map { "\\\($0.value)\\\($0.scheme)\\" }.sorted()
    return [
      kind.databaseValue, patientID.databaseValue, issuer.databaseValue, study.databaseValue, series.databaseValue,
      (modalities.isEmpty ? nil : "\\" + modalities.joined(separator: "\\") + "\\").databaseValue,
      (narrowing.recordTypes?.rawValue).databaseValue, (titles.isEmpty ? nil : titles.joined()).databaseValue,
      narrowing.earliest.databaseValue, narrowing.latest.databaseValue, shape.number.databaseValue,
    ]
  }

  private static func list(_ text: String?) -> [String] {
    (text ?? "").split(separator: "\\").map(String.init)
  }

  private static func titles(_ text: String?) -> [DocumentTitle] {
    let parts = list(text)
    return stride(from: 0, to: parts.count - 1, by: 2).compactMap {
      DocumentTitle(value: parts[$0], scheme: parts[$0 + 1])
    }
  }
}
