// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// The studies that somebody's grants name, where these are few: then a broad question is answered from them, and not by
/// looking at all that is stored.
struct NamedStudies {
  /// Up to here it is cheaper than looking at rows one by one.
  static let mostGrants = 2000

  private let shapes: [GrantShape]
  private let holders: String

  init(_ shapes: [GrantShape], holders: Int) {
    self.shapes = shapes
    self.holders = (0..<holders).map { ":h\($0)" }.joined(separator: ", ")
  }

  /// nil where there are too many.
  func sql(_ arguments: StatementArguments, in database: Database) throws -> String? {
    guard !shapes.isEmpty else { return "SELECT 0" }
    let counted = shapes.map { "SELECT 1 FROM access_grant AS g WHERE \(held(shape: $0))" }
    let count = try Int.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT COUNT(*) FROM (\(counted.joined(separator: " UNION ALL ")) LIMIT \(Self.mostGrants + 1))
          """), arguments: arguments)
    guard (count ?? 0) <= Self.mostGrants else { return nil }
    return shapes.map(studies).joined(separator: " UNION ")
  }

  private func held(shape: GrantShape) -> String {
    "g.principal IN (\(holders)) AND g.shape = \(shape.number) AND g.state = 'active'"
  }

  private func studies(of shape: GrantShape) -> String {
    let held = held(shape: shape)
    return switch shape.scope {
    case .everything: "SELECT study.id FROM study"
    case .patient:
      """
      SELECT study.id FROM access_grant AS g
        CROSS JOIN patient ON patient.patient_id = g.patient_id AND patient.issuer = g.issuer
        CROSS JOIN study ON study.patient = patient.id WHERE \(held)
      """
    case .study:
      "SELECT study.id FROM access_grant AS g CROSS JOIN study ON study.v_0020000d = g.study_uid WHERE \(held)"
    case .series:
      """
      SELECT series.study FROM access_grant AS g CROSS JOIN series ON series.v_0020000e = g.series_uid
        WHERE \(held) AND series.study IS NOT NULL
      """
    }
  }
}
