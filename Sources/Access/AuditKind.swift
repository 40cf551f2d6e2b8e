// SPDX-License-Identifier: Apache-2.0

/// What an audit record is about. Its words are those of `audit list --kind`.
package enum AuditKind: String, Codable, Sendable, Hashable, CaseIterable {
  /// The node started or stopped, or read its certificates anew.
  case node
  /// Somebody was let in, or was not.
  case association
  /// A user proved to be who they said, or did not.
  case login
  case query
  case retrieve
  case store
  /// A storage commitment report: what is kept here was told to whoever asked.
  case commitment
  /// Something of patients was told or shown to an operator: a picture, versions, who may see them.
  case view
  /// Objects left as files.
  case export
  case delete
  /// Of who may see what: peers, users, groups, grants, token issuers.
  case change
  /// Of what is stored: whose a study is, which version is served, what is held or goes by a rule.
  case correction
  /// With all that is stored: backup, restore, reindex, check.
  case operation
  /// The audit itself was read, or cut.
  case audit
}

/// What came of it.
package enum AuditOutcome: String, Codable, Sendable, Hashable, CaseIterable {
  case success
  /// Some of it was done.
  case partial
  case cancelled
  case refused
  case failed
  /// What follows was on its way when the record was written. Where no later record says how it ended, nobody knows.
  case began
}
