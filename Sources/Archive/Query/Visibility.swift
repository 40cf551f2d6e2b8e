// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

/// Who asks for what, when.
struct Question: Sendable {
  let caller: Caller
  let rights: GrantRights
  /// Seconds since 1970.
  let now: Double
  var rewriting = ClauseRewriting.none
  /// Of the caller's grants this one alone; nil for all of them.
  var grant: Int?
  /// The most rows that are answered before the grants are asked anew.
  var pageSize = QueryCompiler.pageSize
}

/// How a clause of the predicate is written. The archive writes each as it is; what proves the predicate takes one away.
struct ClauseRewriting: Sendable {
  let rewrite: @Sendable (VisibilityPredicate.Clause, String) -> String

  static let none = ClauseRewriting { _, sql in sql }
}

/// The one predicate that stands between a caller and every row, as conditions of a statement. It is found out in the same
/// reading as the rows that it is asked about, or in one of the very same state (see `VisibilityMemory`), for each page anew: a
/// revocation is seen at once; so is that the peer was removed or the user locked.
struct Visibility {
  private let wording: VisibilityWording
  /// From which rows a statement tells.
  private(set) var telling = Telling.rows
  /// By names, so that a condition may stand in a statement as often as it is needed.
  private(set) var named: [String: DatabaseValue]
  /// Whether there are patients of whom the caller is told by voices; nil where that is still to be asked.
  var meetsContradictions: Bool?
  /// Whether something is kept aside for the caller.
  let hasAside: Bool

  init(_ question: Question, in database: Database) throws {
    let found = try VisibilityHolders(question, in: database)
    let holders = found.padded
    wording = VisibilityWording(question, predicate: found.predicate, holders: holders.count)
    named = [
      "now": question.now.databaseValue, "caller": question.caller.principal.databaseValue,
      "peer": question.caller.peer.databaseValue,
    ]
    for (index, holder) in holders.enumerated() { named["h\(index)"] = holder.databaseValue }
    if let grant = question.grant { named["grant"] = grant.databaseValue }
    hasAside =
      try Int.fetchOne(
        database.cachedStatement(sql: "SELECT 1 FROM study WHERE aside = ? AND aside <> 0 LIMIT 1"),
        arguments: [question.caller.principal]) != nil
  }

  var predicate: VisibilityPredicate { wording.predicate }
  /// The same for whatever is written in the same words.
  var wordingID: ObjectIdentifier { ObjectIdentifier(wording) }
  var pageSize: Int { wording.question.pageSize }
  var arguments: StatementArguments { StatementArguments(named) }
  private var condition: String { wording.condition }
  private var ownCondition: String { wording.ownCondition }

  /// The same at another time.
  func at(_ now: Double) -> Visibility {
    var other = self
    other.named["now"] = now.databaseValue
    return other
  }

  /// The same for a statement that tells from other rows.
  func telling(from telling: Telling) -> Visibility {
    var other = self
    other.telling = telling
    return other
  }

  /// From which mark on a patient's rows are not what the caller is to be told: a caller who sees a study sees all of it, or
  /// may see a part.
  var leastContradiction: Int { predicate.seesWholeStudies ? 2 : 1 }

  /// Of a `study` and its `patient`: that something of it is there for the caller; of a voice, that it is the caller's.
  var study: String {
    guard telling == .rows else { return "study.voice = \(Telling.studyVoice(of: .study, seenBy: ownCondition))" }
    return switch predicate.granularity {
    case .study: condition
    case .series: "EXISTS (SELECT 1 FROM series WHERE series.study = study.id AND \(condition))"
    case .instance:
      """
      EXISTS (SELECT 1 FROM series JOIN instance ON instance.series = series.id
        WHERE series.study = study.id AND \(condition))
      """
    }
  }

  /// Of a `series`, its study and patient.
  var series: String {
    guard telling == .rows else { return "series.voice = \(Telling.seriesVoice(seenBy: ownCondition))" }
    guard predicate.granularity == .instance else { return condition }
    return "EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id AND \(condition))"
  }

  /// Of a `patient`, the `study` that tells of it.
  var patient: String {
    let voice = "study.voice = \(Telling.studyVoice(of: .patient, seenBy: ownCondition))"
    guard telling == .rows else { return voice }
    return "study.id = (SELECT MIN(study.id) FROM study WHERE study.patient = patient.id AND \(study))"
  }

  func findsContradictions(in database: Database) throws -> Bool {
    let sql =
      leastContradiction == 2
      ? "SELECT 1 FROM patient WHERE is_contradicted = 2 LIMIT 1"
      : "SELECT 1 FROM patient WHERE is_contradicted > 0 LIMIT 1"
    return try Int.fetchOne(database.cachedStatement(sql: sql)) != nil
  }

  /// Which voice of a study and of a series is the caller's, where these are gone through by their rows' own voices.
  var baseStudy: String { "study.voice = \(Telling.studyVoice(ofBaseSeenBy: ownCondition))" }
  var begunSeries: String { "series.voice = \(Telling.seriesVoice(ofBegunSeenBy: ownCondition))" }

  /// Of an `instance`, its series, study and patient, whether these are contradicted or not.
  var instance: String { ownCondition }

  /// The same among the rows that are told of.
  var toldInstance: String { telling == .rows ? condition : ownCondition }

  /// Of an instance that has another name in the statement.
  func instance(named alias: String) -> String {
    ownCondition.replacing("instance.", with: "\(alias).")
  }

  /// Of an `instance` below a study or series of which something is seen: what is below one that is seen as a whole is seen.
  var counted: String {
    guard predicate.granularity != .study || telling == .voices && !predicate.seesWholeStudies else { return "1" }
    return "(\(wording.question.rewriting.rewrite(.countedIsSeen, toldInstance)))"
  }

  /// Of an instance `other` of the same series: that it is seen too.
  var otherVersion: String { telling == .rows ? wording.otherVersions.told : wording.otherVersions.own }

  /// What is written for this caller, the same page after page.
  func written(_ part: VisibilityWording.Part, _ write: () -> String?) -> String? {
    wording.written(part, telling, write)
  }

  /// The studies that the caller's grants name, whatever else is asked of them; nil where they do not name them, or so many
  /// that it is better to look at the rows.
  func namedStudies(in database: Database) throws -> String? {
    guard predicate.opensByName else { return nil }
    return try NamedStudies(predicate.opening, holders: wording.holders).sql(arguments, in: database)
  }
}

extension Visibility {
  /// Which of the caller's grants open rows of a level, at most so many, lowest number first. Asked from the rows, not from
  /// the grants: somebody may have twenty thousand.
  func grants(
    opening ids: [Int64], at level: QueryRetrieveLevel, most: Int, in database: Database
  ) throws -> [Int] {
    guard !ids.isEmpty, let asked = written(.openings(level), { unionOfOpenings(of: level) }) else { return [] }
    var named = named
    named["rows"] = IndexTables.json(ids).databaseValue
    named["most"] = most.databaseValue
    let rows = try SelectedRows(asked, named: named, in: database)
    var numbers: [Int] = []
    while let row = try rows.next() { numbers.append(Int(row.integer(0))) }
    return numbers
  }

  private func unionOfOpenings(of level: QueryRetrieveLevel) -> String? {
    guard !predicate.opening.isEmpty else { return nil }
    let asked = predicate.opening.flatMap { shape in
      let rows = """
        SELECT g.number FROM json_each(:rows) AS shown \(Self.joins(from: level, to: shape.decidedAt))
          CROSS JOIN access_grant AS g WHERE \(wording.writer.opening(shape))
        """
      guard shape.hasDates || shape.decidedAt != .study else { return [rows] }
      // Of who is contradicted each instance is asked.
      return [
        "\(rows) AND patient.is_contradicted = 0",
        """
        SELECT g.number FROM json_each(:rows) AS shown \(Self.joins(from: level, to: .instance))
          CROSS JOIN access_grant AS g WHERE patient.is_contradicted > 0 AND \(wording.ownWriter.opening(shape))
        """,
      ]
    }
    return "\(asked.joined(separator: " UNION ")) ORDER BY 1 LIMIT :most"
  }

  /// From the shown rows up to their patient, and down as far as it takes to tell whether a grant is about them.
  private static func joins(from level: QueryRetrieveLevel, to granularity: Granularity) -> String {
    let tables = ["patient", "study", "series", "instance"]
    let own = QueryRetrieveLevel.allCases.firstIndex(of: level) ?? 0
    let lowest = granularity == .study ? 1 : granularity == .series ? 2 : 3
    let upwards = (0..<own).reversed().map { upper in
      "CROSS JOIN \(tables[upper]) ON \(tables[upper]).id = \(tables[upper + 1]).\(tables[upper])"
    }
    let downwards = (own..<max(own, lowest)).map { upper in
      "CROSS JOIN \(tables[upper + 1]) ON \(tables[upper + 1]).\(tables[upper]) = \(tables[upper]).id"
    }
    return (["CROSS JOIN \(tables[own]) ON \(tables[own]).id = shown.value"] + upwards + downwards)
      .joined(separator: " ")
  }
}

/// Whose grants hold for a caller, and what has to be asked about them.
struct VisibilityHolders {
  let predicate: VisibilityPredicate
  private let holders: [Int64]

  /// To a power of two, so that there are few different statements.
  var padded: [Int64] {
    var count = 1
    while count < holders.count { count *= 2 }
    return holders + Array(repeating: holders.first ?? 0, count: count - holders.count)
  }

  init(_ question: Question, in database: Database) throws {
    let clause = { (clause: VisibilityPredicate.Clause, sql: String) in "(\(question.rewriting.rewrite(clause, sql)))" }
    let callerSQL = """
      WITH caller (id) AS (
        SELECT principal.id FROM principal LEFT JOIN user ON user.principal = principal.id
        WHERE principal.id = :caller AND \(clause(.userIsNotLocked, "user.locked_at IS NULL"))
          AND \(clause(.peerIsKnown, "EXISTS (SELECT 1 FROM peer WHERE peer.principal = :peer)"))
      ) SELECT id FROM caller UNION SELECT "group" FROM membership JOIN caller ON member = caller.id
        WHERE \(clause(.membershipHasBegun, "membership.since IS NULL OR membership.since <= :now"))
          AND \(clause(.membershipHasNotEnded, "membership.until IS NULL OR membership.until > :now"))
      """
    holders = try Int64.fetchAll(
      database.cachedStatement(sql: callerSQL),
      arguments: ["caller": question.caller.principal, "peer": question.caller.peer, "now": question.now])
    guard !holders.isEmpty else {
      predicate = VisibilityPredicate(
        rights: question.rights, assurance: question.caller.identity.assurance, opening: [], vetoing: [], limiting: nil)
      return
    }
    let shapes = try Self.shapes(holders, peer: question.caller.peer, in: database)
    predicate = VisibilityPredicate(
      rights: question.rights, assurance: question.caller.identity.assurance,
      opening: shapes.compactMap { $0.kind == 0 ? $0.shape : nil }.filter { $0.effect == .opens },
      vetoing: shapes.compactMap { $0.kind == 1 ? $0.shape : nil },
      limiting: shapes.contains { $0.kind == 3 }
        ? shapes.compactMap { $0.kind == 2 ? $0.shape : nil }.filter { $0.effect == .limits } : nil)
  }

  /// Each shape is one step in an index, however many grants have it.
  private static func shapes(
    _ holders: [Int64], peer: Int64, in database: Database
  ) throws -> [(kind: Int, shape: GrantShape?)] {
    let sql = """
      WITH RECURSIVE holder (id) AS (SELECT value FROM json_each(:holders)),
      opening (id, shape) AS (\(steps("access_grant", "principal", "state = 'active'", from: "holder"))),
      vetoing (id, shape) AS (
        \(steps("consent", "against", "kind = 'veto' AND withdrawn_at IS NULL",
          from: "(SELECT id FROM holder UNION SELECT 0)"))),
      limiting (id, shape) AS (\(steps("access_grant", "principal", "state = 'active'", from: "(SELECT :peer AS id)")))
      SELECT 0, shape FROM opening WHERE shape IS NOT NULL UNION SELECT 1, shape FROM vetoing WHERE shape IS NOT NULL
      UNION SELECT 2, shape FROM limiting WHERE shape IS NOT NULL
      UNION SELECT 3, NULL WHERE EXISTS (
        SELECT 1 FROM access_grant INDEXED BY access_grant_ceiling
        WHERE principal = :peer AND effect = 'limits' AND state <> 'revoked')
      """
    let rows = try Row.fetchAll(
      database.cachedStatement(sql: sql), arguments: ["holders": IndexTables.json(holders), "peer": peer])
    return rows.map { row in (row[0], (row[1] as Int?).flatMap(GrantShape.init(number:))) }
  }

  private static func steps(_ table: String, _ column: String, _ condition: String, from holders: String) -> String {
    """
    SELECT id, (SELECT MIN(shape) FROM \(table) WHERE \(column) = id AND \(condition)) FROM \(holders)
    UNION ALL SELECT id, (SELECT MIN(shape) FROM \(table) WHERE \(column) = before.id AND shape > before.shape
      AND \(condition)) FROM \(table == "consent" ? "vetoing" : holders == "holder" ? "opening" : "limiting") AS before
      WHERE shape IS NOT NULL
    """
  }
}
