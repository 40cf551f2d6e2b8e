// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension Administration {
  /// Of a change of who may see what, in the change's own transaction.
  func record(
    _ act: String, _ detail: String, grants: [Int] = [], subjects: [AuditSubject] = [], in database: Database
  ) throws {
    try AuditTable.append(
      AuditEntry(
        at: now(), .change, act, by: AuditActor(user), grants: grants, detail: detail, subjects: subjects), in: database
    )
  }
}

extension AuditSubject {
  /// A study that a grant would open by itself or with its patient.
  init(_ scope: GrantScope, study uid: String) {
    if case .patient(let id, let issuer) = scope, let patient = PatientIdentity(id: id, issuer: issuer) {
      self.init(patient, studyInstanceUID: uid)
    } else {
      self.init(patientID: "", issuer: "", studyInstanceUID: uid)
    }
  }
}

extension [AuditSubject] {
  /// Whom a grant is about; nobody where it opens everything.
  init(_ scope: GrantScope) {
    switch scope {
    case .everything: self = []
    case .patient(let id, let issuer):
      self = PatientIdentity(id: id, issuer: issuer).map { [AuditSubject($0)] } ?? []
    case .study(let uid):
      self = [AuditSubject(patientID: "", issuer: "", studyInstanceUID: MatchingForm.storable(uid.trimmed))]
    case .series: self = []
    }
  }
}
