// SPDX-License-Identifier: Apache-2.0

/// A member of a group, or the group of a member, for as long as it lasts.
package struct Membership: Sendable, Hashable {
  /// Of the other one.
  package let name: String
  /// Seconds since 1970; nil where it is not known, and for good.
  package let since: Double?
  package let until: Double?

  package init(name: String, since: Double?, until: Double?) {
    self.name = name
    self.since = since
    self.until = until
  }
}
