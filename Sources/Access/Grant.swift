// SPDX-License-Identifier: Apache-2.0

/// What a grant opens.
package enum GrantScope: Sendable, Hashable {
  case everything
  /// The patient with this ID from this issuer; without an issuer, the one whose ID has none.
  case patient(id: String, issuer: String?)
  case study(uid: String)
}

extension GrantScope: CustomStringConvertible {
  package var description: String {
    switch self {
    case .everything: "everything"
    case .patient(let id, let issuer): "patient \(id)" + (issuer.map { " of \($0)" } ?? "")
    case .study(let uid): "study \(uid)"
    }
  }
}

/// Who may see what until when. Times are seconds since 1970.
package struct Grant: Sendable, Hashable {
  package enum State: String, Sendable { case active, revoked, expired }

  package let number: Int
  package let grantee: String
  package let scope: GrantScope
  package let until: Double?
  package let state: State
  package let grantedBy: String
  package let grantedAt: Double

  package init(
    number: Int, grantee: String, scope: GrantScope, until: Double?, state: State, grantedBy: String, grantedAt: Double
  ) {
    self.number = number
    self.grantee = grantee
    self.scope = scope
    self.until = until
    self.state = state
    self.grantedBy = grantedBy
    self.grantedAt = grantedAt
  }
}
