// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// When each study was last used, in memory until it is written: every few seconds, and before anybody judges by it. A crash
/// forgets the last of it.
final class AccessRecorder: Sendable {
  private struct State {
    var noted: [String: Double] = [:]
    /// How many writes that go on have it.
    var writing: [String: Int] = [:]
  }

  private let state = Mutex(State())
  /// Different studies between two writes; what goes beyond is noted at its next use.
  private static let limit = 100_000

  func note(_ studyInstanceUID: String, at time: Double) {
    state.withLock { state in
      guard state.noted.count < Self.limit || state.noted[studyInstanceUID] != nil else { return }
      state.noted[studyInstanceUID] = time
    }
  }

  /// Whether it was used and that is not written yet.
  func isAwaited(_ studyInstanceUID: String) -> Bool {
    state.withLock { $0.noted[studyInstanceUID] != nil || $0.writing[studyInstanceUID] != nil }
  }

  /// What cannot be written now is noted again.
  func write(to database: any DatabaseWriter) throws {
    let taken = take()
    guard !taken.isEmpty else { return }
    defer { end(taken) }
    do {
      try database.write { try Self.write(taken, in: $0) }
    } catch {
      state.withLock { state in
        for (uid, time) in taken { state.noted[uid] = max(state.noted[uid] ?? time, time) }
      }
      throw error
    }
  }

  private func take() -> [String: Double] {
    state.withLock { state in
      defer { state.noted = [:] }
      for uid in state.noted.keys { state.writing[uid, default: 0] += 1 }
      return state.noted
    }
  }

  private func end(_ taken: [String: Double]) {
    state.withLock { state in
      for uid in taken.keys { state.writing[uid] = state.writing[uid].flatMap { $0 > 1 ? $0 - 1 : nil } }
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
