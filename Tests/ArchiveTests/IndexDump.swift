// SPDX-License-Identifier: Apache-2.0

import GRDB

@testable import Archive

/// The index tables as text that does not depend on the numbers of rows, but for those of instances: what two indexes of the
/// same archive have in common.
struct IndexDump: Equatable {
  let lines: [String]

  init(of archive: Archive) throws {
    lines = try archive.database.read { database in
      let patients = try Self.names(
        "SELECT id, patient_id || '/' || issuer || '/' || sole_study FROM patient", in: database)
      let studies = try Self.names("SELECT id, v_0020000d || ' of ' || received_patient FROM study", in: database) {
        name in
        let parts = name.split(separator: " of ")
        return "\(parts[0]) of \(patients[Int64(parts[1]) ?? 0] ?? "?")"
      }
      let series = try Self.names("SELECT id, v_0020000e || ' in ' || received_study FROM series", in: database) {
        name in
        let parts = name.split(separator: " in ")
        return "\(parts[0]) in \(studies[Int64(parts[1]) ?? 0] ?? "?")"
      }
      var lines: [String] = []
      let tables = [
        "patient", "study", "series", "instance", "difference", "contradiction", "study_voice", "series_voice",
      ]
      for (table, names) in tables.map({ ($0, $0 == "study" ? studies : $0 == "series" ? series : [:]) }) {
        // An undone correction leaves the patient that it made.
        let condition =
          table == "patient"
          ? " WHERE EXISTS (SELECT 1 FROM study WHERE patient.id IN (study.patient, received_patient))" : ""
        for row in try Row.fetchAll(database, sql: "SELECT * FROM \(table)\(condition)") {
          let cells = row.map { column, value -> String in
            switch (table, column) {
            case ("study", "id"), ("series", "id"): return names[Int64.fromDatabaseValue(value) ?? 0] ?? "?"
            case (_, "patient"), (_, "received_patient"): return "\(column)=\(Self.name(value, patients))"
            case ("study", "folded_into"), (_, "study"), (_, "received_study"):
              return "\(column)=\(Self.name(value, studies))"
            case ("series", "folded_into"), (_, "folded_from"), (_, "series"):
              return "\(column)=\(Self.name(value, series))"
            case ("patient", "id"): return ""
            case (_, "object"), (_, "canonical_digest"): return ""
            case ("study_voice", "received"), ("study_voice", "id"): return "\(column)=\(Self.name(value, studies))"
            case ("series_voice", "received"), ("series_voice", "id"): return "\(column)=\(Self.name(value, series))"
            // That of the row itself has the row's number.
            case (_, "voice") where (Int64.fromDatabaseValue(value) ?? 0) < 0: return "voice=own"
            default: return "\(column)=\(value)"
            }
          }
          lines.append("\(table): " + cells.sorted().joined(separator: " "))
        }
      }
      return lines.sorted()
    }
  }

  private static func name(_ value: DatabaseValue, _ names: [Int64: String]) -> String {
    Int64.fromDatabaseValue(value).map { names[$0] ?? "?" } ?? "-"
  }

  private static func names(
    _ sql: String, in database: Database, _ change: (String) -> String = { $0 }
  ) throws -> [Int64: String] {
    Dictionary(
      try Row.fetchAll(database, sql: sql).map { ($0[0] as Int64, change($0[1] as String)) },
      uniquingKeysWith: { first, _ in first })
  }
}

extension Archive {
  /// As if it had never been received.
  func removeForTest(study uid: String) async throws {
    try await database.write { database in
      try database.execute(sql: "DELETE FROM difference")
      let study = "(SELECT id FROM study WHERE v_0020000d = '\(uid)')"
      try database.execute(sql: "DELETE FROM instance WHERE series IN (SELECT id FROM series WHERE study IN \(study))")
      try database.execute(sql: "DELETE FROM series WHERE received_study IN \(study)")
      try database.execute(sql: "DELETE FROM study WHERE v_0020000d = ?", arguments: [uid])
    }
  }

  /// Empties the index tables and fills them again with these objects, in their order.
  func refillForTest(_ objects: [TestObject]) async throws {
    let layout = index.layout
    try await database.write { database in
      let known = try Row.fetchAll(
        database,
        sql: """
          SELECT id, instance.object, size, sender, calling FROM instance JOIN arrival ON number = id ORDER BY id
          """
      ).map { row in
        (
          id: row[0] as Int64, object: row[1] as String, size: row[2] as Int,
          arrival: Arrival(sender: row[3], callingAETitle: row[4], time: 0, defaultIssuer: "")
        )
      }
      for table in Schema.indexTables { try database.execute(sql: "DELETE FROM \(table)") }
      for (old, object) in zip(known, objects) {
        let header = try HeaderForTest.header(of: object)
        let record = try InstanceRecord(
          header, announcement: object.announcement, object: ObjectKey(name: old.object),
          digest: HeaderForTest.digest(of: object), size: old.size,
          arrival: old.arrival, layout: layout)
        try InstanceInsertion(record, layout: layout).insert(number: old.id, in: database)
      }
    }
  }
}
