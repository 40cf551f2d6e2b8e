// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import GRDB

/// What comes of a login, in one transaction: whether the user is locked is asked after the password was hashed, so that a
/// hundred guesses at once are no more than five.
enum LoginTable {
  private typealias State = (isLocked: Bool, failures: Int, lockedUntil: Double?, hash: Data?)

  /// Of the user whose hash was compared.
  static func settle(
    _ principal: Int64, name: String, hash: PasswordHash, isRight: Bool, from address: String, at time: Double,
    in database: Database
  ) throws -> Result<ProvenUser, IdentityRefusal> {
    let state = try state(of: principal, in: database)
    if let refusal = refusal(name, state, at: time) {
      try AddressTable.tally(address, at: time, in: database)
      return .failure(refusal)
    }
    // A password that was changed while the old one was being hashed is a wrong one.
    guard isRight, let state, state.hash == Data(hash.key) else {
      try AddressTable.tally(address, at: time, in: database)
      let failures = (state?.failures ?? 0) + 1
      return .failure(try fail(principal, name: name, failures: failures, at: time, in: database))
    }
    if state.failures > 0 {
      try database.execute(
        sql: "UPDATE user SET failed_logins = 0, locked_until = NULL WHERE principal = ?", arguments: [principal])
    }
    return .success(ProvenUser(principal: principal, name: name, evidence: .password, serverResponse: []))
  }

  private static func state(of principal: Int64, in database: Database) throws -> State? {
    let row = try Row.fetchOne(
      database, sql: "SELECT locked_at, failed_logins, locked_until, hash FROM user WHERE principal = ?",
      arguments: [principal])
    return row.map { row in ((row[0] as Double?) != nil, row[1], row[2], row[3]) }
  }

  private static func refusal(_ name: String, _ state: State?, at time: Double) -> IdentityRefusal? {
    guard let state else { return IdentityRefusal(.unknownUser, "the user '\(name)' was removed meanwhile") }
    if state.isLocked { return IdentityRefusal(.lockedUser, "the user '\(name)' is locked") }
    guard let until = state.lockedUntil, until > time else { return nil }
    let minutes = Int((min(until - time, 1e6) / 60).rounded(.up))
    return IdentityRefusal(
      .lockedOut,
      "the user '\(name)' is locked for \(minutes) more minutes after \(state.failures) wrong passwords; "
        + "collimator user unlock ends that")
  }

  private static func fail(
    _ principal: Int64, name: String, failures: Int, at time: Double, in database: Database
  ) throws -> IdentityRefusal {
    let lock = Lockout.duration(afterFailures: failures)
    try database.execute(
      sql: "UPDATE user SET failed_logins = ?, locked_until = ? WHERE principal = ?",
      arguments: [failures, lock.map { time + $0 }, principal])
    let then = lock.map { "; it is locked for \(Int($0 / 60)) minutes" } ?? ""
    return IdentityRefusal(.wrongPassword, "wrong password of the user '\(name)', \(failures) in a row\(then)")
  }
}
