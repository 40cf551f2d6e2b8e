// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What instances that were put in just now had looked up, for those behind them: most are of a series of which another came
/// before. It holds as long as nobody else writes to the database, and is forgotten at the first sign of that.
struct InsertionMemory: Sendable {
  /// Rows that this connection ever changed, and commits of others that it saw.
  private struct Standing: Sendable, Equatable {
    let changes: Int
    let version: Int

    init(of database: Database) throws {
      changes = database.totalChangesCount
      version = try Int.fetchOne(database.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }
  }

  /// A series to which its sender may add without anybody's leave, and an object that says nothing else of it than its rows.
  private struct Known: Sendable {
    let studyInstanceUID: String
    /// Not the whole hierarchy: what it says of who asked for it has no bound here, and decides nothing.
    let texts: [String]
    let principal: Int64
    let peer: Int64?
    let place: HierarchyRows.Found

    func isPlace(of other: InstanceRecord.Hierarchy, _ arrival: Arrival) -> Bool {
      principal == arrival.principal && peer == arrival.caller?.peer
        // Byte by byte, as the index compares: composed and decomposed accents are two texts to it.
        && zip(texts, other.texts).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }
  }

  private static let mostPlaces = 1024
  /// Bytes of what an object says of its patient, study and series; usual are some hundreds.
  private static let longest = 4 << 10

  private var standing: Standing?
  private var choosesVersions: Bool?
  private var keepsOut: Bool?
  private var forwards: Bool?
  /// By Series Instance UID.
  private var places: [String: Known] = [:]

  /// At the beginning of a transaction.
  mutating func begin(in database: Database) throws {
    let now = try Standing(of: database)
    if standing != now { self = InsertionMemory() }
    standing = now
  }

  /// At its end, when nothing more is to be written; what is rolled back takes the memory with it.
  mutating func end(in database: Database) throws {
    standing = try Standing(of: database)
  }

  /// Whether an administrator chose a version of anything.
  mutating func choosesVersions(in database: Database) throws -> Bool {
    try Self.found(&choosesVersions, "SELECT EXISTS (SELECT 1 FROM conflict_choice WHERE undone_at IS NULL)", database)
  }

  /// Whether anything that was deleted is not to come again.
  mutating func keepsOut(in database: Database) throws -> Bool {
    try Self.found(&keepsOut, "SELECT EXISTS (SELECT 1 FROM deletion WHERE keeps_out)", database)
  }

  /// Whether anything is sent on.
  mutating func forwards(in database: Database) throws -> Bool {
    try Self.found(&forwards, "SELECT EXISTS (SELECT 1 FROM forwarding_rule)", database)
  }

  private static func found(_ known: inout Bool?, _ sql: String, _ database: Database) throws -> Bool {
    if let known { return known }
    let found = try Bool.fetchOne(database.cachedStatement(sql: sql)) ?? true
    known = found
    return found
  }

  /// nil where it has to be looked up.
  func place(of record: InstanceRecord) -> HierarchyRows.Found? {
    guard record.arrival.aside == nil, let hierarchy = record.hierarchy,
      let known = places[hierarchy.seriesInstanceUID], known.isPlace(of: hierarchy, record.arrival)
    else { return nil }
    return known.place
  }

  /// Of an object that made neither study nor series, and says what their rows say.
  mutating func remember(_ place: HierarchyRows.Found, of record: InstanceRecord) {
    guard let hierarchy = record.hierarchy else { return }
    let texts = hierarchy.texts
    guard texts.reduce(0, { $0 + $1.utf8.count }) <= Self.longest else { return }
    if places.count >= Self.mostPlaces { places = [:] }
    places[hierarchy.seriesInstanceUID] = Known(
      studyInstanceUID: hierarchy.studyInstanceUID, texts: texts, principal: record.arrival.principal,
      peer: record.arrival.caller?.peer, place: place)
  }

  /// With a new row of a study others of it may become parts of others.
  mutating func forget(study uid: String) {
    places = places.filter { $0.value.studyInstanceUID != uid }
  }
}

extension InstanceRecord.Hierarchy {
  /// All by which its rows are found, and all that they say; as many of each.
  fileprivate var texts: [String] {
    [patient.id, patient.issuer, patient.soleStudy, studyInstanceUID, seriesInstanceUID] + study + series
  }
}
