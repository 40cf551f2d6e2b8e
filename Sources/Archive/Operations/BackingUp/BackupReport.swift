// SPDX-License-Identifier: Apache-2.0

package struct BackupReport: Codable, Sendable {
  /// The name under `backups`.
  package let name: String
  package let madeAt: String
  package var instances = 0
  /// Files that were copied now; all others were there from earlier backups.
  package var copiedFiles = 0
  package var copiedBytes = 0
  /// Instances whose bytes the archive itself does not have any more, by SOP Instance UID, with why: they are in the copied
  /// index, flagged.
  package var withoutFile: [String] = []
  /// Earlier backups that were let go, and files that none needed any more.
  package var removedBackups: [String] = []
  package var removedFiles = 0

  package var isClean: Bool { withoutFile.isEmpty }
}

/// What a backup says of itself, in `manifest.json`; it is written last.
struct BackupManifest: Codable, Sendable {
  var format = 1
  let madeAt: Double
  let madeBy: String
  let instances: Int
  let bytes: Int
}

package struct RestoreReport: Codable, Sendable {
  package let backup: String
  package let madeAt: String
  package var instances = 0
  package var copiedFiles = 0
  /// Files in place already, read and found the same.
  package var presentFiles = 0
  /// Instances whose file the backup lacks or has damaged, with why: flagged in the index.
  package var withoutFile: [String] = []
  /// Objects that came after the backup and whose files were still there: indexed again.
  package var takenIn = 0
  /// Grants in force as the backup knew them.
  package var activeGrants = 0
  package var revokedGrants = 0
  /// The tables whose newer rows were taken over from the index that was there; empty where it could not be read.
  package var carriedOver: [String] = []
  /// What may be missing or back again, in sentences.
  package var warnings: [String] = []
  /// What became of the audit that was here.
  package var auditNote = ""
  /// False where a node stood aside for it, and did not come back.
  package var isServed = true

  package var isClean: Bool { withoutFile.isEmpty && isServed }
}
