// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Counts the objects that a caller sees, by the predicate itself; also as if something did not stand in the way, or as if the
/// caller had one grant alone.
struct ObjectCount {
  /// What may keep a caller from what their grants open.
  enum Hindrance: CaseIterable {
    case lock, veto, ceiling, aside

    fileprivate var clause: VisibilityPredicate.Clause {
      switch self {
      case .lock: .userIsNotLocked
      case .veto: .isNotVetoed
      case .ceiling: .isWithinCeiling
      case .aside: .isNotAside
      }
    }
  }

  private let condition: String
  private let arguments: StatementArguments
  private let now: Double
  private let database: Database

  /// `condition`: of a `study` and its `patient`, with arguments by name.
  init(where condition: String, _ arguments: StatementArguments, at now: Double, in database: Database) {
    self.condition = condition
    self.arguments = arguments
    self.now = now
    self.database = database
  }

  /// All that there are, seen or not.
  func all() throws -> Int {
    try count("1", arguments)
  }

  /// `heeding`: what stands in the way where it does.
  func seen(
    by caller: Caller, _ rights: GrantRights, grant: Int? = nil, heeding: [Hindrance] = Hindrance.allCases
  ) throws -> Int {
    let ignored = Set(Hindrance.allCases.filter { !heeding.contains($0) }.map(\.clause))
    let rewriting = ClauseRewriting { clause, sql in ignored.contains(clause) ? "1" : sql }
    let question = Question(
      caller: caller, rights: rights, now: now, rewriting: ignored.isEmpty ? .none : rewriting, grant: grant)
    let visibility = try Visibility(question, in: database)
    return try count(visibility.instance, arguments + visibility.arguments)
  }

  private func count(_ isSeen: String, _ arguments: StatementArguments) throws -> Int {
    try Int.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT COUNT(*) FROM patient JOIN study ON study.patient = patient.id JOIN series ON series.study = study.id
            JOIN instance ON instance.series = series.id WHERE \(condition) AND \(isSeen)
          """), arguments: arguments) ?? 0
  }
}
