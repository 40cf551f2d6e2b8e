// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB

/// The records as they stand in the database, each with the hash that chains it to the one before.
enum AuditTable {
  /// All of a record but its hash, in the order in which they are hashed.
  static let columns = [
    "number", "at", "kind", "act", "outcome", "actor", "principal", "peer", "ae_title", "address", "assurance",
    "destination", "grants", "count", "detail", "identifier", "began", "patient_id", "issuer", "study_uid", "instances",
    "subjects",
  ]
  static let subjectColumns = ["record", "ordinal", "patient_id", "issuer", "study_uid", "instances"]

  /// The last record's number and hash.
  static func head(in database: Database) throws -> (number: Int64, hash: [UInt8]) {
    let row = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"))
    guard let row else { return (0, AuditDigest.start) }
    return (row[0], Array(row[1] as Data))
  }

  /// Adds records at the end of the chain, in a transaction of the caller's; returns their numbers.
  @discardableResult
  static func append(_ entries: [AuditEntry], in database: Database) throws -> [Int64] {
    guard !entries.isEmpty else { return [] }
    var (number, hash) = try head(in: database)
    let subjects = try AuditSubjectInsertion(in: database)
    return try entries.map { entry in
      number += 1
      hash = try insert(entry, number: number, after: hash, subjects, in: database)
      return number
    }
  }

  @discardableResult
  static func append(_ entry: AuditEntry, in database: Database) throws -> Int64 {
    try append([entry], in: database).first ?? 0
  }

  private static func insert(
    _ entry: AuditEntry, number: Int64, after previous: [UInt8], _ subjects: AuditSubjectInsertion,
    in database: Database
  ) throws -> [UInt8] {
    let values = AuditRow(entry, number: number).values
    var digest = AuditDigest(after: previous)
    for value in values { digest.add(value) }
    // The subject of a record that has one alone stands in the record itself.
    if entry.subjects.count > 1 { try subjects.insert(entry.subjects, of: number, into: &digest) }
    let hash = digest.finalize()
    try database.cachedStatement(sql: insertion).execute(
      arguments: StatementArguments(values + [Data(hash).databaseValue]))
    return hash
  }

  private static let insertion = statement("audit", columns + ["hash"])

  static func statement(_ table: String, _ columns: [String]) -> String {
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
  }
}

/// An entry in columns.
struct AuditRow {
  let values: [DatabaseValue]

  /// What a person reads has no use for more.
  private static let longestDetail = 8000

  init(_ entry: AuditEntry, number: Int64) {
    let only = entry.subjects.count == 1 ? entry.subjects.first : nil
    let actor = entry.actor
    values = [
      number.databaseValue, entry.time.databaseValue, entry.kind.rawValue.databaseValue, Self.text(entry.act),
      entry.outcome.rawValue.databaseValue, actor.kind.rawValue.databaseValue, Self.text(actor.principal),
      Self.text(actor.peer), Self.text(actor.aeTitle), Self.text(actor.address), Self.text(actor.assurance),
      entry.destination.map(Self.text) ?? .null,
      entry.grants.map(String.init).joined(separator: ",").databaseValue, entry.count.databaseValue,
      Self.text(String(entry.detail.prefix(Self.longestDetail))), entry.identifier.map { Data($0) }.databaseValue,
      entry.began.databaseValue, only.map { Self.text($0.patientID) } ?? .null,
      only.map { Self.text($0.issuer) } ?? .null, only.map { Self.text($0.studyInstanceUID) } ?? .null,
      only.map { AuditInstances.text($0.instances).databaseValue } ?? .null, entry.subjects.count.databaseValue,
    ]
  }

  /// SQLite ends a text at U+0000 where it is asked for by C.
  private static func text(_ text: String) -> DatabaseValue { MatchingForm.storable(text).databaseValue }
}

/// Objects by SOP class as one line of text: `CLASS UID UID;CLASS UID`.
enum AuditInstances {
  static func text(_ instances: [String: [String]]) -> String {
    guard !instances.isEmpty else { return "" }
    return instances.sorted { $0.key < $1.key }.map { kind, uids in
      ([kind] + uids).map(word).joined(separator: " ")
    }.joined(separator: ";")
  }

  private static func word(_ uid: String) -> String {
    // There is nothing to leave out of what is a UID.
    let isPlain = uid.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: ";") }
    return isPlain ? uid : MatchingForm.storable(uid).filter { $0 != " " && $0 != ";" }
  }

  static func parse(_ text: String) -> [String: [String]] {
    var instances: [String: [String]] = [:]
    for kind in text.split(separator: ";") {
      let words = kind.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard let first = words.first else { continue }
      instances[first, default: []] += words.dropFirst()
    }
    return instances
  }
}
