// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// When each study was last used, in memory until it is written every few seconds; a crash forgets the last of it.
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

  /// What has not been written yet; whoever takes it writes it.
  func take() -> [String: Double] {
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
