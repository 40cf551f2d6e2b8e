// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// How one peer is answered when it asks.
package struct QueryProfile: Sendable, Hashable {
  /// After so many matches a query ends with A700; nil for all that there are.
  package var mostAnswers: Int?
  /// The defined terms of the character set for answers to a peer that names none it could be answered in; empty for UTF-8.
  package var characterSetTerms: [String] = []

  package init() {}

  static func all(in database: Database) throws -> [Int64: QueryProfile] {
    let rows = try Row.fetchAll(database, sql: "SELECT principal, most_answers, character_set FROM query_profile")
    return Dictionary(
      rows.map { row in
        var profile = QueryProfile()
        profile.mostAnswers = row[1]
        profile.characterSetTerms = (row[2] as String).split(separator: "\\").map(String.init)
        return (row[0], profile)
      }, uniquingKeysWith: { first, _ in first })
  }
}

extension Administration {
  /// nil leaves as it is; 0 takes the limit away, and no terms the character set.
  package func setAnswers(_ name: String, most: Int?, characterSet: [String]?) async throws {
    if let most, most < 0 { throw ArchiveError("--most takes a number of answers, and 0 for all") }
    let unknown = SpecificCharacterSet(characterSet ?? []).unknownTerms
    if let term = unknown.first {
      throw ArchiveError("'\(term)' is no Specific Character Set (PS3.3 C.12.1.1.2), such as 'ISO_IR 100'")
    }
    let terms = characterSet.map { SpecificCharacterSet($0).terms.joined(separator: "\\") }
    try await database.write { database in
      guard let peer = try PrincipalTable.id(of: name, kind: "peer", in: database) else {
        throw ArchiveError("there is no peer '\(name)': see collimator peer list")
      }
      func facts() throws -> AuditFacts { AuditFacts(try QueryProfile.all(in: database)[peer] ?? QueryProfile()) }
      let before = try facts()
      try database.execute(
        sql: """
          INSERT INTO query_profile (principal, most_answers, character_set)
          VALUES (:peer, nullif(:most, 0), ifnull(:terms, ''))
          ON CONFLICT (principal) DO UPDATE SET
            most_answers = CASE WHEN :most IS NULL THEN most_answers ELSE nullif(:most, 0) END,
            character_set = ifnull(:terms, character_set)
          """, arguments: ["peer": peer, "most": most, "terms": terms])
      try record("peer changed", "'\(name)' is answered anew: \(before.changes(to: try facts()))", in: database)
    }
  }
}
