// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What an administrator sets right about whose a study is, laid over what was received: the files stay as they are.
package struct Corrections: Sendable {
  /// What came of an attempt.
  package enum Outcome: Sendable {
    /// `studies`: how many are shown as another patient's now.
    case done(number: Int, studies: Int)
    /// Nothing was done: these grants would open more than they do, and that was not agreed to.
    case wouldWiden([Grant])
  }

  /// What is known of the right patient, where the archive does not know it from a study.
  package struct GivenDemographics: Sendable, Hashable {
    package let name: String?
    package let birthDate: String?
    package let sex: String?

    package init(name: String? = nil, birthDate: String? = nil, sex: String? = nil) {
      self.name = name
      self.birthDate = birthDate
      self.sex = sex
    }

    var isEmpty: Bool { name == nil && birthDate == nil && sex == nil }
  }

  /// As whose a study is answered now, in an operator's words.
  package struct Holder: Sendable, Hashable, CustomStringConvertible {
    /// Empty for a study that names nobody.
    package let id: String
    /// nil for whoever gave the ID.
    package let issuer: String?

    package init(id: String, issuer: String?) {
      self.id = id.trimmed
      self.issuer = issuer?.trimmed
    }

    package var description: String { id.isEmpty ? "nobody" : issuer.map { "\(id) of \($0)" } ?? id }

    func matches(_ patient: PatientIdentity) -> Bool {
      guard issuer.map({ MatchingForm.storable($0) == patient.issuer }) ?? true else { return false }
      return id.isEmpty ? !patient.isSomebody : patient.isSomebody && MatchingForm.storable(id) == patient.id
    }
  }

  let user: Operator
  let index: SQLiteIndex
  let now: @Sendable () -> Double

  init(user: Operator, index: SQLiteIndex, now: @escaping @Sendable () -> Double) {
    self.user = user
    self.index = index
    self.now = now
  }

  package func all() async throws -> [Correction] {
    let all = try await index.database.read { database in try CorrectionTable.all(in: database) }
    try await view.record(
      "corrections listed", count: all.count,
      of: all.flatMap { correction in
        [correction.from, correction.to].map { AuditSubject($0, studyInstanceUID: correction.study ?? "") }
      })
    return all
  }

  var view: AuditView { AuditView(user: user, database: index.database, now: now) }

  /// From now on, all that was or will be received as `from`'s is `to`'s. `agreed`: whatever grants on `to` open by it.
  package func merge(
    _ from: PatientIdentity, into to: PatientIdentity, given: GivenDemographics = GivenDemographics(), reason: String,
    agreed: Bool
  ) async throws -> Outcome {
    guard from != to else { throw ArchiveError("\(from) is one patient already") }
    return try await change(agreed: agreed) { change in
      let studies = try change.studies(of: from)
      guard !studies.isEmpty else { throw ArchiveError("there is no study of patient \(from)") }
      let demographics = try change.demographics(of: to, or: from, given)
      let draft = CorrectionDraft(study: nil, from: from, to: to, demographics: demographics, reason: reason)
      return (try change.insert(draft), studies, alsoNamed: [to])
    }
  }

  /// The study, as far as it is `from`'s, is `to`'s. `from` may be left out where only one patient has such a study.
  package func reassign(
    study uid: String, from: Holder?, to: PatientIdentity,
    given: GivenDemographics = GivenDemographics(), reason: String, agreed: Bool
  ) async throws -> Outcome {
    let uid = MatchingForm.storable(uid)
    return try await change(agreed: agreed) { change in
      let holders = try change.patients(ofStudy: uid)
      let meant = holders.filter { from?.matches($0) ?? true }
      guard let holder = meant.first else {
        guard !holders.isEmpty else { throw ArchiveError("there is no study \(uid)") }
        throw ArchiveError("the study is not \(from?.description ?? "")'s: \(Self.whose(holders))")
      }
      guard meant.count == 1 else {
        throw ArchiveError("several patients have a study \(uid): \(Self.whose(holders))")
      }
      guard holder != to else { throw ArchiveError("the study is \(to)'s already") }
      let demographics = try change.demographics(of: to, or: nil, given)
      let draft = CorrectionDraft(study: uid, from: holder, to: to, demographics: demographics, reason: reason)
      return (try change.insert(draft), [uid], alsoNamed: [])
    }
  }

  private static func whose(_ holders: [PatientIdentity]) -> String {
    let names = holders.map(\.description).joined(separator: "; ")
    return "say with --from and --from-issuer whose is meant ('' for nobody), of \(names)"
  }

  /// As if it had not been made; those that were made later stand.
  package func undo(_ number: Int, reason: String, agreed: Bool) async throws -> Outcome {
    try await change(agreed: agreed) { change in
      // The others that are corrected are placed anew too, which changes nothing of them.
      let studies = try change.correctedStudies()
      try change.markUndone(number, reason: reason)
      return (Int64(number), studies, alsoNamed: [])
    }
  }

  private typealias Made = (number: Int64, studies: [String], alsoNamed: [PatientIdentity])

  private struct NotAgreed: Error {
    let grants: [Grant]
  }

  /// One transaction; it never was where grants would open more without agreement.
  private func change(
    agreed: Bool, _ body: @Sendable @escaping (CorrectionChange) throws -> Made
  ) async throws -> Outcome {
    let (layout, name, time) = (index.layout, user.name, now())
    do {
      return try await index.database.write { database in
        let change = CorrectionChange(layout: layout, user: name, time: time, in: database)
        let ends = try FamilyEnds.computed(at: time, in: database)
        let made = try body(change)
        let held = try LegalHoldTable.heldRows(ofStudies: made.studies, in: database)
        let moved = try change.place(made.studies)
        try change.requireHeld(held, in: made.studies)
        try change.requireVetoes(over: moved)
        try FamilyEnds.follow(ends, by: name, at: time, in: database)
        try ShareReview(by: name, because: "correction \(made.number)", at: time, in: database)
          .moved(studies: made.studies)
        let grants = try change.grants(on: Set(moved.map(\.to)).union(made.alsoNamed))
        guard agreed || grants.isEmpty else { throw NotAgreed(grants: grants) }
        try record(made, at: time, in: database)
        return .done(number: Int(made.number), studies: moved.count)
      }
    } catch let error as NotAgreed {
      return .wouldWiden(error.grants)
    }
  }

  private func record(_ made: Made, at time: Double, in database: Database) throws {
    let row = try Row.fetchOne(database, sql: "SELECT * FROM correction WHERE number = ?", arguments: [made.number])
    guard let row else { return }
    let isUndone = (row["undone_at"] as Double?) != nil
    let from = PatientIdentity(
      stored: row["from_patient_id"], issuer: row["from_issuer"], soleStudy: row["from_sole_study"])
    let to = PatientIdentity(stored: row["to_patient_id"], issuer: row["to_issuer"], soleStudy: "")
    let study: String? = row["study_uid"]
    let reason: String = isUndone ? row["undone_reason"] ?? "" : row["reason"]
    try AuditTable.append(
      AuditEntry(
        at: time, .correction, isUndone ? "correction undone" : study == nil ? "patients merged" : "study reassigned",
        by: AuditActor(user), count: made.studies.count, detail: "correction \(made.number): \(reason)",
        subjects: [from, to].map { AuditSubject($0, studyInstanceUID: study ?? "") }), in: database)
  }
}
