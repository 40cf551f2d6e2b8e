// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// When a study may go. A rule deletes nothing by itself.
package struct RetentionRule: Codable, Sendable {
  package enum Basis: String, Codable, Sendable, CaseIterable {
    /// Study Date (0008,0020); a study without one is never old.
    case studyDate
    /// When the newest of its objects came.
    case arrival
    /// When it was last retrieved or exported, or came, whichever is later.
    case access
  }

  package let number: Int
  package let days: Int
  package let basis: Basis
  /// Every series has to be of one of these; empty for studies of any modality.
  package let modalities: [String]

  package init(number: Int = 0, days: Int, basis: Basis, modalities: [String]) {
    self.number = number
    self.days = days
    self.basis = basis
    self.modalities = modalities
  }

  init(_ row: Row) {
    number = row["number"]
    days = row["days"]
    basis = Basis(rawValue: row["basis"]) ?? .access
    modalities = (row["modalities"] as String).split(separator: "\\").map(String.init)
  }

  /// For the record.
  var words: String {
    let since =
      switch basis {
      case .studyDate: "the study date"
      case .arrival: "the arrival"
      case .access: "the last access"
      }
    return "\(days) days after \(since)" + (modalities.isEmpty ? "" : ", of \(modalities.joined(separator: ", "))")
  }

  /// A condition on `study`, with its arguments, as of `time` in seconds since 1970.
  func condition(at time: Double) -> (sql: String, arguments: [DatabaseValue]) {
    let cutoff = time - Double(days) * 86_400
    var sql: String
    var arguments: [DatabaseValue]
    switch basis {
    case .studyDate:
      sql = "study.k_00080020 <> '' AND study.k_00080020 < ?"
      arguments = [Self.date(cutoff).databaseValue]
    case .arrival:
      sql = "\(Self.newestArrival) < ?"
      arguments = [cutoff.databaseValue]
    case .access:
      sql = """
        \(Self.newestArrival) < ?
        AND NOT EXISTS (SELECT 1 FROM last_access WHERE study_uid = study.v_0020000d AND at >= ?)
        """
      arguments = [cutoff.databaseValue, cutoff.databaseValue]
    }
    if !modalities.isEmpty {
      sql += """
         AND NOT EXISTS (SELECT 1 FROM series WHERE series.study = study.id
          AND series.v_00080060 NOT IN (\(modalities.map { _ in "?" }.joined(separator: ", "))))
        """
      arguments += modalities.map(\.databaseValue)
    }
    return ("(\(sql))", arguments)
  }

  /// When the newest object of `study` came; an object whose arrival nobody remembers has come just now.
  static let newestArrival = """
    (SELECT MAX(COALESCE(arrival.arrived_at, 9e18)) FROM series JOIN instance ON instance.series = series.id
      LEFT JOIN arrival ON arrival.object = instance.object WHERE series.study = study.id)
    """

  private static func date(_ seconds: Double) -> String {
    let style = Date.ISO8601FormatStyle().year().month().day().dateSeparator(.omitted)
    return Date(timeIntervalSince1970: seconds).formatted(style)
  }
}

enum RetentionRuleTable {
  static func insert(_ rule: RetentionRule, by user: String, at time: Double, in database: Database) throws -> Int {
    guard (1...100_000).contains(rule.days) else { throw ArchiveError("a rule's age is 1 to 100000 days") }
    try database.execute(
      sql: "INSERT INTO retention_rule (days, basis, modalities, added_by, added_at) VALUES (?, ?, ?, ?, ?)",
      arguments: [rule.days, rule.basis.rawValue, rule.modalities.joined(separator: "\\"), user, time])
    return Int(database.lastInsertedRowID)
  }

  static func all(in database: Database) throws -> [RetentionRule] {
    try Row.fetchAll(database, sql: "SELECT * FROM retention_rule ORDER BY number").map(RetentionRule.init)
  }

  /// Those that were not removed since.
  static func inForce(of rules: [RetentionRule], in database: Database) throws -> [RetentionRule] {
    let numbers = try Set(all(in: database).map(\.number))
    return rules.filter { numbers.contains($0.number) }
  }

  static func remove(_ number: Int, in database: Database) throws {
    try database.execute(sql: "DELETE FROM retention_rule WHERE number = ?", arguments: [number])
    guard database.changesCount == 1 else {
      throw ArchiveError("there is no retention rule \(number): see collimator retention list")
    }
  }
}
