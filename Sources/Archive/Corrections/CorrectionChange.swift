// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB

/// The steps of a correction, in a transaction of the caller's.
struct CorrectionChange {
  private let layout: IndexLayout
  private let user: String
  private let time: Double
  private let database: Database

  init(layout: IndexLayout, user: String, time: Double, in database: Database) {
    self.layout = layout
    self.user = user
    self.time = time
    self.database = database
  }

  func insert(_ draft: CorrectionDraft) throws -> Int64 {
    guard !draft.reason.isEmpty else { throw ArchiveError("a correction needs a reason: --reason") }
    return try CorrectionTable.insert(draft, by: user, at: time, in: database)
  }

  func markUndone(_ number: Int, reason: String) throws {
    guard !reason.isEmpty else { throw ArchiveError("undoing a correction needs a reason: --reason") }
    try database.execute(
      sql: """
        UPDATE correction SET undone_by = ?, undone_at = ?, undone_reason = ? WHERE number = ? AND undone_at IS NULL
        """, arguments: [user, time, reason, number])
    guard database.changesCount == 1 else {
      throw ArchiveError("there is no correction \(number) that stands: see collimator patient corrections")
    }
  }

  func studies(of patient: PatientIdentity) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT v_0020000d FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = ?
        """, arguments: [patient.id, patient.issuer, patient.soleStudy])
  }

  func patients(ofStudy uid: String) throws -> [PatientIdentity] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT patient_id, issuer, sole_study FROM study JOIN patient ON patient.id = study.patient
        WHERE v_0020000d = ? ORDER BY study.id
        """, arguments: [uid]
    ).map { PatientIdentity(stored: $0[0], issuer: $0[1], soleStudy: $0[2]) }
  }

  func correctedStudies() throws -> [String] {
    try String.fetchAll(
      database, sql: "SELECT DISTINCT v_0020000d FROM study WHERE received_demographics IS NOT NULL")
  }

  /// What is said of a patient, by the earliest study of theirs; where there is none, of `other`; what is given counts more.
  func demographics(
    of patient: PatientIdentity, or other: PatientIdentity?, _ given: Corrections.GivenDemographics
  ) throws -> Demographics {
    let known = try earliestStudy(of: patient) ?? other.flatMap { try earliestStudy(of: $0) }
    let standing = try known.flatMap { try Demographics(study: $0, layout: layout, in: database) }
    guard standing != nil || given.name != nil else {
      throw ArchiveError("no study of patient \(patient) is here: say who that is with --name, --birth-date and --sex")
    }
    var demographics = standing ?? Demographics(emptyFor: layout)
    let values: [(Tag, String?)] = [
      (.patientName, given.name), (.patientBirthDate, given.birthDate), (.patientSex, given.sex),
    ]
    for (tag, value) in values {
      guard let attribute = layout.byTag[tag], let value else { continue }
      demographics.set(attribute, value)
    }
    return demographics
  }

  private func earliestStudy(of patient: PatientIdentity) throws -> Int64? {
    try Int64.fetchOne(
      database,
      sql: """
        SELECT min(study.id) FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = ?
        """, arguments: [patient.id, patient.issuer, patient.soleStudy])
  }

  /// A study's row that is another patient's now.
  struct Move {
    let study: String
    /// nil where it was nobody's.
    let from: PatientIdentity?
    let to: PatientIdentity
  }

  /// Lays all corrections over the studies anew. Returns which rows changed their patient.
  func place(_ studies: [String]) throws -> [Move] {
    var moves: [Move] = []
    for uid in studies {
      let before = try holders(of: uid)
      try Placement(layout: layout, in: database).place(study: uid)
      for (study, patient) in try holders(of: uid) where before[study] != patient {
        moves.append(Move(study: uid, from: before[study], to: patient))
      }
    }
    return moves
  }

  /// What a legal hold kept, a hold still has to keep; else a correction would be a way around it.
  func requireHeld(_ held: Set<Int64>, in studies: [String]) throws {
    guard !held.isEmpty else { return }
    let lost = try held.subtracting(LegalHoldTable.heldRows(ofStudies: studies, in: database))
    guard !lost.isEmpty else { return }
    let uids = try String.fetchAll(
      database, sql: "SELECT DISTINCT v_0020000d FROM study WHERE id IN (SELECT value FROM json_each(?))",
      arguments: [IndexTables.json(lost)])
    throw ArchiveError(
      "this would take \(uids.count == 1 ? "study \(uids.joined())" : "\(uids.count) studies") out of a legal hold on the "
        + "patient: hold the study itself first (collimator hold add --study); nothing was changed")
  }

  /// What a patient forbade stays forbidden, whoever's it is shown as; else a correction would open what no grant may.
  func requireVetoes(over moves: [Move]) throws {
    guard !moves.isEmpty else { return }
    let vetoes = try ConsentTable.all(where: "kind = 'veto' AND withdrawn_at IS NULL", in: database).filter {
      $0.until.map { $0 > time } ?? true
    }
    for move in moves {
      for veto in vetoes where veto.isAbout(move.from) {
        let others = vetoes.filter { $0.isAbout(move.to) || $0.isAbout(study: move.study) }
        guard others.contains(where: { $0.covers(veto, from: time) }) else {
          throw ArchiveError(
            "this would take study \(move.study) out of consent \(veto.number), by which it is forbidden: record the same "
              + "veto for \(move.to), or for the study (collimator consent veto), or withdraw it; nothing was changed")
        }
      }
    }
  }

  /// The patient of each row of a study, that of the row it is part of where it is part of one.
  private func holders(of uid: String) throws -> [Int64: PatientIdentity] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT study.id, patient_id, issuer, sole_study FROM study
        LEFT JOIN study AS shown ON shown.id = coalesce(study.folded_into, study.id)
        JOIN patient ON patient.id = shown.patient WHERE study.v_0020000d = ?
        """, arguments: [uid])
    return Dictionary(
      rows.map { ($0[0], PatientIdentity(stored: $0[1], issuer: $0[2], soleStudy: $0[3])) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The grants that name one of the patients and hold now.
  func grants(on patients: Set<PatientIdentity>) throws -> [Grant] {
    try GrantTable.all(at: time, in: database).filter { grant in
      guard grant.state == .active, case .patient(let id, let issuer) = grant.scope else { return false }
      return patients.contains(PatientIdentity(stored: id, issuer: issuer ?? "", soleStudy: ""))
    }
  }
}

extension Consent {
  fileprivate func isAbout(_ patient: PatientIdentity?) -> Bool {
    guard let patient, case .patient(let id, let issuer) = scope else { return false }
    return PatientIdentity(id: id, issuer: issuer) == patient
  }

  fileprivate func isAbout(study uid: String) -> Bool {
    guard case .study(let study) = scope else { return false }
    return MatchingForm.storable(study.trimmed) == uid
  }

  /// Whether it forbids all that another veto forbids from a moment on.
  fileprivate func covers(_ other: Consent, from time: Double) -> Bool {
    (party == nil || party == other.party) && (narrowing == GrantNarrowing() || narrowing == other.narrowing)
      && (holdsInEmergency || !other.holdsInEmergency)
      && (from ?? -.infinity) <= max(other.from ?? -.infinity, time)
      && (until ?? .infinity) >= (other.until ?? .infinity)
  }
}
