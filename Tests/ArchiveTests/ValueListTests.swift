// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import GRDBSQLite
import Testing

@testable import Archive

@Suite struct ValueListTests {
  private static let studies = 200

  /// What a list costs grows with its values, and not with values times rows. It is counted, not timed: in steps of SQLite's
  /// machine, of which a row that goes through the list takes several for each value.
  @Test func aListIsTakenApartOnce() async throws {
    let (archive, caller, test) = try await Self.filled()
    let tags: [DICOMData.Tag] = [
      .patientName, .otherPatientIDs, .otherPatientNames, .modalitiesInStudy, .accessionNumber, .studyDescription,
      .referringPhysicianName,
    ]
    let (few, many) = (10, 1000)
    for (tag, isAll) in tags.flatMap({ [($0, false), ($0, true)] }) {
      var steps: [Int: Int] = [:]
      for count in [few, many] {
        let values = (0..<count).map { "NONE\($0)" }
        let key = MatchingKey(tag: tag, matching: isAll ? .allOf(values) : .anyOf(values))
        steps[count] = try await Self.steps(for: [key], at: .study, in: archive, as: caller)
      }
      let grown = try #require(steps[many]) - (try #require(steps[few]))
      #expect(grown < 100 * (many - few), "\(tag) \(isAll) \(steps)")
    }
    try await archive.close()
    _ = test
  }

  /// The same where an index has the values behind the row above: of each study's series, of each series' instances.
  @Test func aListIsNotLookedUpBelowEachRow() async throws {
    let (archive, caller, test) = try await Self.filled()
    try await Self.crowd(archive)
    for (tag, level) in [(DICOMData.Tag.modality, QueryRetrieveLevel.series), (.sopInstanceUID, .image)] {
      var steps: [Int: Int] = [:]
      for count in [100, 1000] {
        let values = (0..<count).map { "9.\($0)" }
        let keys = [
          MatchingKey(tag: tag, matching: tag == .modality ? .anyOf(values) : .uidList(values)),
          MatchingKey(tag: .patientID, matching: .singleValue("P1")),
        ]
        steps[count] = try await Self.steps(for: keys, at: level, in: archive, as: caller)
      }
      let grown = try #require(steps[1000]) - (try #require(steps[100]))
      #expect(grown < 100 * 900, "\(tag) \(steps)")
    }
    try await archive.close()
    _ = test
  }

  private static let cases: [(DICOMData.Tag, MatchingKey.Matching, [String])] = [
    (.patientName, .anyOf(["DOE^7", "X^8", "Doe", "NONE"]), ["1.7", "1.8"]),
    (.patientName, .anyOf(["x^9", "NONE", "^"]), ["1.9"]),
    (.patientName, .singleValue("doe^7=x^7"), ["1.7"]), (.patientName, .singleValue("doe^7=x^8"), []),
    (.otherPatientIDs, .anyOf(["A7", "B8", "A", ""]), ["1.7", "1.8"]),
    (.otherPatientIDs, .anyOf(["A7\u{0}", "A7 "]), []),
    (.otherPatientIDs, .allOf(["A7", "B7", "A7"]), ["1.7"]), (.otherPatientIDs, .allOf(["A7", "B8"]), []),
    (.otherPatientIDs, .allOf(["A7"]), ["1.7"]), (.otherPatientIDs, .allOf(["A7", "B7", "C7"]), []),
    (.modalitiesInStudy, .anyOf(["MR", "M7", "m8", "M"]), ["1.7"]),
    (.modalitiesInStudy, .allOf(["M7", "CT"]), ["1.7"]), (.modalitiesInStudy, .allOf(["M7", "MR"]), []),
    (.accessionNumber, .anyOf(["7", "8", "70000"]), ["1.7", "1.8"]),
  ]

  /// What lists find, among values that nearly are.
  @Test func listsFindWhatTheyName() async throws {
    let (archive, caller, test) = try await Self.filled()
    for (tag, matching, found) in Self.cases {
      let key = MatchingKey(tag: tag, matching: matching)
      let studies = try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key])
      #expect(studies.sorted() == found, "\(key)")
    }
    try await archive.close()
    _ = test
  }

  private static func steps(
    for keys: [MatchingKey], at level: QueryRetrieveLevel, in archive: Archive, as caller: Caller
  ) async throws -> Int {
    let query = FindQuery(informationModel: .studyRoot, level: level, keys: keys, returning: [.studyInstanceUID])
    return try await archive.database.read { [layout = archive.index.layout] database in
      try ValueListFunction.addAll(to: database)
      let visibility = try Visibility(Question(caller: caller, rights: .query, now: 0), in: database)
      let compiler = QueryCompiler(query, layout: layout, visibility: visibility, isApart: false)
      let (sql, values) = compiler.statement(within: nil)
      let statement = try database.cachedStatement(sql: sql)
      let rows = try SelectedRows(sql, named: visibility.named, values: values, in: database)
      while let row = try rows.next() {
        let sees = { (place: Int) in row.text(QueryCompiler.Place.firstValue + place) }
        #expect(!compiler.judges.allSatisfy { $0.matches(sees) })
      }
      return Int(sqlite3_stmt_status(statement.sqliteStatement, SQLITE_STMTSTATUS_VM_STEP, 1))
    }
  }

  private static func filled() async throws -> (Archive, Caller, TestArchive) {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.database.write { database in
      for number in 1...studies {
        let key = MatchingForm.key(of: ["Doe^\(number)=X^\(number)"], vr: .pn)
        try database.execute(
          sql: """
            INSERT INTO patient (id, patient_id, issuer, sole_study) VALUES (\(number), 'P\(number)', '', '');
            INSERT INTO study (id, patient, received_patient, v_0020000d, v_00100010, k_00100010, v_00101000, v_00101001,
              k_00101001, v_00080050, v_00081030, v_00080090, k_00080090)
            VALUES (\(number), \(number), \(number), '1.\(number)', 'Doe^\(number)=X^\(number)', '\(key)',
              'A\(number)\\B\(number)', 'Doe', 'doe', '\(number)', 'Knee', 'Doe', 'doe');
            INSERT INTO series (id, study, received_study, v_0020000e, v_00080060) VALUES
              (\(2 * number), \(number), \(number), '1.\(number).1', 'CT'),
              (\(2 * number + 1), \(number), \(number), '1.\(number).2', 'M\(number)');
            INSERT INTO instance (id, series, object, v_00080018, transfer_syntax, digest, size) VALUES
              (\(2 * number), \(2 * number), 'a\(number)', '1.\(number).1.1', '1.2', x'01', 1),
              (\(2 * number + 1), \(2 * number + 1), 'b\(number)', '1.\(number).2.1', '1.2', x'02', 1);
            """)
      }
    }
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    return (archive, caller, test)
  }

  /// The first patient has as many studies again, each with a series of its own.
  private static func crowd(_ archive: Archive) async throws {
    try await archive.database.write { database in
      for number in 10_001...10_000 + studies {
        try database.execute(
          sql: """
            INSERT INTO study (id, patient, received_patient, v_0020000d) VALUES (\(number), 1, 1, '2.\(number)');
            INSERT INTO series (id, study, received_study, v_0020000e, v_00080060)
            VALUES (\(number), \(number), \(number), '2.\(number).1', 'US');
            INSERT INTO instance (id, series, object, v_00080018, transfer_syntax, digest, size)
            VALUES (\(number), \(number), 'c\(number)', '2.\(number).1.1', '1.2', x'03', 1);
            """)
      }
    }
  }
}
