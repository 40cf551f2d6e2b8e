// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import GRDBSQLite
import Testing

@testable import Archive

/// What hidden objects say of a patient, study or series is neither answered nor matched: the earliest that is seen speaks.
@Suite struct VoicesTests {
  private static let hidden = TestObject(
    instance: "1.1", series: "2.1", study: "3.1", name: "Hidden^Name", modality: "CT", date: "20200101",
    comment: "hidden", accession: "H", description: "Hidden", seriesDescription: "hidden")
  private static let seen = TestObject(
    instance: "1.2", series: "2.2", study: "3.1", name: "Seen^Name=山田^太郎", modality: "MR", date: "20260101",
    comment: "seen", accession: "S", description: "Seen", seriesDescription: "seen")
  /// In the seen series, and later.
  private static let later = TestObject(
    instance: "1.3", series: "2.2", study: "3.1", name: "Later^Name", modality: "US", date: "20250101",
    comment: "later", accession: "L", description: "Later", seriesDescription: "later")

  /// Each attribute, what each of the three says of it, and the level at which it can be asked for first.
  private static let said: [(DICOMData.Tag, [String], QueryRetrieveLevel)] = [
    (.patientName, ["Hidden^Name", "Seen^Name=山田^太郎", "Later^Name"], .patient),
    (.patientComments, ["hidden", "seen", "later"], .patient),
    (.studyDate, ["20200101", "20260101", "20250101"], .study), (.accessionNumber, ["H", "S", "L"], .study),
    (.studyDescription, ["Hidden", "Seen", "Later"], .study),
  ]

  private static func world() async throws -> (TestArchive, Archive, part: Caller, all: Caller) {
    let test = TestArchive()
    let archive = try test.open()
    for object in [hidden, seen, later] { try await archive.store(object) }
    let (part, all) = (try await archive.makeCaller("PART"), try await archive.makeCaller("ALL"))
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "PART", scope: .series(uid: "2.2"), until: nil)
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    return (test, archive, part, all)
  }

  private static func levels(from level: QueryRetrieveLevel) -> [QueryRetrieveLevel] {
    level == .patient ? QueryRetrieveLevel.allCases : [.study, .series, .image]
  }

  /// `speaker`: the one of the three whose values the caller is told.
  private static func expect(_ speaker: Int, of archive: Archive, to caller: Caller, _ place: SourceLocation)
    async throws
  {
    for (tag, values, first) in said {
      for level in levels(from: first) {
        let told = try await archive.values(of: tag, at: level, as: caller)
        #expect(Set(told) == [values[speaker]], "\(tag) \(level)", sourceLocation: place)
        for (number, value) in values.enumerated() {
          let key = MatchingKey(tag: tag, matching: .singleValue(value))
          let found = try await archive.values(of: tag, at: level, as: caller, [key])
          #expect(found == (number == speaker ? told : []), "\(tag) \(level) \(value)", sourceLocation: place)
        }
      }
    }
    for (number, prefix) in ["hid", "seen", "lat"].enumerated() {
      let key = MatchingKey(tag: .patientName, matching: .wildcard("\(prefix)*"))
      let found = try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key])
      #expect(found == (number == speaker ? ["3.1"] : []), "\(prefix)", sourceLocation: place)
    }
    for (number, year) in ["2020", "2026", "2025"].enumerated() {
      let key = MatchingKey(tag: .studyDate, matching: .range(from: "\(year)0101", to: "\(year)1231"))
      let found = try await archive.values(of: .studyInstanceUID, at: .study, as: caller, [key])
      #expect(found == (number == speaker ? ["3.1"] : []), "\(year)", sourceLocation: place)
    }
  }

  @Test func whoSeesAPartIsToldWhatThatPartSays() async throws {
    let (test, archive, part, all) = try await Self.world()
    try await Self.expect(0, of: archive, to: all, #_sourceLocation)
    try await Self.expect(1, of: archive, to: part, #_sourceLocation)
    #expect(try await archive.values(of: .modalitiesInStudy, at: .study, as: part) == ["MR"])
    #expect(try await archive.values(of: .modality, at: .series, as: part) == ["MR"])
    #expect(try await archive.values(of: .seriesDescription, at: .image, as: part) == ["seen", "seen"])
    for (modality, count) in [("CT", 0), ("MR", 1), ("US", 0)] {
      for tag in [DICOMData.Tag.modality, .modalitiesInStudy] {
        let key = MatchingKey(tag: tag, matching: .singleValue(modality))
        let found = try await archive.values(of: .seriesInstanceUID, at: .series, as: part, [key])
        #expect(found.count == count, "\(tag) \(modality)")
      }
    }
    let sound = try await archive.values(
      of: .studyInstanceUID, at: .study, as: part,
      [MatchingKey(tag: .patientName, matching: .singleValue("Hiden^Name"))],
      Self.bySound)
    #expect(sound.isEmpty)
    let ownSound = try await archive.values(
      of: .studyInstanceUID, at: .study, as: part,
      [MatchingKey(tag: .patientName, matching: .singleValue("Seen^Name"))],
      Self.bySound)
    #expect(ownSound == ["3.1"])
    try await archive.close()
    _ = test
  }

  private static var bySound: MatchingOptions {
    var options = MatchingOptions()
    options.matchesNamesBySound = true
    return options
  }

  /// A grant for a time is about what each object says of its date, whatever the first one says.
  @Test func grantsAreAboutWhatEachObjectSays() async throws {
    let (test, archive, _, _) = try await Self.world()
    let caller = try await archive.makeCaller("RECENT")
    _ = try await archive.administration(as: .current).addGrant(
      to: "RECENT",
      GrantTerms(.everything, narrowing: GrantNarrowing(earliest: "20251231"), rights: [.query, .retrieve], until: nil))
    #expect(try await archive.values(of: .sopInstanceUID, at: .image, as: caller) == ["1.2"])
    try await Self.expect(1, of: archive, to: caller, #_sourceLocation)
    #expect(try await archive.served(InstanceSelection(), to: caller).map(\.sopInstanceUID) == ["1.2"])
    try await archive.close()
    _ = test
  }

  /// Of several studies of one patient the earliest object that is seen speaks, not the study that hidden objects began.
  @Test func aPatientIsWhoTheEarliestSeenObjectSays() async throws {
    let (test, archive, part, _) = try await Self.world()
    var other = Self.hidden
    (other.instance, other.series, other.study, other.name) = ("1.9", "2.9", "3.0", "Other^Study")
    try await archive.store(other)
    _ = try await archive.administration(as: .current).addGrant(to: "PART", scope: .study(uid: "3.0"), until: nil)
    #expect(try await archive.values(of: .patientName, at: .patient, as: part) == ["Seen^Name=山田^太郎"])
    let names = try await archive.values(of: .patientName, at: .study, as: part)
    #expect(names.sorted() == ["Other^Study", "Seen^Name=山田^太郎"])
    try await archive.close()
    _ = test
  }

  @Test func whenTheFirstIsDeletedTheNextSpeaks() async throws {
    let (test, archive, part, all) = try await Self.world()
    let operations = archive.operations(as: .current)
    _ = try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "test"))
    for caller in [part, all] { try await Self.expect(1, of: archive, to: caller, #_sourceLocation) }
    _ = try await operations.delete(.instance(uid: "1.2"), DeletionOrder(reason: "test"))
    for caller in [part, all] { try await Self.expect(2, of: archive, to: caller, #_sourceLocation) }
    let marks = try await archive.database.read { try Int.fetchAll($0, sql: "SELECT is_contradicted FROM patient") }
    #expect(marks == [0], "who is left is not contradicted")
    try await archive.close()
    _ = test
  }

  /// Whatever became of them: a new index says the same of each voice.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func aNewIndexHasTheSameVoices(seed: UInt64) async throws {
    let test = TestArchive()
    let archive = try test.open()
    var random = SeededGenerator(seed: seed)
    var known: [String] = []
    let corrections = archive.corrections(as: .current)
    var made: [Int] = []
    for number in 0..<60 {
      test.clock.advance(by: 1)
      switch Int.random(in: 0..<12, using: &random) {
      case 0 where !known.isEmpty:
        let uid = known.remove(at: Int.random(in: 0..<known.count, using: &random))
        _ = try await archive.operations(as: .current).delete(.instance(uid: uid), DeletionOrder(reason: "test"))
      case 1:
        guard
          case .done(let correction, _)? = try? await corrections.merge(
            #require(PatientIdentity(id: "P1", issuer: nil)), into: #require(PatientIdentity(id: "P2", issuer: nil)),
            reason: "test", agreed: true)
        else { continue }
        made.append(correction)
      case 2:
        if let last = made.popLast() { _ = try await corrections.undo(last, reason: "test", agreed: true) }
      default:
        try await archive.store(Self.object(number, &random))
        known.append("1.\(number)")
      }
    }
    let before = try IndexDump(of: archive).lines
    #expect(before.contains { $0.hasPrefix("contradiction") })
    _ = try await archive.operations(as: .current).reindex()
    let after = try IndexDump(of: archive).lines
    #expect(
      after == before,
      "\(Set(before).subtracting(after).sorted().map(Self.short)) \(Set(after).subtracting(before).sorted().map(Self.short))"
    )
    #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean)
    try await archive.close()
  }

  /// Without what is empty.
  private static func short(_ line: String) -> String {
    line.split(separator: " ").filter { !$0.hasSuffix("=\"\"") }.joined(separator: " ")
  }

  private static func object(_ number: Int, _ random: inout SeededGenerator) -> TestObject {
    let study = Int.random(in: 0..<4, using: &random)
    var object = TestObject(
      instance: "1.\(number)", series: "2.\(study).\(Int.random(in: 0..<2, using: &random))", study: "3.\(study)",
      patientID: ["P1", "P2", "P1", "P2"][Int.random(in: 0..<2, using: &random) + (study % 2)])
    for change in 0..<2 where Bool.random(using: &random) {
      switch Int.random(in: 0..<4, using: &random) + change {
      case 0: object.name = "Other^Name"
      case 1: object.accession = "A"
      case 2: object.seriesDescription = "x"
      case 3: object.name = "Do\u{65}\u{301}^John"
      default: object.name = "Do\u{E9}^John"
      }
    }
    return object
  }

  /// What the differences of an earlier version tell is taken over; what they do not tell a reindex finds.
  @Test func anEarlierVersionsStudiesAreMarkedAndReindexed() async throws {
    let (test, archive, part, all) = try await Self.world()
    let want = try IndexDump(of: archive).lines
    try await archive.database.writeWithoutTransaction { database in
      try database.execute(
        sql: """
          PRAGMA foreign_keys = OFF;
          DROP TABLE contradiction; DROP TABLE study_voice; DROP TABLE series_voice; DROP TABLE voice_name_key;
          DROP INDEX contradicted_patient; DROP INDEX folded_patient; DROP INDEX contradicted_patient_by_name; ALTER TABLE patient DROP COLUMN is_contradicted;
          DELETE FROM grdb_migrations WHERE identifier = '\(VoicesSchema.name)';
          """)
    }
    try await archive.close()
    let again = try test.open()
    #expect(try await again.values(of: .patientName, at: .study, as: part) == ["Seen^Name=山田^太郎"])
    #expect(try await again.values(of: .patientComments, at: .patient, as: part) == ["seen"])
    let lacks = try await again.database.read { try Int.fetchOne($0, sql: "SELECT lacks_values FROM node") }
    #expect(lacks == 1)
    _ = try await again.operations(as: .current).reindex()
    #expect(try IndexDump(of: again).lines == want)
    try await Self.expect(1, of: again, to: part, #_sourceLocation)
    try await Self.expect(0, of: again, to: all, #_sourceLocation)
    try await again.close()
  }

  /// One study of as many voices as objects, asked for by who sees none of them: four times as many may be eight times the work.
  @Test(
    arguments: [
      nil, MatchingKey(tag: .studyInstanceUID, matching: .singleValue("3.1")),
      MatchingKey(tag: .patientID, matching: .singleValue("P1")),
    ] as [MatchingKey?])
  func manyVoicesAreNotAskedForEach(key: MatchingKey?) async throws {
    var work: [Int] = []
    for count in [150, 600] {
      let test = TestArchive(inMemory: true)
      let archive = try test.openUnsafely()
      for number in 0..<count {
        try await archive.store(
          TestObject(instance: "1.\(number)", series: "2.1", study: "3.1", description: "said \(number)"))
      }
      let caller = try await archive.makeCaller("NONE")
      let terms = GrantTerms(.everything, narrowing: GrantNarrowing(modalities: ["XA"]), rights: .query)
      _ = try await archive.administration(as: .current).addGrant(to: "NONE", terms)
      work.append(try await Self.steps(of: key.map { [$0] } ?? [], in: archive, as: caller))
      try await archive.close()
    }
    #expect(work[0] > 100, "nothing is compared")
    #expect(work[1] < work[0] * 8, "\(work)")
  }

  /// What a page without a row costs SQLite, in tens of its virtual machine's instructions.
  private static func steps(of keys: [MatchingKey], in archive: Archive, as caller: Caller) async throws -> Int {
    let query = FindQuery(informationModel: .patientRoot, level: .study, keys: keys, returning: [.studyInstanceUID])
    return try await archive.database.read { [layout = archive.index.layout] database in
      try ValueListFunction.addAll(to: database)
      var steps = 0
      try withUnsafeMutablePointer(to: &steps) { steps in
        sqlite3_progress_handler(
          database.sqliteConnection, 10,
          { steps in
            steps?.assumingMemoryBound(to: Int.self).pointee += 1
            return 0
          }, steps)
        defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
        let visibility = try Visibility(Question(caller: caller, rights: .query, now: 0), in: database)
        let page = try SQLiteIndex.page(
          of: query, in: layout, for: visibility, after: nil, KnownStatements(), in: database)
        #expect(page.rows.isEmpty)
      }
      return steps
    }
  }
}
