// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData
import Foundation
import GRDB

@testable import Archive

/// Rows for each table of a version: the same facts, in the columns that the version has. None is written by the code that
/// is tested, nor by code that may change.
struct EarlierRows {
  typealias Values = [String: any DatabaseValueConvertible]

  struct Object: Sendable {
    let file: String
    let key: String
    let instance: String
    let series: Int
    let number: String

    var sopClass: String { series == 2 ? "1.2.840.10008.5.1.4.1.1.88.22" : "1.2.840.10008.5.1.4.1.1.2" }

    /// What stands before the data set, as the first version wrote it.
    var head: [UInt8] {
      FileMetaInformation.encoded(
        sopClassUID: sopClass, sopInstanceUID: instance, transferSyntaxUID: "1.2.840.10008.1.2.1",
        sourceAETitle: "ALL", versionName: "COLLIMATOR_0_1")
    }
  }

  static let study = "2.25.1084618266578605348067271917457398350"
  static let images = "2.25.350113604795943982008433811230108273"
  static let reports = "2.25.342172169613072230965625725309680791"
  static let objects = [
    Object(
      file: "ct-1.dcm", key: "a1" + String(repeating: "0", count: 30),
      instance: "2.25.1174167766496810552949642720044391016", series: 1, number: "1"),
    Object(
      file: "ct-2.dcm", key: "a2" + String(repeating: "0", count: 30),
      instance: "2.25.189685826745835417181426693450660124", series: 1, number: "2"),
    Object(
      file: "sr.dcm", key: "a3" + String(repeating: "0", count: 30),
      instance: "2.25.614702852074849241289730718194609419", series: 2, number: "1"),
  ]
  static let deletedUID = "2.25.99"
  static let password = "open sesame"
  static let time = 1_790_000_000.0

  let version: Int

  func put(in database: Database) throws {
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    for (table, values) in try index() + access() + kept() + later() + rules() {
      try put(values, into: table, database)
    }
    if version >= 8 { try putAudit(in: database) }
    try put(["name": "port", "value": "11112"], into: "start_setting", database)
  }

  /// Columns that the version lacks are left out; those that it asks for and nobody names are empty.
  private func put(_ values: Values, into table: String, _ database: Database) throws {
    guard try database.tableExists(table) else { return }
    let columns = try database.columns(in: table)
    var row = values.filter { name, _ in columns.contains { $0.name == name } }
    for column in columns where row[column.name] == nil && column.isNotNull && column.defaultValueSQL == nil {
      if column.type == "TEXT" { row[column.name] = "" }
    }
    let names = row.keys.sorted()
    let marks = names.map { _ in "?" }.joined(separator: ", ")
    try database.execute(
      sql: "INSERT OR REPLACE INTO \(table) (\(names.map { "\"\($0)\"" }.joined(separator: ", "))) VALUES (\(marks))",
      arguments: StatementArguments(names.map { row[$0]?.databaseValue ?? .null }))
  }

  private func index() throws -> [(String, Values)] {
    var rows: [(String, Values)] = [
      ("patient", ["id": 1, "patient_id": "4711", "issuer": "CITYHOSPITAL", "sole_study": ""]),
      (
        "study",
        [
          "id": 1, "patient": 1, "received_patient": 1, "v_0020000d": Self.study, "v_00100010": "Maier^Jürgen",
          "k_00100010": "maier^jurgen", "s_00100010": "M600\\J625", "v_00100020": "4711", "v_00100021": "CITYHOSPITAL",
          "v_00100030": "19610305", "k_00100030": "19610305", "v_00100040": "M", "v_00080020": "20260211",
          "k_00080020": "20260211", "v_00080030": "101500", "k_00080030": "101500000000", "v_00080050": "A0001",
          "v_00080090": "Weber^Ruth", "k_00080090": "weber^ruth", "v_00200010": "1", "v_00081030": "CT study 1",
        ]
      ),
      ("series", series(1, Self.images, "CT", "1", "20260211")),
      ("series", series(2, Self.reports, "SR", "3", "20260213")),
      (
        "difference",
        ["study": 1, "attribute": "00081030", "value": "SR study 1", "instance": 3]
      ),
    ]
    for (place, object) in Self.objects.enumerated() {
      let dataSet = try EarlierVersion.dataSet(of: object.file)
      let size = object.head.count + dataSet.count
      let digest = Data(SHA256.hash(data: dataSet))
      var instance: Values = [
        "id": place + 1, "series": object.series, "object": object.key, "transfer_syntax": "1.2.840.10008.1.2.1",
        "digest": digest, "size": size, "v_00080018": object.instance, "v_00200013": object.number,
        "v_00080016": object.sopClass, "record_type": object.series == 2 ? 2 : 1,
      ]
      // Of bytes until digests were of samples.
      if version < 12 { instance["canonical_digest"] = Data(repeating: UInt8(place + 1), count: 32) }
      rows.append(("instance", instance))
      rows.append(
        (
          "arrival",
          [
            "number": place + 1, "object": object.key, "sender": "ALL", "calling": "ALL",
            "arrived_at": Self.time + Double(place), "default_issuer": "", "principal": 1, "content_digest": digest,
            "content_size": size,
          ]
        ))
    }
    return rows
  }

  private func series(_ id: Int, _ uid: String, _ modality: String, _ number: String, _ date: String) -> Values {
    [
      "id": id, "study": 1, "received_study": 1, "v_0020000e": uid, "v_00080060": modality, "v_00200011": number,
      "v_00080021": date, "k_00080021": date, "v_00080080": "Example Hospital",
    ]
  }

  /// Who may see what.
  private func access() -> [(String, Values)] {
    // A peer that stores may add to any study; before that could be said, all that stored might.
    let rights = version >= 7 ? 15 : 7
    var rows: [(String, Values)] = [
      ("principal", ["id": 1, "kind": "peer", "name": "ALL"]),
      ("principal", ["id": 2, "kind": "peer", "name": "WARD"]),
      ("principal", ["id": 3, "kind": "group", "name": "clinic", "group_kind": "clinic"]),
      ("peer", ["principal": 1, "ae_title": "ALL", "port": 11_112, "rights": rights, "accepts_private": 1]),
      (
        "peer",
        [
          "principal": 2, "ae_title": "WARD", "rights": 6, "accepts_private": 0, "requires_tls": 0, "issuer": "WARDS",
          "has_odd_titles": 1, "allows_cleartext_passwords": 1,
        ]
      ),
      ("peer_address", ["principal": 1, "network": "127.0.0.1"]),
      ("peer_address", ["principal": 2, "network": "127.0.0.0/8"]),
      ("membership", ["number": 1, "member": 2, "group": 3]),
      (
        "knock",
        [
          "calling": "WHO", "called": "COLLIMATOR", "address": "10.0.0.9", "reason": "unknown", "count": 3,
          "first": Self.time, "last": Self.time + 5,
        ]
      ),
    ]
    rows += grants().map { ("access_grant", $0) }
    guard version >= 2 else { return rows }
    rows += [
      ("principal", ["id": 4, "kind": "user", "name": "ann"]),
      (
        "user",
        [
          "principal": 4, "created_by": "root", "created_at": Self.time, "salt": Data(0..<16),
          "hash": Self.bytes(Self.hashOfThePassword), "rounds": 16, "block_size": 8, "parallelism": 1,
        ]
      ),
      (
        "user_certificate",
        ["fingerprint": Data(repeating: 7, count: 32), "user": 4, "subject": "CN=ann", "not_after": 2e9]
      ),
      (
        "token_issuer",
        [
          "issuer": "https://id.example", "audience": "collimator", "algorithms": "RS256", "key": "none",
          "user_claim": "sub",
        ]
      ), ("failed_login", ["network": "10.0.0.9", "level": 2.5, "last": 1_799_999_990.0]),
      ("user_role", ["user": 4, "role": "physician"]),
      ("principal_attribute", ["principal": 4, "name": "practice", "value": "North"]),
      (
        "patient_link",
        [
          "user": 4, "patient_id": "4711", "issuer": "CITYHOSPITAL", "relationship": "guardian", "grant_number": 5,
          "linked_by": "root", "linked_at": Self.time, "ends_at_age": 18, "birth_date": "20200101",
        ]
      ),
    ]
    return rows
  }

  /// scrypt of the password with N = 16, r = 8, p = 1, by Python's hashlib.
  private static let hashOfThePassword = "a18cb562a67fe62cc8858b7d1830734e97de328f1e2d5add64478837ee4e1f18"

  private static func bytes(_ hex: String) -> Data {
    var digits = Array(hex)[...]
    var data = Data()
    while digits.count >= 2 {
      data.append(UInt8(String(digits.prefix(2)), radix: 16) ?? 0)
      digits = digits.dropFirst(2)
    }
    return data
  }

  private func grants() -> [Values] {
    let common: Values = [
      "effect": "opens", "rights": 7, "state": "active", "least_assurance": 0, "granted_by": "root",
      "granted_at": Self.time, "shape": 0,
    ]
    var grants: [Values] = [
      ["number": 1, "principal": 1, "grantee": "ALL", "scope": "everything"],
      [
        "number": 2, "principal": 3, "grantee": "clinic", "scope": "patient", "patient_id": "4711",
        "issuer": "CITYHOSPITAL", "until": 2_000_000_000.0, "shape": 2,
      ],
      [
        "number": 3, "principal": 2, "grantee": "WARD", "scope": "everything", "revoked_by": "root",
        "revoked_at": Self.time + 1, "state": "revoked",
      ],
      [
        "number": 4, "principal": 2, "grantee": "WARD", "scope": "study", "study_uid": Self.study, "shape": 4,
        "until": Self.time + 60,
      ],
    ]
    if version >= 7 {
      grants += [
        [
          "number": 5, "principal": 4, "grantee": "ann", "scope": "patient", "patient_id": "4711",
          "issuer": "CITYHOSPITAL", "shape": 2, "state": "pending", "relationship": "guardian",
          "purpose_of_use": "TREAT",
        ],
        [
          "number": 6, "principal": 4, "grantee": "ann", "scope": "series", "series_uid": Self.images, "rights": 23,
          "shape": 14, "modalities": "\\CT\\", "origin": "code:1", "since": Self.time, "reference": "a letter",
        ],
        [
          "number": 7, "principal": 2, "grantee": "WARD", "scope": "series", "series_uid": Self.images, "shape": 6,
          "state": "suspended", "rights": 3, "shared_from": 6, "shared_by": 4, "suspended_with": 6,
        ],
      ]
    }
    return grants.map { common.merging($0) { $1 } }
  }

  /// What is never rebuilt: corrections, deletions, holds, rules of retention.
  private func kept() -> [(String, Values)] {
    [
      (
        "correction",
        [
          "number": 1, "kind": "merge", "from_patient_id": "OLD", "from_issuer": "", "from_sole_study": "",
          "to_patient_id": "4711", "to_issuer": "CITYHOSPITAL", "demographics": "{}", "reason": "the same person",
          "made_by": "root", "made_at": Self.time,
        ]
      ),
      (
        "conflict_choice",
        [
          "number": 1, "sop_instance_uid": Self.deletedUID, "digest": Data(repeating: 9, count: 32), "reason": "better",
          "made_by": "root", "made_at": Self.time,
        ]
      ), ("further_key", ["tag": "00180050", "level": "IMAGE"]),
      (
        "deletion",
        [
          "number": 1, "level": "instance", "reason": "a wrong patient", "deleted_by": "root", "deleted_at": Self.time,
          "instances": 1, "bytes": 1000, "keeps_out": 1,
        ]
      ),
      (
        "tombstone",
        [
          "object": "b1" + String(repeating: "0", count: 30), "deletion": 1, "sop_instance_uid": Self.deletedUID,
          "digest": Data(repeating: 5, count: 32), "is_removed": 1, "study_uid": Self.study, "senders": "[1]",
        ]
      ), ("scrub", ["one": 1, "position": 2, "finished_at": Self.time]),
      (
        "legal_hold",
        [
          "number": 1, "patient_id": "4711", "issuer": "CITYHOSPITAL", "reason": "a lawsuit", "placed_by": "root",
          "placed_at": Self.time,
        ]
      ),
      (
        "retention_rule",
        ["number": 1, "days": 1, "basis": "studyDate", "modalities": "", "added_by": "root", "added_at": Self.time]
      ),
      (
        "retention_plan",
        ["number": 1, "made_at": Self.time, "made_by": "root", "rules": "[]", "studies": 0, "instances": 0, "bytes": 0]
      ), ("replaced_object", ["object": "a0" + String(repeating: "0", count: 30), "arrival": 1]),
      ("planned_study", ["plan": 1, "study_uid": Self.study, "instances": "[[1,3]]"]),
      ("last_access", ["study_uid": Self.study, "at": Self.time]),
    ]
  }

  /// Consents, profiles, and what the node owes others.
  private func later() -> [(String, Values)] {
    [
      (
        "grant_event",
        ["number": 1, "grant_number": 1, "at": Self.time, "made_by": "root", "state": "active", "reason": "the first"]
      ),
      (
        "consent",
        [
          "number": 1, "kind": "veto", "against": 3, "party": "clinic", "scope": "series", "series_uid": Self.reports,
          "shape": 6, "holds_in_emergency": 0, "recorded_by": "root", "recorded_at": Self.time,
        ]
      ), ("query_profile", ["principal": 2, "most_answers": 500, "character_set": "ISO_IR 192"]),
      ("repeated_arrival", ["arrival": 1, "sender": "WARD", "arrived_at": Self.time + 9]),
      (
        "commitment",
        [
          "number": 1, "peer": 1, "principal": 1, "sender": "ALL", "calling": "ALL", "address": "127.0.0.1",
          "transaction_uid": "2.25.5", "requested_at": Self.time, "next_attempt": Self.time + 60,
          "objects":
            #"[{"sopClassUID":"1.2.840.10008.5.1.4.1.1.2","sopInstanceUID":"\#(Self.objects[0].instance)"}]"#,
        ]
      ),
      (
        "forwarding_rule",
        [
          "number": 1, "destination": 1, "sender": 2, "modalities": "CT", "added_by": "root", "added_at": Self.time,
        ]
      ),
      (
        "forwarding",
        [
          "number": 1, "destination": 1, "rule": 1, "arrival": 2, "sop_instance_uid": Self.objects[1].instance,
          "queued_at": Self.time, "attempts": 2, "next_attempt": Self.time + 60, "last_failure": "nobody there",
        ]
      ),
    ]
  }

  private func rules() -> [(String, Values)] {
    [
      (
        "referral_rule",
        [
          "name": "by name", "added_by": "root", "added_at": Self.time,
          "definition": """
          {"conditions":[{"key":"referring-name","values":["Weber^Ruth"]}],"grantee":{"principal":{"name":"ann"}},\
          "name":"by name","opensPatient":false,"relationship":"referring","rights":3,"seconds":86400}
          """,
        ]
      ),
      (
        "access_code",
        [
          "number": 1, "hash": Data(repeating: 3, count: 32), "scope": "study", "study_uid": Self.study, "rights": 3,
          "seconds": 86_400.0, "sharer": 0, "opened_by": "root", "opened_at": Self.time, "until": 1_900_000_000.0,
        ]
      ), ("code_attempt", ["principal": 4, "failures": 1]),
      ("emergency_law", ["only": 1, "overrides_vetoes": 1, "set_by": "root", "set_at": Self.time]),
    ]
  }
}
