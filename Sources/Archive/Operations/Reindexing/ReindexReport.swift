// SPDX-License-Identifier: Apache-2.0

package struct ReindexReport: Codable, Sendable {
  package var instances = 0
  /// Files that stood in no index.
  package var takenIn = 0
  /// Rows of instances whose file is gone or damaged: they stay, flagged.
  package var flagged = 0
  /// Arrivals whose file is gone and of which no row says more.
  package var lost: [String] = []
  /// Files that are damaged or no objects, with why: in quarantine now.
  package var quarantined: [String] = []
  /// Files that cannot be read now, with why: what the old index said of them stays.
  package var unreadable: [String] = []

  package var isClean: Bool { flagged == 0 && lost.isEmpty && quarantined.isEmpty && unreadable.isEmpty }
}
