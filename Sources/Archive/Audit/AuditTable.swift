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
    var row = AuditRow(entry, number: number, after: previous)
    // The subject of a record that has one alone stands in the record itself.
    if entry.subjects.count > 1 { try subjects.insert(entry.subjects, of: number, into: &row.digest) }
    let hash = row.digest.finalize()
    row.values.add(blob: hash)
    try DirectStatement(insertion, in: database).perform(row.values)
    return hash
  }

  private static let insertion = DirectStatement.insertion(into: "audit", columns + ["hash"])
}

/// An entry in columns, and what is hashed of them. No observer asks for this table.
struct AuditRow {
  var values = RowValues(columns: 23, size: 512)
  var digest: AuditDigest

  /// What a person reads has no use for more.
  private static let longestDetail = 8000

  init(_ entry: AuditEntry, number: Int64, after previous: [UInt8]) {
    digest = AuditDigest(after: previous)
    let only = entry.subjects.count == 1 ? entry.subjects.first : nil
    let (actor, detail) = (entry.actor, entry.detail)
    add(number)
    values.add(entry.time)
    digest.add(entry.time)
    for text in [
      entry.kind.rawValue, entry.act, entry.outcome.rawValue, actor.kind.rawValue, actor.principal, actor.peer,
      actor.aeTitle, actor.address, actor.assurance,
    ] {
      add(text)
    }
    add(entry.destination)
    add(entry.grants.map(String.init).joined(separator: ","))
    add(entry.count.map { Int64($0) })
    add(detail.utf8.count <= Self.longestDetail ? detail : String(detail.prefix(Self.longestDetail)))
    values.add(blob: entry.identifier)
    if let identifier = entry.identifier { digest.add(blob: identifier) } else { digest.addNothing() }
    add(entry.began)
    add(only?.patientID)
    add(only?.issuer)
    add(only?.studyInstanceUID)
    add(only.map { AuditInstances.text($0.instances) })
    add(Int64(entry.subjects.count))
  }

  private mutating func add(_ integer: Int64?) {
    values.add(integer)
    if let integer { digest.add(integer) } else { digest.addNothing() }
  }

  /// SQLite ends a text at U+0000 where it is asked for by C.
  private mutating func add(_ text: String?) {
    guard let text = text.map(MatchingForm.storable) else { return add(nil as Int64?) }
    values.add(text)
    digest.add(text)
  }
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
