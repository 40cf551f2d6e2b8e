// SPDX-License-Identifier: Apache-2.0

/// How something is to be deleted.
package struct DeletionOrder: Codable, Sendable {
  package let reason: String
  /// What a preview counted; where it is not so any more, nothing is deleted.
  package let expectedInstances: Int?
  /// Whether objects with these SOP Instance UIDs are refused from now on.
  package let keepsOut: Bool

  package init(reason: String, expectedInstances: Int? = nil, keepsOut: Bool = false) {
    self.reason = reason
    self.expectedInstances = expectedInstances
    self.keepsOut = keepsOut
  }
}

/// What a deletion would take.
package struct DeletionPreview: Codable, Sendable {
  package let patients: Int
  package let studies: Int
  package let series: Int
  package let instances: Int
  package let bytes: Int
  /// Legal holds that forbid it.
  package let holds: [HoldListing]
}

/// What a deletion took.
package struct DeletionReport: Codable, Sendable {
  package let number: Int
  package let instances: Int
  package let bytes: Int
  /// Whether the files are gone too; if not, a backup is copying, and they go when it has ended.
  package let filesAreGone: Bool
}

/// A deletion as it is remembered: what it was named by is not, lest a deleted patient stay known by it.
package struct DeletionListing: Codable, Sendable {
  package let number: Int
  package let level: String
  package let reason: String
  package let deletedBy: String
  package let deletedAt: String
  package let instances: Int
  package let bytes: Int
  package let keepsOut: Bool
  /// How many of its objects have arrived again since.
  package let arrivedAgain: Int
}
