// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// What became of an instance that was offered to the index.
enum Addition: Sendable, Equatable {
  case done(Receipt.Outcome)
  /// Nothing was written: objects of the same UID and other bytes are here, and whether they say the same must be judged
  /// first, by their canonical digests.
  case needsComparison(with: [ObjectKey])
}

/// Puts one instance into the index, in a transaction of the caller's.
struct InstanceInsertion {
  private let record: InstanceRecord
  private let layout: IndexLayout
  /// Canonical digests of objects that are here, as far as they were needed.
  private let compared: [ObjectKey: [UInt8]]

  init(_ record: InstanceRecord, layout: IndexLayout, compared: [ObjectKey: [UInt8]] = [:]) {
    self.record = record
    self.layout = layout
    self.compared = compared
  }

  func perform(in database: Database) throws -> Addition {
    let versions = try Version.all(of: record.sopInstanceUID, in: database)
    guard !versions.isEmpty else {
      if try TombstoneTable.keepsOut(record.sopInstanceUID, in: database) { return .done(.keptOut) }
      try add(in: database)
      return .done(.stored)
    }
    if let same = versions.first(where: { $0.hasBytes(of: record) }) { return .done(try meet(same, in: database)) }
    let unknown = versions.filter { $0.canonicalDigest == nil && compared[$0.object] == nil && $0.isHere }
    guard unknown.isEmpty, record.canonicalDigest != nil else {
      return .needsComparison(with: unknown.map(\.object))
    }
    try remember(versions, in: database)
    if let same = versions.first(where: { $0.isHere && $0.saysTheSame(as: record, compared[$0.object]) }) {
      try noteSender(of: same, in: database)
      return .done(.alreadyStored)
    }
    try add(in: database)
    return .done(.keptBesideAnother)
  }

  /// What is owed to others for an object that is new here is owed from the same moment.
  private func add(in database: Database) throws {
    let number = try insert(number: nil, in: database)
    try ForwardingTable.enqueue(arrival: number, record, in: database)
  }

  /// Whoever brought what is here already is told that it is kept, and may ask for it to be committed.
  private func noteSender(of same: Version, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO repeated_arrival (arrival, sender, arrived_at)
        SELECT number, ?, ? FROM arrival WHERE number = ? AND sender <> ?
        """
    ).execute(arguments: [record.arrival.sender, record.arrival.time, same.id, record.arrival.sender])
  }

  /// The very object is known. Where its file was lost, this is its file now.
  private func meet(_ same: Version, in database: Database) throws -> Receipt.Outcome {
    guard !same.isHere else {
      try noteSender(of: same, in: database)
      return .alreadyStored
    }
    try database.execute(
      sql: "UPDATE instance SET object = ?, size = ?, fault = 0 WHERE id = ?",
      arguments: [record.object.name, record.size, same.id])
    // The arrival is the file's: what its head says of it and what stands here are compared by `check`.
    let arrival = record.arrival
    try database.execute(
      sql: """
        UPDATE arrival SET object = ?, content_size = ?, sender = ?, calling = ?, arrived_at = ? WHERE number = ?
        """,
      arguments: [
        record.object.name, record.size, arrival.sender, arrival.callingAETitle, arrival.time, same.id,
      ])
    return .stored
  }

  private func remember(_ versions: [Version], in database: Database) throws {
    for version in versions where version.canonicalDigest == nil {
      guard let digest = compared[version.object] else { continue }
      try database.execute(
        sql: "UPDATE instance SET canonical_digest = ? WHERE id = ?", arguments: [Data(digest), version.id])
    }
  }

  /// `number`: that of an arrival which was recorded before.
  @discardableResult
  func insert(number: Int64?, in database: Database) throws -> Int64 {
    let number = try number ?? record.arrival.insert(object: record.object, in: database)
    // Whoever builds the index anew has to know what the bytes were.
    try database.cachedStatement(
      sql: "UPDATE arrival SET content_digest = ?, content_size = ? WHERE number = ? AND content_digest IS NULL"
    ).execute(arguments: [Data(record.digest), record.size, number])
    let rows = HierarchyRows(layout: layout, in: database)
    let place = try record.hierarchy.map { try rows.place(of: $0) }
    let preference = try ConflictChoiceTable.isChosen(
      record.digest, of: record.sopInstanceUID, in: database)
    let columns = layout.columns(of: "instance")
    let fixed: [DatabaseValue] = [
      number.databaseValue, (place?.series).databaseValue, (place?.foldedFrom).databaseValue,
      record.object.name.databaseValue, record.transferSyntaxUID.databaseValue, Data(record.digest).databaseValue,
      record.canonicalDigest.map { Data($0) }.databaseValue, record.size.databaseValue,
      (preference ? -1 : 0).databaseValue,
    ]
    try database.cachedStatement(sql: Self.sql(columns)).execute(
      arguments: StatementArguments(fixed + record.values.map(\.databaseValue)))
    if let place, let hierarchy = record.hierarchy, !place.isNewStudy {
      try rows.noteDifferences(hierarchy, study: place.receivedStudy, instance: number)
    }
    return number
  }

  private static func sql(_ columns: [String]) -> String {
    let all =
      [
        "id", "series", "folded_from", "object", "transfer_syntax", "digest", "canonical_digest", "size", "preference",
      ] + columns
    let marks = Array(repeating: "?", count: all.count).joined(separator: ", ")
    return "INSERT INTO instance (\(all.joined(separator: ", "))) VALUES (\(marks))"
  }
}

/// What is stored under the same SOP Instance UID.
private struct Version {
  let id: Int64
  let object: ObjectKey
  let transferSyntaxUID: String
  let digest: [UInt8]
  let canonicalDigest: [UInt8]?
  let isHere: Bool
  let defaultIssuer: String

  static func all(of uid: String, in database: Database) throws -> [Version] {
    try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, instance.object, transfer_syntax, digest, canonical_digest, fault, default_issuer
          FROM instance JOIN arrival ON arrival.number = instance.id WHERE v_00080018 = ? ORDER BY id
          """),
      arguments: [uid]
    ).map { row in
      Version(
        id: row[0], object: ObjectKey(name: row[1]), transferSyntaxUID: row[2], digest: Array(row[3] as Data),
        canonicalDigest: (row[4] as Data?).map { Array($0) }, isHere: row[5] == 0, defaultIssuer: row[6])
    }
  }

  /// The same Patient ID from a sender for whom another issuer is assumed is another patient's.
  func hasBytes(of record: InstanceRecord) -> Bool {
    digest == record.digest && transferSyntaxUID == record.transferSyntaxUID
      && defaultIssuer == record.arrival.defaultIssuer
  }

  func saysTheSame(as record: InstanceRecord, _ compared: [UInt8]?) -> Bool {
    guard let own = canonicalDigest ?? compared, !own.isEmpty, let other = record.canonicalDigest else { return false }
    return own == other && defaultIssuer == record.arrival.defaultIssuer
  }
}
