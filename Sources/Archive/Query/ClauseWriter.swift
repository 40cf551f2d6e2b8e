// SPDX-License-Identifier: Apache-2.0

import Access

/// Writes the predicate as SQL over `patient`, `study`, `series` and `instance`. What depends on the caller is bound by name:
/// `:now`, `:caller`, `:peer`, and `:h0`, `:h1` … for the holders of the caller's grants.
struct ClauseWriter {
  private typealias Clause = VisibilityPredicate.Clause

  private let rewriting: ClauseRewriting
  private let predicate: VisibilityPredicate
  private let holders: String
  /// That a grant `g` is the caller's, and the one that is asked about.
  private let isHeld: String
  /// Whether an instance is judged by what it says itself, and not by what its study's and its series' row say.
  private let byInstance: Bool

  init(_ question: Question, predicate: VisibilityPredicate, holders: Int, byInstance: Bool) {
    self.byInstance = byInstance
    rewriting = question.rewriting
    self.predicate = predicate
    self.holders = (0..<holders).map { ":h\($0)" }.joined(separator: ", ")
    isHeld = "g.principal IN (\(self.holders))" + (question.grant == nil ? "" : " AND g.number = :grant")
  }

  var condition: String {
    let opened = GrantStanding.allCases.compactMap { standing -> String? in
      let shapes = predicate.opening.filter { $0.standing == standing }
      guard !shapes.isEmpty else { return nil }
      let vetoes = predicate.vetoes(against: standing).map(veto)
      let isOpened = any(shapes.map { grant($0, heldBy: isHeld) })
      guard !vetoes.isEmpty else { return isOpened }
      return "(\(isOpened) AND \(written(.isNotVetoed, "NOT \(any(vetoes))")))"
    }
    let limits = predicate.limiting.map { shapes in
      written(.isWithinCeiling, any(shapes.map { grant($0, heldBy: "g.principal = :peer") }))
    }
    let aside = written(.isNotAside, "study.aside = 0 OR study.aside = :caller")
    return "(\(([any(opened)] + [limits, aside].compactMap(\.self)).joined(separator: " AND ")))"
  }

  private func any(_ conditions: [String]) -> String {
    conditions.isEmpty ? "0" : "(\(conditions.joined(separator: " OR ")))"
  }

  /// That a grant or ceiling of this shape is in force and about it. State and shape come first: with them the index of what
  /// is in force is used.
  private func grant(_ shape: GrantShape, heldBy holder: String) -> String {
    "EXISTS (SELECT 1 FROM access_grant AS g WHERE \(isInForce(shape, heldBy: holder)))"
  }

  /// The same of a grant `g` of the caller's, for statements that want to know which it is.
  func opening(_ shape: GrantShape) -> String {
    isInForce(shape, heldBy: isHeld)
  }

  private func isInForce(_ shape: GrantShape, heldBy holder: String) -> String {
    let rights = predicate.rights.rawValue
    let conditions =
      [
        written(.holder, holder), "g.shape = \(shape.number)", written(.state, "g.state = 'active'"),
        written(.hasBegun, "g.since IS NULL OR g.since <= :now"),
        written(.hasNotEnded, "g.until IS NULL OR g.until > :now"),
        written(.right, "g.rights & \(rights) = \(rights)"),
        written(.assurance, "g.least_assurance <= \(predicate.assurance.rung)"),
      ] + shape.clauses.map(written)
    return conditions.joined(separator: " AND ")
  }

  private func veto(_ shape: GrantShape) -> String {
    let conditions =
      [
        written(.vetoedParty, "g.against IN (0, \(holders))"), "g.shape = \(shape.number)",
        written(.vetoStands, "g.kind = 'veto' AND g.withdrawn_at IS NULL"),
        written(.vetoHasBegun, "g.since IS NULL OR g.since <= :now"),
        written(.vetoHasNotEnded, "g.until IS NULL OR g.until > :now"),
      ] + shape.clauses.map(written)
    return "EXISTS (SELECT 1 FROM consent AS g WHERE \(conditions.joined(separator: " AND ")))"
  }

  private func written(_ clause: VisibilityPredicate.Clause, _ sql: String) -> String {
    "(\(rewriting.rewrite(clause, sql)))"
  }

  private func written(_ clause: VisibilityPredicate.Clause) -> String {
    written(clause, (byInstance ? Self.aboutInstance[clause] : nil) ?? Self.about[clause] ?? "0")
  }

  /// What objects of a study say differently is asked of each.
  private static let aboutInstance: [VisibilityPredicate.Clause: String] = [
    .modality: "g.modalities IS NULL OR instr(g.modalities, '\\' || \(Telling.ownModality) || '\\') > 0",
    .earliestStudyDate: "g.earliest IS NULL OR \(Telling.ownStudyDate) >= g.earliest",
    .latestStudyDate: "g.latest IS NULL OR (\(Telling.ownStudyDate) <> '' AND \(Telling.ownStudyDate) <= g.latest)",
  ]

  private static let titled = RecordTypes.titled.rawValue

  /// Of a grant, ceiling or veto `g`: that it is about this.
  private static let about: [VisibilityPredicate.Clause: String] = [
    .patientID: "g.patient_id = patient.patient_id",
    .issuerOfPatientID: "g.issuer = patient.issuer",
    .studyInstanceUID: "g.study_uid = study.v_0020000d",
    .seriesInstanceUID: "g.series_uid = series.v_0020000e",
    .modality: "g.modalities IS NULL OR instr(g.modalities, '\\' || series.v_00080060 || '\\') > 0",
    .recordType: "g.record_types IS NULL OR (instance.record_type & g.record_types) <> 0",
    .documentTitle: """
    g.titles IS NULL OR (instance.record_type & \(titled)) = 0 OR (instance.v_0040a043_00080100 <> ''
      AND instance.v_0040a043_00080102 <> '' AND instr(g.titles,
        '\\' || instance.v_0040a043_00080100 || '\\' || instance.v_0040a043_00080102 || '\\') > 0)
    """,
    .earliestStudyDate: "g.earliest IS NULL OR study.k_00080020 >= g.earliest",
    .latestStudyDate: "g.latest IS NULL OR (study.k_00080020 <> '' AND study.k_00080020 <= g.latest)",
  ]
}
