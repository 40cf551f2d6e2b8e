// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What an archive holds, counted now. Instances whose file is missing are counted apart.
package struct ArchiveStatistics: Codable, Sendable {
  package struct Share: Codable, Sendable {
    package let name: String
    package let studies: Int
    package let series: Int
    package let instances: Int
    package let bytes: Int
  }

  package let patients: Int
  package let studies: Int
  package let series: Int
  package let instances: Int
  package let bytes: Int
  package let missingInstances: Int
  package let deletedInstances: Int
  package let holdsInForce: Int
  /// What was found damaged, or was no object.
  package let quarantinedFiles: Int
  package let quarantinedBytes: Int
  package let byModality: [Share]
  /// By the month of arrival, as 2026-11.
  package let byMonth: [Share]
  package let bySender: [Share]

  init(_ database: Database, _ quarantine: QuarantinedFiles) throws {
    (quarantinedFiles, quarantinedBytes) = try quarantine.extent()
    func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
    patients = try count("SELECT COUNT(*) FROM patient")
    studies = try count("SELECT COUNT(*) FROM study")
    series = try count("SELECT COUNT(*) FROM series")
    instances = try count("SELECT COUNT(*) FROM instance WHERE fault = 0")
    bytes = try count("SELECT COALESCE(SUM(size), 0) FROM instance WHERE fault = 0")
    missingInstances = try count("SELECT COUNT(*) FROM instance WHERE fault <> 0")
    deletedInstances = try count("SELECT COALESCE(SUM(instances), 0) FROM deletion")
    holdsInForce = try count("SELECT COUNT(*) FROM legal_hold WHERE released_at IS NULL")
    byModality = try Self.shares(by: "COALESCE(series.v_00080060, '')", in: database)
    byMonth = try Self.shares(by: "COALESCE(strftime('%Y-%m', arrived_at, 'unixepoch'), '')", in: database)
    bySender = try Self.shares(by: "COALESCE(sender, '')", in: database)
  }

  private static func shares(by expression: String, in database: Database) throws -> [Share] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT \(expression) AS name, COUNT(DISTINCT series.study), COUNT(DISTINCT instance.series), COUNT(*),
          SUM(instance.size)
        FROM instance LEFT JOIN series ON series.id = instance.series
          LEFT JOIN arrival ON arrival.object = instance.object
        WHERE fault = 0 GROUP BY name ORDER BY name
        """
    ).map { Share(name: $0[0], studies: $0[1], series: $0[2], instances: $0[3], bytes: $0[4]) }
  }
}
