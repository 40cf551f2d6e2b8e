// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB
import Synchronization

/// What was found out of callers: who holds their grants, what has to be asked of these, and from which rows they are told. It
/// is taken again only by who reads the very state of the database in which it was found out, before any membership begins or
/// ends; whether a grant is in force is asked in each statement all the same.
final class VisibilityMemory: Sendable {
  private struct Asker: Hashable {
    let caller: Int64
    let peer: Int64
    let rights: GrantRights
    let assurance: IdentityAssurance

    init(_ question: Question) {
      caller = question.caller.principal
      peer = question.caller.peer
      rights = question.rights
      assurance = question.caller.identity.assurance
    }
  }

  private struct Known {
    let visibility: Visibility
    let times: Range<Double>
  }

  private struct State {
    /// By the changes that were counted.
    var read = 0
    var known: [Asker: Known] = [:]
  }

  private static let most = 256

  private let state = Mutex(State())

  /// `read`: which state the database is read in; nil where that is not known.
  func visibility(_ question: Question, reading read: Int?, in database: Database) throws -> Visibility {
    guard let read else { return try Visibility(question, in: database) }
    let asker = Asker(question)
    let known = state.withLock { $0.read == read ? $0.known[asker] : nil }
    if let known, known.times.contains(question.now) { return known.visibility.at(question.now) }
    var visibility = try Visibility(question, in: database)
    visibility.meetsContradictions = try visibility.findsContradictions(in: database)
    let end = try Self.nextTurn(question, in: database)
    guard question.now < end else { return visibility }
    state.withLock { state in
      guard state.read <= read else { return }
      if state.read < read || state.known.count >= Self.most { state.known = [:] }
      state.read = read
      state.known[asker] = Known(visibility: visibility, times: question.now..<end)
    }
    return visibility
  }

  /// When next a membership of the caller begins or ends by itself.
  private static func nextTurn(_ question: Question, in database: Database) throws -> Double {
    try Double.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT min(at) FROM (SELECT since AS at FROM membership WHERE member = :caller AND since > :now
            UNION ALL SELECT until FROM membership WHERE member = :caller AND until > :now)
          """), arguments: ["caller": question.caller.principal, "now": question.now]) ?? .infinity
  }
}
