// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

@Suite struct QueryOptionsTests {
  private static let names = [
    "Meier^Hans", "Mayer^Hans Peter", "Maier^Anna", "Müller^Jürgen", "Mueller^Juergen", "Schmidt^Karl", "Smith^Carl",
    "Peter^Hans", "山田^太郎", "",
  ]

  @Test(
    arguments: [
      ("Meyer", ["Maier^Anna", "Mayer^Hans Peter", "Meier^Hans"]),
      ("Hans^Meyer", ["Mayer^Hans Peter", "Meier^Hans"]),
      ("MULLER^JURGEN", ["Mueller^Juergen", "Müller^Jürgen"]),
      ("Schmitt^Carl", ["Schmidt^Karl", "Smith^Carl"]),
      ("山田", ["山田^太郎"]),
      ("Pet*", ["Mayer^Hans Peter", "Peter^Hans"]),
      ("*eier^H*", ["Meier^Hans"]),
      ("Nobody", []),
    ] as [(String, [String])])
  func namesMatchByTheirSound(key: String, found: [String]) async throws {
    let (archive, caller, test) = try await Self.filled(
      Self.names.enumerated().map { index, name in
        TestObject(instance: "1.\(index)", series: "2.\(index)", study: "\(index)", patientID: "P\(index)", name: name)
      })
    var options = MatchingOptions()
    options.matchesNamesBySound = true
    let matching: MatchingKey.Matching = key.contains("*") ? .wildcard(key) : .singleValue(key)
    for level in [QueryRetrieveLevel.study, .patient, .image] {
      let names = try await archive.values(
        of: .patientName, at: level, as: caller, [MatchingKey(tag: .patientName, matching: matching)], options)
      #expect(names.sorted() == found, "\(level)")
    }
    try await archive.close()
    _ = test
  }

  /// One study at half past eleven at night of the second in +0100: the third in +0200, the second in UTC.
  @Test(
    arguments: [
      (nil, "20260102", nil, true), (60, "20260102", nil, true), (120, "20260102", nil, false),
      (120, "20260103", nil, true), (120, "20260103", "00-01", true), (0, "20260102", "2200-2300", true),
      (0, "20260102", "2300-", false), (-300, "20260102", "1730-1730", true),
    ] as [(Int?, String, String?, Bool)])
  func datesAndTimesAreOfAZone(zone: Int?, date: String, time: String?, isFound: Bool) async throws {
    let (archive, caller, test) = try await Self.filled([
      TestObject(instance: "1.1", date: "20260102", time: "233000", zone: "+0100")
    ])
    var options = MatchingOptions()
    options.timezone = zone
    for combines in [false, true] {
      options.combinesDateAndTime = combines
      var keys = [MatchingKey(tag: .studyDate, matching: .singleValue(date))]
      if let time {
        let ends = time.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        keys.append(
          MatchingKey(
            tag: .studyTime, matching: .range(from: ends[0], to: ends.last.flatMap { $0.isEmpty ? nil : $0 })))
      }
      let found = try await archive.values(of: .studyDate, at: .study, as: caller, keys, options)
      // Answered in that zone, too.
      #expect(found == (isFound ? [date] : []), "combined: \(combines)")
    }
    try await archive.close()
    _ = test
  }

  /// Half past midnight of the eleventh, where it is known in +0200: half past ten of the evening before in UTC.
  @Test(
    arguments: [
      // A value finds itself, whatever its object says of its zone.
      ("20260211003000", "+0200", nil, "20260211003000", nil, true),
      ("20260211003000", "", nil, "20260211003000", nil, true),
      ("20260211003000+0200", "", nil, "20260211003000+0200", nil, true),
      ("20260211003000", "+0200", nil, "20260211", nil, true),
      ("20260211003000", "+0200", nil, "20260211000000", "20260211235959", true),
      ("20260211003000", "+0200", nil, "20260210223000", nil, false),
      ("20260211003000", "+0200", nil, "20260210223000+0000", nil, true),
      ("20260211003000", "+0000", nil, "20260211013000+0100", nil, true),
      ("20260211003000", "", nil, "20260211003000+0100", nil, true),
      // PS3.4 C.2.2.2.1.3, note 1.
      ("19980128073000-0300", "", nil, "19980128103000", nil, true),
      ("20260211003000+0200", "", nil, "20260211", nil, true),
      // What names no zone is taken for one of the zone that is asked for.
      ("20260211003000", "", 120, "20260211003000", nil, true),
      ("20260211003000", "", 120, "20260210223000+0000", nil, true),
      ("20260211003000", "+0200", 120, "20260211003000", nil, true),
      ("20260211003000", "+0200", 60, "20260210233000", nil, true),
      ("20260211003000", "+0200", 60, "20260211", nil, false),
      ("20260211003000", "+0000", 120, "20260211023000", nil, true),
      ("20260211003000", "+0000", 120, "20260211003000", nil, false),
      // A month is no longer in another zone, nor does time end a day before the year 10000.
      ("20260301120000", "+0000", -60, "202602", nil, false),
      ("20260211003000", "+0200", 60, "2026", "9999", true),
    ] as [(String, String, Int?, String, String?, Bool)])
  func momentsAreOfAZone(
    stored: String, zone: String, asked: Int?, from: String, to: String?, isFound: Bool
  ) async throws {
    let (archive, caller, test) = try await Self.filled([TestObject(instance: "1.1", zone: zone, moment: stored)])
    var options = MatchingOptions()
    options.timezone = asked
    let matching = to.map { MatchingKey.Matching.range(from: from, to: $0) } ?? .singleValue(from)
    let key = MatchingKey(tag: .acquisitionDateTime, matching: matching)
    #expect(
      try await archive.values(of: .sopInstanceUID, at: .image, as: caller, [key], options) == (isFound ? ["1.1"] : []))
    try await archive.close()
    _ = test
  }

  @Test func aRangeOfMomentsIsOneRange() async throws {
    let moments = [("20260101", "230000"), ("20260102", "010000"), ("20260102", "230000"), ("20260103", "")]
    let (archive, caller, test) = try await Self.filled(
      moments.enumerated().map { index, moment in
        TestObject(instance: "1.\(index)", series: "2.\(index)", study: "\(index)", date: moment.0, time: moment.1)
      })
    var options = MatchingOptions()
    let keys = [
      MatchingKey(tag: .studyDate, matching: .range(from: "20260101", to: "20260103")),
      MatchingKey(tag: .studyTime, matching: .range(from: "2230", to: "0030")),
    ]
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller, keys, options) == [])
    options.combinesDateAndTime = true
    #expect(
      try await archive.values(of: .studyInstanceUID, at: .study, as: caller, keys, options) == ["0", "1", "2", "3"])
    try await archive.close()
    _ = test
  }

  /// Many pages of each way through the archive have each row once, in an order that stays.
  @Test func pagesAreWholeAndInOrder() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let count = 2 * QueryCompiler.pageSize + 7
    try await archive.database.write { database in
      for number in 1...count {
        try database.execute(
          sql: """
            INSERT INTO patient (id, patient_id, issuer, sole_study) VALUES (\(number), 'P\(number)', '', '');
            INSERT INTO study (id, patient, received_patient, v_0020000d, v_00100010, k_00100010, v_00080020, k_00080020)
            VALUES (\(number), \(number), \(number), '1.\(number)', 'DOE^\(number % 3)=DOE^X', 'doe^\(number % 3)\\doe^x',
              '2026010\(number % 5 + 1)', '2026010\(number % 5 + 1)');
            """)
      }
    }
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    let all = Set((1...count).map { "1.\($0)" })
    let ways: [MatchingKey] = [
      MatchingKey(tag: .studyDescription, matching: .universal),
      MatchingKey(tag: .patientName, matching: .wildcard("DOE*")),
      MatchingKey(tag: .patientName, matching: .singleValue("doe^x")),
      MatchingKey(tag: .patientName, matching: .wildcard("d*e*X")),
      MatchingKey(tag: .studyDate, matching: .range(from: "20260101", to: nil)),
      MatchingKey(tag: .studyDate, matching: .range(from: nil, to: "20261231")),
      MatchingKey(tag: .studyInstanceUID, matching: .uidList(Array(all) + ["9.9"])),
    ]
    for key in ways {
      let found = try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key])
      #expect(Set(found) == all && found.count == count, "\(key)")
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key]) == found)
    }
    for key in ways.dropLast(3) {
      #expect(try await archive.values(of: .patientID, at: .patient, as: caller, [key]).count == count, "\(key)")
    }
    try await archive.close()
  }

  /// Who may not see all of a study is answered in the order of names: each row once, whatever stands before and behind the
  /// border of a page.
  @Test(
    arguments: [
      ("1.2.", "20260101", "DOE", false), ("2.25.", "19980101", "DOE", false), ("2.25.", "19980101", "0815", true),
      ("1.2.", "20260101", "*", true), ("1.2.", "20260101", "\u{C9}ve", true),
    ] as [(String, String, String, Bool)], [2, 3])
  func pagesByNamesAreWhole(of world: (root: String, date: String, name: String, isOneUID: Bool), size: Int)
    async throws
  {
    let test = TestArchive()
    var options = ArchiveOptions()
    options.pageSize = size
    let archive = try test.open(options)
    let count = 20
    let key = MatchingForm.personName(world.name)
    try await archive.database.write { database in
      for number in 1...count {
        let uid = world.root + (world.isOneUID ? "7" : "\(count - number)")
        try database.execute(
          sql: """
            INSERT INTO patient (id, patient_id, issuer, sole_study) VALUES (\(number), 'P\(number % 7)', '\(number)', '');
            INSERT INTO study (id, patient, received_patient, v_0020000d, v_00100010, k_00100010, v_00080020, k_00080020)
            VALUES (\(number), \(number), \(number), '\(uid)', '\(world.name)', '\(key)', '\(world.date)', '\(world.date)');
            INSERT INTO series (id, study, received_study, v_0020000e, v_00080060)
            VALUES (\(number), \(number), \(number), '\(uid).1', '\(number % 5 == 0 ? "MR" : "CT")');
            """)
      }
    }
    let caller = try await archive.makeCaller("CT")
    let terms = GrantTerms(.everything, narrowing: GrantNarrowing(modalities: ["CT"]), rights: .query)
    _ = try await archive.administration(as: .current).addGrant(to: "CT", terms)
    let seen = (1...count).filter { $0 % 5 != 0 }.map(String.init).sorted()
    let ways: [MatchingKey?] = [
      nil, MatchingKey(tag: .studyDate, matching: .range(from: "19000101", to: nil)),
      MatchingKey(tag: .patientName, matching: .singleValue(world.name)),
      MatchingKey(tag: .patientName, matching: .wildcard(world.name.prefix(1) + "?*")),
    ]
    for level in [QueryRetrieveLevel.study, .patient] {
      for way in ways where way.map({ level == .study || $0.tag == .patientName }) ?? true {
        if case .wildcard? = way?.matching, world.name.count < 2 { continue }
        let found = try await archive.values(of: .issuerOfPatientID, at: level, as: caller, [way].compactMap(\.self))
        #expect(found.sorted() == seen, "\(level) \(way.map { "\($0)" } ?? "all")")
      }
    }
    try await archive.close()
    _ = test
  }

  /// The index that a question goes by is the one that is meant for it.
  @Test(
    arguments: [
      (MatchingKey(tag: .patientID, matching: .singleValue("P")), "sqlite_autoindex_patient"),
      (MatchingKey(tag: .accessionNumber, matching: .singleValue("A")), "study_by_accession_number"),
      (MatchingKey(tag: .studyInstanceUID, matching: .uidList(["1.2"])), "sqlite_autoindex_study"),
      (MatchingKey(tag: .patientName, matching: .wildcard("DOE*")), "PRIMARY KEY"),
      (MatchingKey(tag: .studyDate, matching: .range(from: "20260101", to: "20260102")), "study_by_date"),
    ] as [(MatchingKey, String)])
  func questionsGoByTheirIndex(key: MatchingKey, index: String) async throws {
    let (archive, caller, test) = try await Self.filled([TestObject(instance: "1.1")])
    let query = FindQuery(
      informationModel: .studyRoot, level: .study, keys: [key], returning: [.modalitiesInStudy, .patientName])
    let mark = PageMark(value: 1, key: "20260101")
    for (mark, telling) in [(nil, Telling.rows), (mark, .rows), (nil, .voices), (mark, .voices)] {
      let index = telling == .rows ? index : Self.indexesOfVoices[index] ?? index
      let plan = try await archive.database.read { [layout = archive.index.layout] database in
        let visibility = try Visibility(Question(caller: caller, rights: .query, now: 0), in: database)
          .telling(from: telling)
        let compiler = QueryCompiler(
          query, layout: layout, visibility: visibility, isApart: telling == .voices, after: mark)
        let (sql, values) = compiler.statement(within: nil)
        let rows = try SelectedRows("EXPLAIN QUERY PLAN " + sql, named: visibility.named, values: values, in: database)
        var steps: [String] = []
        while let row = try rows.next() { steps.append(row.text(3)) }
        return steps
      }
      let first = plan.first { step in
        ["study", "patient", "name", "said"].contains { table in step.hasPrefix("SEARCH \(table)") }
      }
      #expect(first?.contains(index) == true, "\(plan)")
      #expect(!plan.contains { $0.contains("USE TEMP B-TREE FOR ORDER BY") && index.hasSuffix("_by_date") }, "\(plan)")
    }
    try await archive.close()
    _ = test
  }

  /// Which one does it where objects contradict each other.
  private static let indexesOfVoices = [
    "study_by_accession_number": "study_voice_by_accession_number", "sqlite_autoindex_study": "study_voice_by_uid",
    "study_by_date": "study_voice_by_date",
  ]

  private static func filled(_ objects: [TestObject]) async throws -> (Archive, Caller, TestArchive) {
    let test = TestArchive()
    let archive = try test.open()
    for object in objects { try await archive.store(object) }
    let caller = try await archive.makeCaller("ALL")
    _ = try await archive.administration(as: .current).addGrant(to: "ALL", scope: .everything, until: nil)
    return (archive, caller, test)
  }
}
