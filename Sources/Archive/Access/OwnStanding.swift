// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// No veto of a patient's is against the patient: a grant that stands so is a user's who is linked to that patient as themself.
enum OwnStanding {
  /// Throws, in words, where a grant that says so is anybody else's.
  static func require(
    of terms: GrantTerms, to grantee: (principal: Int64, name: String), in database: Database
  ) throws {
    guard terms.relationship?.standing == .own else { return }
    guard try PrincipalTable.kind(of: grantee.name, in: database) == "user" else {
      throw ArchiveError(
        "a patient's own grant is a user's, and '\(grantee.name)' is none: no veto would be against it. "
          + "Say another --why, or make the patient a user: collimator user add, collimator user link --as self")
    }
    guard case .patient(let id, let issuer) = try TargetColumns(terms.scope, terms.narrowing).scope else {
      throw ArchiveError(
        "a patient's own grant is on the patient: say --patient, and narrow it with --modality or --type")
    }
    let link = try Int.fetchOne(
      database,
      sql: "SELECT 1 FROM patient_link WHERE user = ? AND patient_id = ? AND issuer = ? AND relationship = 'self'",
      arguments: [grantee.principal, id, issuer ?? ""])
    guard link != nil else {
      throw ArchiveError(
        "'\(grantee.name)' is not linked to \(terms.scope) as themself: collimator user link '\(grantee.name)' "
          + "--patient '\(id)'\(issuer.map { " --issuer '\($0)'" } ?? "") --as self gives that grant")
    }
  }
}
