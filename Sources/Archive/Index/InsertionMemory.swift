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
    /// All by which its rows are found, and all that they say; not the whole hierarchy: what it says of who asked for it has
    /// no bound here, and decides nothing.
    let names: [String]
    let study: [String]
    let series: [String]
    let principal: Int64
    let peer: Int64?
    let place: HierarchyRows.Found

    func isPlace(of other: InstanceRecord.Hierarchy, _ arrival: Arrival) -> Bool {
      principal == arrival.principal && peer == arrival.caller?.peer
        && Self.isSame(study, other.study) && Self.isSame(series, other.series)
        && Self.isSame(names, other.names)
    }

    /// Byte by byte, as the index compares: composed and decomposed accents are two texts to it.
    private static func isSame(_ ours: [String], _ others: [String]) -> Bool {
      ours.withUnsafeBufferPointer { ours in
        others.withUnsafeBufferPointer { others in
          guard ours.count == others.count else { return false }
          // What was taken apart once for a whole series (see `HierarchyMemory`) is one array.
          if ours.baseAddress == others.baseAddress { return true }
          return zip(ours, others).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
        }
      }
    }
  }

  private static let mostPlaces = 1024
  /// Bytes of what an object says of its patient, study and series; usual are some hundreds.
  private static let longest = 4 << 10

  private var standing: Standing?
  private var choosesVersions: Bool?
  private var keepsOut: Bool?
  private var forwards: Bool?
  /// By Study Instance UID, and in that by Series Instance UID.
  private var places: [String: [String: Known]] = [:]
  private var placeCount = 0

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
      let known = places[hierarchy.studyInstanceUID]?[hierarchy.seriesInstanceUID],
      known.isPlace(of: hierarchy, record.arrival)
    else { return nil }
    return known.place
  }

  /// Of an object that made neither study nor series, and says what their rows say.
  mutating func remember(_ place: HierarchyRows.Found, of record: InstanceRecord) {
    guard let hierarchy = record.hierarchy, hierarchy.size <= Self.longest else { return }
    if placeCount >= Self.mostPlaces { (places, placeCount) = ([:], 0) }
    let known = Known(
      names: hierarchy.names, study: hierarchy.study, series: hierarchy.series,
      principal: record.arrival.principal, peer: record.arrival.caller?.peer, place: place)
    let former = places[hierarchy.studyInstanceUID, default: [:]]
      .updateValue(known, forKey: hierarchy.seriesInstanceUID)
    if former == nil { placeCount += 1 }
  }

  /// With a new row of a study others of it may become parts of others.
  mutating func forget(study uid: String) {
    placeCount -= places.removeValue(forKey: uid)?.count ?? 0
  }
}

extension InstanceRecord.Hierarchy {
  fileprivate var names: [String] {
    [patient.id, patient.issuer, patient.soleStudy, studyInstanceUID, seriesInstanceUID]
  }

  /// Bytes of all by which its rows are found, and of all that they say.
  fileprivate var size: Int { (names + study + series).reduce(0) { $0 + $1.utf8.count } }
}
