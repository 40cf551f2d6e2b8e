// SPDX-License-Identifier: Apache-2.0

package import Archive

/// What an administrator does with all that is stored. Most of these take long: they tell how far they have come.
package enum ArchiveOperation: Codable, Sendable {
  case export(SelectionDraft, folder: String, writesDICOMDIR: Bool, fileSetID: String)
  case previewDeletion(SelectionDraft)
  case delete(SelectionDraft, DeletionOrder)
  case listDeletions
  case liftDeletion(number: Int)
  case check(CheckOrder)
  case reindex
  case backup(folder: String, keeping: Int?)
  case statistics
  case addHold(HoldScope, reason: String)
  case listHolds
  case releaseHold(number: Int, reason: String)
  case addRetentionRule(RetentionRule)
  case listRetentionRules
  case removeRetentionRule(number: Int)
  case planRetention
  case applyRetention(plan: Int)
  case audit(AuditOrder)
}

/// What came of it.
package enum ArchiveOperationResult: Codable, Sendable {
  case done(String)
  case export(ExportReport)
  case deletionPreview(DeletionPreview)
  case deletion(DeletionReport)
  case deletions([DeletionListing])
  case check(CheckReport)
  case reindex(ReindexReport)
  case backup(BackupReport)
  case statistics(ArchiveStatistics)
  case holds([HoldListing])
  case retentionRules([RetentionRule])
  case retentionPlan(RetentionPlan)
  case retention(RetentionReport)
  case audit(AuditAnswer)
}

/// A part of the archive as it is named at the command line.
package enum SelectionDraft: Codable, Sendable {
  /// A keyword of PS3.6 or a tag, and a value to match as in a C-FIND (PS3.4 C.2.2.2).
  package struct Key: Codable, Sendable {
    package let tag: UInt32
    package let value: String

    package init(tag: UInt32, value: String) {
      self.tag = tag
      self.value = value
    }
  }

  case everything
  case patient(id: String, issuer: String?)
  case study(uid: String)
  case series(uid: String)
  case instance(uid: String)
  case matching([Key])
}
