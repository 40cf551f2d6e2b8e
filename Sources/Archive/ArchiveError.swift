// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc

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

extension ArchiveError {
  /// An operation that found no space where it writes; nil for every other error. SQLite's own words are about nothing.
  init?(full error: any Error, _ description: @autoclosure () -> String) {
    let isFull =
      switch error {
      case let error as DatabaseError: error.saysThatTheDiskIsFull
      case let error as FileError: error.code == ENOSPC || error.code == EDQUOT
      default: false
      }
    guard isFull else { return nil }
    self.init(description())
  }
}

extension DatabaseError {
  /// The shared memory of the write-ahead log is a file too, and its growing fails as an I/O error.
  var saysThatTheDiskIsFull: Bool { resultCode == .SQLITE_FULL || extendedResultCode == .SQLITE_IOERR_SHMSIZE }
}
