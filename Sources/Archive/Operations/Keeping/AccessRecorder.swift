// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// When each study was last used, in memory until it is written: every few seconds, and before anybody judges by it. A crash
/// forgets the last of it.
final class AccessRecorder: Sendable {
  private let noted = Mutex<[String: Double]>([:])
  /// Different studies between two writes; what goes beyond is noted at its next use.
  private static let limit = 100_000

  func note(_ studyInstanceUID: String, at time: Double) {
    noted.withLock { noted in
      guard noted.count < Self.limit || noted[studyInstanceUID] != nil else { return }
      noted[studyInstanceUID] = time
    }
  }

  /// Whether it was used and that is not written yet.
  func isAwaited(_ studyInstanceUID: String) -> Bool {
    noted.withLock { $0[studyInstanceUID] != nil }
  }

  /// What cannot be written now is noted again.
  func write(to database: any DatabaseWriter) throws {
    let taken = take()
    guard !taken.isEmpty else { return }
    do {
      try database.write { try Self.write(taken, in: $0) }
    } catch {
      for (uid, time) in taken where !isAwaited(uid) { note(uid, at: time) }
      throw error
    }
  }

  private func take() -> [String: Double] {
    noted.withLock { noted in
      defer { noted = [:] }
      return noted
    }
  }

  static func write(_ noted: [String: Double], in database: Database) throws {
    for (uid, time) in noted {
      try database.cachedStatement(
        sql: "INSERT INTO last_access (study_uid, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)"
      ).execute(arguments: [uid, time])
    }
  }
}
