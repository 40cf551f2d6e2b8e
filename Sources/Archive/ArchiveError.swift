// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What an archive cannot do, in a sentence for the person who asked.
package struct ArchiveError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension ArchiveError {
  /// A database whose bytes are not what SQLite wrote; nil for every other error.
  init?(damage error: any Error) {
    guard let error = error as? DatabaseError,
      error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    else { return nil }
    self.init(
      """
      the index is damaged: \(error.message ?? "SQLite cannot read it"). Stop the node and run collimator restore with the \
      newest backup: what arrived after it is kept and indexed again. Without a backup, move index.sqlite* out of the data \
      directory and run collimator reindex: every object comes back; peers, users and grants have to be given anew.
      """)
  }
}
