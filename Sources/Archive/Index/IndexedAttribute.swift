// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// An attribute that the index holds, at its level of the information models (PS3.4 C.6).
struct IndexedAttribute: Sendable, Hashable {
  enum Level: String, Sendable, CaseIterable { case patient, study, series, instance }

  /// The sequence whose items hold the attribute; nil for one of the data set itself.
  let sequence: Tag?
  let tag: Tag
  let vr: VR
  let level: Level
  let isMultiValued: Bool

  init(_ tag: Tag, _ vr: VR, at level: Level, in sequence: Tag? = nil, isMultiValued: Bool = false) {
    self.sequence = sequence
    self.tag = tag
    self.vr = vr
    self.level = level
    // Each item of a sequence has a value.
    self.isMultiValued = isMultiValued || sequence != nil
  }

  private var suffix: String { (sequence.map { $0.hex + "_" } ?? "").lowercased() + tag.hex.lowercased() }

  /// The values as they are answered, joined by backslashes; of items, one of each. A patient is known by ID and issuer,
  /// which a correction may change, so these two are the patient's own.
  var column: String {
    guard level == .patient, sequence == nil else { return "v_" + suffix }
    switch tag {
    case .patientID: return "patient_id"
    case .issuerOfPatientID: return "issuer"
    default: return "v_" + suffix
    }
  }

  /// The values as they are matched; the same column where that makes no difference.
  var keyColumn: String { hasKeyColumn ? "k_" + suffix : column }
  var hasKeyColumn: Bool { vr == .pn || vr == .da || vr == .tm || vr == .dt }
  var identifiesPatient: Bool { !column.hasPrefix("v_") }

  /// How a patient's name sounds, for fuzzy matching: see `PersonNameSound`.
  var soundColumn: String? { tag == .patientName && sequence == nil ? "s_" + suffix : nil }

  /// What objects say of their patient is kept with their study, so that who sees one study learns nothing from another.
  var table: String {
    level == .patient && !identifiesPatient ? Level.study.rawValue : level.rawValue
  }

  /// What is stored of a data set's values, by column. `timezone`: minutes east of UTC of values that name none.
  func columns(of values: [String], timezone: Int? = nil) -> [(name: String, value: String)] {
    let stored = values.map(MatchingForm.storable)
    var columns = [(column, stored.joined(separator: "\\"))]
    if hasKeyColumn { columns.append((keyColumn, MatchingForm.key(of: stored, vr: vr, timezone: timezone))) }
    if let soundColumn {
      let sounds = Set(stored.flatMap(PersonNameSound.sounds)).sorted()
      columns.append((soundColumn, sounds.joined(separator: "\\")))
    }
    return columns
  }

  /// The values in a data set; of items, the first of each, empty where it has none.
  func values(in header: DataSet) -> [String] {
    guard let sequence else { return header.strings(tag) }
    return header.items(sequence).map { $0.strings(tag).first ?? "" }
  }
}
