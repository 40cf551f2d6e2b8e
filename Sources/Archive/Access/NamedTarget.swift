// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// What a person says a grant, a consent or a code is about: whether it can reach anything.
struct NamedTarget {
  let scope: GrantScope
  let database: Database

  init(_ scope: GrantScope, in database: Database) {
    self.scope = scope
    self.database = database
  }

  /// Throws, in words, what would reach nothing whatever comes: an ID that was merged into another, what is no UID.
  func require() throws {
    switch scope {
    case .everything: return
    case .patient(let id, let issuer):
      guard let patient = PatientIdentity(id: id, issuer: issuer),
        let present = try Self.successor(of: patient, in: database)
      else { return }
      throw ArchiveError(
        "patient \(patient) was merged into \(present): what is said of \(patient) reaches nothing. Say --patient "
          + "'\(present.id)'\(present.issuer.isEmpty ? "" : " --issuer '\(present.issuer)'")"
          + " (see collimator patient corrections)")
    case .study(let uid), .series(let uid):
      // Some devices make UIDs that are none; what is here can be named.
      guard try Self.isUID(uid.trimmed) || isHere() else {
        throw ArchiveError(
          "'\(uid)' is no UID: digits with dots between them, 64 characters at most (PS3.5 9.1), such as 1.2.840.113619.2.55"
        )
      }
    }
  }

  /// As whom all that is received as this patient's is shown; nil where as theirs.
  static func successor(of patient: PatientIdentity, in database: Database) throws -> PatientIdentity? {
    // No study has an empty UID: what counts are the merges.
    let present = try CorrectionTable.target(of: patient, study: "", in: database)?.patient
    return present == patient ? nil : present
  }

  /// Leading zeros are borne: devices send them.
  static func isUID(_ text: String) -> Bool {
    guard (1...64).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { component in
      !component.isEmpty && component.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
  }

  /// A sentence for whoever named it, where nothing of it is stored here; it may be on its way.
  func absence() throws -> String? {
    guard try !isHere() else { return nil }
    guard case .patient(let id, let issuer) = scope else { return "nothing of \(scope) is stored here (yet)" }
    if let patient = PatientIdentity(id: id, issuer: issuer),
      let present = try Self.successor(of: patient, in: database)
    {
      return "patient \(patient) was merged into \(present), and what is said of \(patient) reaches nothing"
    }
    let isOthers = try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM study JOIN patient ON patient.id = study.patient
          WHERE patient_id = ? AND sole_study = '' AND aside = 0)
        """, arguments: [MatchingForm.storable(id.trimmed)])
    return "nothing of \(scope) is stored here (yet)"
      + (isOthers == true ? "; there is a patient with this ID from another issuer: see --issuer" : "")
  }

  private func isHere() throws -> Bool {
    let (condition, values): (String, StatementArguments)
    switch scope {
    case .everything: return true
    case .patient(let id, let issuer):
      guard let patient = PatientIdentity(id: id, issuer: issuer) else { return false }
      (condition, values) = (
        """
        SELECT 1 FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = '' AND aside = 0
        """, [patient.id, patient.issuer]
      )
    case .study(let uid):
      (condition, values) = (
        "SELECT 1 FROM study WHERE v_0020000d = ? AND aside = 0", [MatchingForm.storable(uid.trimmed)]
      )
    case .series(let uid):
      (condition, values) = (
        "SELECT 1 FROM series JOIN study ON study.id = received_study WHERE v_0020000e = ? AND aside = 0",
        [MatchingForm.storable(uid.trimmed)]
      )
    }
    return try Bool.fetchOne(database, sql: "SELECT EXISTS (\(condition))", arguments: values) ?? false
  }
}

extension Administration {
  /// What whoever gave a grant is to know of it, in sentences: that it is less than they asked for, that it opens nothing yet.
  package func remarks(on grant: Grant, asked: GrantTerms) async throws -> [String] {
    try await database.read { database in
      try Self.cuts(of: grant, asked: asked, in: database)
        + [NamedTarget(grant.scope, in: database).absence()].compactMap(\.self)
    }
  }

  package func remarks(on scope: GrantScope) async throws -> [String] {
    try await database.read { database in [try NamedTarget(scope, in: database).absence()].compactMap(\.self) }
  }

  /// Of consents that stand: into whom the patients were merged whose IDs they name, by their numbers. These reach nothing.
  package func mergedAway(_ consents: [Consent]) async throws -> [Int: PatientIdentity] {
    try await database.read { database in
      var merged: [Int: PatientIdentity] = [:]
      for consent in consents where consent.withdrawnAt == nil {
        guard case .patient(let id, let issuer) = consent.scope, let patient = PatientIdentity(id: id, issuer: issuer)
        else { continue }
        merged[consent.number] = try NamedTarget.successor(of: patient, in: database)
      }
      return merged
    }
  }

  private static func cuts(of grant: Grant, asked: GrantTerms, in database: Database) throws -> [String] {
    let rest =
      if let consent = grant.terms.basis.consent {
        "consent \(consent), on which it rests"
      } else if let share = grant.terms.basis.share {
        "what '\(grant.grantedBy)' may share by grant \(share.grant)"
      } else { "" }
    guard !rest.isEmpty else { return [] }
    var cuts: [String] = []
    if let until = grant.until, until < asked.until ?? .infinity {
      let consent = try grant.terms.basis.consent.flatMap {
        try ConsentTable.all(where: "number = ?", [$0], in: database).first
      }
      // Else a permission to a group.
      let party = consent.flatMap { $0.until == until ? nil : $0.party }
      let end = party.map { "the membership in '\($0)', for whom consent \(consent?.number ?? 0) is" } ?? rest
      cuts.append("it ends \(Moment.text(until)), earlier than was asked for: so does \(end)")
    }
    if let from = grant.terms.from, from > asked.from ?? 0 {
      cuts.append("it begins \(Moment.text(from)), later than was asked for: so does \(rest)")
    }
    return cuts
  }
}
