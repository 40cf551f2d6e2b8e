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
  /// The values as they are answered, joined by backslashes; of items, one of each. A patient is known by ID and issuer,
  /// which a correction may change, so these two are the patient's own.
  let column: String
  /// The values as they are matched; the same column where that makes no difference.
  let keyColumn: String
  let hasKeyColumn: Bool
  /// How a patient's name sounds, for fuzzy matching: see `PersonNameSound`.
  let soundColumn: String?
  let identifiesPatient: Bool
  /// What objects say of their patient is kept with their study, so that who sees one study learns nothing from another.
  let table: String

  init(_ tag: Tag, _ vr: VR, at level: Level, in sequence: Tag? = nil, isMultiValued: Bool = false) {
    self.sequence = sequence
    self.tag = tag
    self.vr = vr
    self.level = level
    // Each item of a sequence has a value.
    self.isMultiValued = isMultiValued || sequence != nil
    hasKeyColumn = vr == .pn || vr == .da || vr == .tm || vr == .dt
    let suffix = (sequence.map { $0.hex + "_" } ?? "").lowercased() + tag.hex.lowercased()
    soundColumn = tag == .patientName && sequence == nil ? "s_" + suffix : nil
    let own: String? =
      switch tag {
      case .patientID where level == .patient && sequence == nil: "patient_id"
      case .issuerOfPatientID where level == .patient && sequence == nil: "issuer"
      default: nil
      }
    column = own ?? "v_" + suffix
    keyColumn = hasKeyColumn ? "k_" + suffix : column
    identifiesPatient = own != nil
    table = level == .patient && own == nil ? Level.study.rawValue : level.rawValue
  }

  /// What is stored of a data set's values, by column. `timezone`: minutes east of UTC of values that name none.
  func columns(of values: [String], timezone: Int? = nil) -> [(name: String, value: String)] {
    let names = [column] + (hasKeyColumn ? [keyColumn] : []) + (soundColumn.map { [$0] } ?? [])
    return Array(zip(names, stored(values, timezone: timezone)))
  }

  private var columnCount: Int { (hasKeyColumn ? 2 : 1) + (soundColumn == nil ? 0 : 1) }

  /// What is stored of a data set's values goes behind the others. Many have none, and most one.
  func append(_ values: [String], timezone: Int?, to stored: inout [String]) {
    guard values.count <= 1 else { return stored.append(contentsOf: self.stored(values, timezone: timezone)) }
    guard let value = values.first, !value.isEmpty else {
      for _ in 0..<columnCount { stored.append("") }
      return
    }
    guard columnCount == 1 else { return stored.append(contentsOf: self.stored(values, timezone: timezone)) }
    stored.append(MatchingForm.storable(value))
  }

  /// The same without the columns' names.
  func stored(_ values: [String], timezone: Int? = nil) -> [String] {
    guard values.contains(where: { !$0.isEmpty }) || values.count > 1 else {
      return Array(repeating: "", count: columnCount)
    }
    let stored = values.map(MatchingForm.storable)
    var texts = [stored.joined(separator: "\\")]
    if hasKeyColumn { texts.append(MatchingForm.key(of: stored, vr: vr, timezone: timezone)) }
    if soundColumn != nil {
      texts.append(Set(stored.flatMap(PersonNameSound.sounds)).sorted().joined(separator: "\\"))
    }
    return texts
  }

  /// The values in a data set; of items, the first of each, empty where it has none.
  func values(in header: DataSet) -> [String] {
    guard let sequence else { return header.strings(tag) }
    return header.items(sequence).map { $0.strings(tag).first ?? "" }
  }
}
