// SPDX-License-Identifier: Apache-2.0

package import Access
import GRDB

/// Puts on record what a command tells its operator of patients: before it is told, and it is not told where no record can be
/// written.
struct AuditView: Sendable {
  let user: Operator
  let database: DatabasePool
  let now: @Sendable () -> Double

  /// Returns when it is on the disk. `subjects`: whom it is about, as often as they come up; `detail`: what was asked for.
  func record(
    _ act: String, _ detail: String = "", count: Int? = nil, of subjects: [AuditSubject]
  ) async throws(AuditError) {
    let entry = entry(act, detail, count: count, of: subjects)
    do {
      try await database.write { database in _ = try AuditTable.append(entry, in: database) }
    } catch {
      throw AuditError(error)
    }
  }

  /// What there is to record, for one who writes it otherwise.
  func entry(_ act: String, _ detail: String = "", count: Int? = nil, of subjects: [AuditSubject]) -> AuditEntry {
    var known: Set<AuditSubject> = []
    return AuditEntry(
      at: now(), .view, act, by: AuditActor(user), count: count, detail: detail,
      subjects: subjects.filter { known.insert($0).inserted })
  }
}

extension Administration {
  var view: AuditView { AuditView(user: user, database: database, now: now) }

  /// What each of these is about; nobody for what is about everything.
  func subjects(_ scopes: some Sequence<GrantScope>) -> [AuditSubject] { scopes.flatMap { [AuditSubject]($0) } }
}

// What names a patient is told to an operator by these, and by nothing else.
extension Administration {
  /// All grants, for their list.
  package func listGrants() async throws -> [Grant] {
    let grants = try await grants()
    try await view.record("grants listed", count: grants.count, of: subjects(grants.map(\.scope)))
    return grants
  }

  /// All consents, for their list.
  package func listConsents() async throws -> [Consent] {
    let consents = try await consents()
    try await view.record("consents listed", count: consents.count, of: subjects(consents.map(\.scope)))
    return consents
  }

  /// All codes, for their list.
  package func listCodes() async throws -> [OpenedCode] {
    let codes = try await codes()
    try await view.record("codes listed", count: codes.count, of: subjects(codes.map(\.scope)))
    return codes
  }
}
