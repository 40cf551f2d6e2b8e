// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// Which instances of which studies a retention plan named: when it is applied it takes those and no others.
enum PlannedStudies {
  /// So many plans can be applied; of older ones the list is let go.
  private static let mostListed = 10

  /// The numbers of the instances of a study row, which no other instance is ever given.
  static func list(of study: Int64, in database: Database) throws -> String {
    let numbers = try Int64.fetchAll(database.cachedStatement(sql: numbersOfStudy), arguments: [study])
    return String(decoding: try JSONEncoder().encode(runs(numbers)), as: UTF8.self)
  }

  static func insert(plan: Int, uid: String, instances: String, in database: Database) throws {
    try database.cachedStatement(sql: "INSERT INTO planned_study (plan, study_uid, instances) VALUES (?, ?, ?)")
      .execute(arguments: [plan, uid, instances])
  }

  /// Whether the plan named each instance that this study row has now.
  static func contain(study: Int64, uid: String, plan: Int, in database: Database) throws -> Bool {
    let lists = try String.fetchAll(
      database.cachedStatement(sql: "SELECT instances FROM planned_study WHERE plan = ? AND study_uid = ?"),
      arguments: [plan, uid])
    guard !lists.isEmpty else { return false }
    let runs = try lists.flatMap { try JSONDecoder().decode([[Int64]].self, from: Data($0.utf8)) }.filter {
      $0.count == 2
    }
    let numbers = try Int64.fetchAll(database.cachedStatement(sql: numbersOfStudy), arguments: [study])
    return self.runs(numbers).allSatisfy { own in runs.contains { $0[0] <= own[0] && own[1] <= $0[1] } }
  }

  /// To be called when a plan was made, and while none is: what is left of one that was not finished goes too.
  static func thinOut(in database: any DatabaseWriter) throws {
    let plans = try database.write { database in
      try database.execute(
        sql: """
          UPDATE retention_plan SET is_listed = 0 WHERE is_listed AND number NOT IN (
            SELECT number FROM retention_plan WHERE is_listed ORDER BY number DESC LIMIT \(mostListed))
          """)
      return try Int.fetchAll(
        database,
        sql: """
          SELECT number FROM retention_plan
          WHERE NOT is_listed AND EXISTS (SELECT 1 FROM planned_study WHERE plan = number)
          """)
    }
    for plan in plans { try remove(plan: plan, from: database) }
  }

  /// In pieces: nobody who writes meanwhile waits for all of it.
  static func remove(plan: Int, from database: any DatabaseWriter) throws {
    while try database.write({ database in
      try database.execute(
        sql: """
          DELETE FROM planned_study WHERE rowid IN (SELECT rowid FROM planned_study WHERE plan = ? LIMIT \(pieceSize))
          """, arguments: [plan])
      return database.changesCount > 0
    }) {}
  }

  private static let pieceSize = 5_000

  private static let numbersOfStudy = """
    SELECT instance.id FROM series JOIN instance ON instance.series = series.id WHERE series.study = ?
    ORDER BY instance.id
    """

  private static func runs(_ numbers: [Int64]) -> [[Int64]] {
    numbers.reduce(into: []) { runs, number in
      if let last = runs.indices.last, runs[last][1] == number - 1 {
        runs[last][1] = number
      } else {
        runs.append([number, number])
      }
    }
  }
}
