// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// Two worlds that differ only in what a caller may not see, and one script of that caller: queries at all levels with all
/// that is counted, stores of what is there and is not, retrievals, and the queries again. What the caller hears is the same
/// to the byte (A41, A43, A47, A48, A49).
@Suite struct NonInterferenceTests {
  /// `COLLIMATOR_PAIRS` for the night.
  private static let pairs = ProcessInfo.processInfo.environment["COLLIMATOR_PAIRS"].flatMap(Int.init) ?? 2000
  private static let parts = 4

  @Test(arguments: 0..<parts as Range<Int>)
  func whatIsHiddenMakesNoDifference(part: Int) async throws {
    let pair = try WorldPair()
    let wanted = Self.pairs / Self.parts
    var (compared, hidden, deleted, seed) = (0, 0, 0, UInt64(part) * 1_000_000)
    while compared < wanted {
      for outcome in try await pair.run(seed: seed, pairs: min(WorldPair.usual, wanted - compared)) {
        compared += 1
        hidden += outcome.hidden
        deleted += outcome.deleted
        if outcome.transcripts.0 != outcome.transcripts.1 { Issue.record("seed \(seed): \(outcome.firstDifference)") }
      }
      seed += 1
    }
    #expect(hidden > wanted && deleted > wanted / 10, "the worlds do differ: \(hidden), \(deleted)")
    try await pair.close()
  }

  enum Leak: CaseIterable {
    case missingVeto, missingEnd, countOverHiddenRows, statusOfADuplicate, addedToWhatIsHidden, refusalOfWhatWasDeleted
    case valuesOfTheFirst
  }

  /// What the pairs are for: each of these is noticed.
  @Test(arguments: Leak.allCases)
  func aPlantedLeakIsCaught(leak: Leak) async throws {
    let pair = try WorldPair(leak: leak)
    var isCaught = false
    for seed in 0..<300 as Range<UInt64> where !isCaught {
      isCaught = try await pair.run(seed: seed, pairs: 4).contains { $0.transcripts.0 != $0.transcripts.1 }
    }
    #expect(isCaught)
    try await pair.close()
  }
}

/// An archive that is filled with worlds again and again: the one, and the one that lacks what a caller may not see. The
/// same grants have several sets of objects below them, as many pairs: what SQLite understood of them once it need not be
/// told again.
private struct WorldPair {
  static let usual = 20
  private static let objects = 10

  struct Outcome {
    let hidden: Int
    /// Of what is hidden, what was deleted and is kept out.
    let deleted: Int
    let transcripts: ([String], [String])

    var firstDifference: String {
      let (one, other) = transcripts
      return zip(one, other).first { $0 != $1 }.map { "'\($0)' is not '\($1)'" } ?? "\(one.count) is not \(other.count)"
    }
  }

  private let test = TestArchive()
  private let archive: Archive
  private let leak: NonInterferenceTests.Leak?

  init(leak: NonInterferenceTests.Leak? = nil) throws {
    archive = try test.openUnsafely()
    self.leak = leak
  }

  func close() async throws { try await archive.close() }

  func run(seed: UInt64, pairs: Int) async throws -> [Outcome] {
    let layout = archive.index.layout
    var world = try await archive.database.write { database in
      var random = SeededGenerator(seed: seed)
      return try GrantWorld(&random, objects: 0, in: database, layout: layout)
    }
    var random = SeededGenerator(seed: seed &+ 5)
    guard let caller = world.callers(&random).randomElement(using: &random) else { return [] }
    var outcomes: [Outcome] = []
    for _ in 0..<pairs {
      world.drawObjects(&random, Self.objects)
      outcomes.append(try await run(world, caller, &random))
    }
    return outcomes
  }

  private func run(_ world: GrantWorld, _ caller: Caller, _ random: inout SeededGenerator) async throws -> Outcome {
    let name: @Sendable (TestObject, Int64) -> String = { object, aside in
      "\(object.instance) \(object.note) \(aside)"
    }
    let seen = [GrantRights.query, .retrieve, .send].flatMap { GrantOracle(world, caller, $0).visible }
    let visible = Set(seen.map { name($0.object, $0.aside) })
    let hidden = zip(world.objects, world.aside).filter { !visible.contains(name($0, $1)) }
    // Whoever may add to a study hears what is kept out of it.
    let deleted =
      world.mayHaveAdded(caller)
      ? [] : hidden.filter { $0.1 == 0 && Int.random(in: 0..<3, using: &random) == 0 }.map(\.0)
    let gone = Set(deleted.map { name($0, 0) })
    let script = Script(
      caller: caller, stored: Self.stored(world, deleted, &random), keys: Script.drawKeys(&random), leak: leak)
    try await put(world, deleted: deleted) { !gone.contains(name($0, $1)) }
    let one = try await script.run(on: archive)
    try await put(world, deleted: []) { visible.contains(name($0, $1)) }
    return Outcome(
      hidden: hidden.count, deleted: deleted.count, transcripts: (one, try await script.run(on: archive)))
  }

  private func put(
    _ world: GrantWorld, deleted: [TestObject], keeping isKept: @Sendable @escaping (TestObject, Int64) -> Bool
  ) async throws {
    let (layout, leak) = (archive.index.layout, leak)
    try await archive.database.write { database in
      try world.putObjects(in: database, layout: layout, keeping: isKept)
      try GrantWorld.keepOut(deleted, in: database)
      // As if what contradicts it were told of like all else: by what the first object said.
      if leak == .valuesOfTheFirst { try database.execute(sql: "UPDATE patient SET is_contradicted = 0") }
    }
  }

  /// Objects that are there, others of the same UIDs, and new ones for studies and series that are there and are not.
  private static func stored(
    _ world: GrantWorld, _ deleted: [TestObject], _ random: inout SeededGenerator
  ) -> [TestObject] {
    (0..<4).compactMap { number in
      let known = number == 0 && !deleted.isEmpty ? deleted : world.objects
      guard var object = known.randomElement(using: &random) else { return nil }
      switch number {
      case 0: break
      case 1: object.note = "another"
      case 2: object.instance = "8.\(number)"
      default: (object.instance, object.patientID, object.issuer) = ("8.\(number)", "P2", "A")
      }
      return object
    }
  }
}

/// What a caller asks and sends, and what is heard.
private struct Script {
  let caller: Caller
  let stored: [TestObject]
  /// What is matched at each level, beside all.
  let keys: [QueryRetrieveLevel: [MatchingKey]]
  let leak: NonInterferenceTests.Leak?

  /// On what objects contradict each other in, on what is counted and collected, and on what leads to the rows.
  static func drawKeys(_ random: inout SeededGenerator) -> [QueryRetrieveLevel: [MatchingKey]] {
    let patient: [MatchingKey] =
      ["Doe^John", "Doe^Jane", "山田^太郎"].map { MatchingKey(tag: .patientName, matching: .singleValue($0)) }
      + ["Doe*", "*a*", "D?e^J*"].map { MatchingKey(tag: .patientName, matching: .wildcard($0)) } + [
        MatchingKey(tag: .patientComments, matching: .wildcard("o*")),
        MatchingKey(tag: .patientComments, matching: .empty),
        MatchingKey(tag: .patientID, matching: .singleValue("P1")),
      ]
    let study =
      patient + [
        MatchingKey(tag: .studyDate, matching: .range(from: "20260102", to: nil)),
        MatchingKey(tag: .studyDate, matching: .singleValue("20260101")),
        MatchingKey(tag: .studyTime, matching: .range(from: nil, to: "11")),
        MatchingKey(tag: .accessionNumber, matching: .singleValue("A1.1")),
        MatchingKey(tag: .accessionNumber, matching: .empty),
        MatchingKey(tag: .studyDescription, matching: .singleValue("Head")),
        MatchingKey(tag: .studyInstanceUID, matching: .uidList(["1.0", "1.1", "1.2"])),
        MatchingKey(tag: .modalitiesInStudy, matching: .singleValue("CT")),
      ]
    let series =
      study + [
        MatchingKey(tag: .modality, matching: .singleValue("MR")),
        MatchingKey(tag: .seriesDescription, matching: .wildcard("*a*")),
      ]
    let all: [QueryRetrieveLevel: [MatchingKey]] = [.patient: patient, .study: study, .series: series, .image: series]
    return all.mapValues { [$0.randomElement(using: &random), $0.randomElement(using: &random)].compactMap(\.self) }
  }

  func run(on archive: Archive) async throws -> [String] {
    var index = archive.index
    index.clock = { GrantWorld.now }
    let hidden: VisibilityPredicate.Clause? =
      switch leak {
      case .missingVeto: .isNotVetoed
      case .missingEnd: .hasNotEnded
      case .countOverHiddenRows: .countedIsSeen
      default: nil
      }
    if let hidden { index.rewriting = ClauseRewriting { $0 == hidden ? "1" : $1 } }
    var heard = try await queries(index)
    for object in stored { heard.append(try await store(object, in: archive)) }
    heard += try await queries(index)
    for rights in [GrantRights.retrieve, .send] {
      let served = try await index.instances(in: InstanceSelection(), as: caller, for: rights, after: nil)
      heard += served.instances.map { "\($0.sopInstanceUID) \($0.studyInstanceUID) \($0.patient) \($0.fault)" }
    }
    let reader = ArchiveReader(caller: caller, index: index, store: archive.store)
    heard.append("\(try await reader.patient(withID: "P1", issuer: nil, defaultIssuer: nil))")
    return heard
  }

  /// As C-STORE answers: whatever becomes of the object, it is success; a refusal for what is to be kept out.
  private func store(_ object: TestObject, in archive: Archive) async throws -> String {
    let (caller, layout, leak) = (caller, archive.index.layout, leak)
    return try await archive.database.write { database in
      let arrival = Arrival(
        sender: "caller", callingAETitle: "", time: GrantWorld.now, defaultIssuer: "",
        aside: leak == .addedToWhatIsHidden || leak == .refusalOfWhatWasDeleted ? 0 : nil, caller: caller)
      let (header, digest) = try HeaderForTest.headerAndDigest(of: object)
      var record = try InstanceRecord(
        header, announcement: object.announcement, object: .random(), digest: digest, size: 1, arrival: arrival,
        layout: layout)
      record.canonicalDigest = digest
      let outcome = try InstanceInsertion(record, layout: layout).perform(in: database)
      // One whose bytes are here is read once more, and then is a repeat: nothing is put in.
      if case .needsComparison = outcome { return "needs comparison" }
      if case .done(.keptOut) = outcome { return "0124" }
      let told =
        switch outcome {
        case .done(let kind): "\(kind)"
        case .alreadyHere: "here"
        case .replaced: "replaced"
        case .needsComparison: "unknown"
        }
      return leak == .statusOfADuplicate || leak == .addedToWhatIsHidden ? told : "0000"
    }
  }

  private static let asked: [QueryRetrieveLevel: [DICOMData.Tag]] = {
    let patient: [DICOMData.Tag] = [
      .patientID, .issuerOfPatientID, .patientName, .patientComments, .numberOfPatientRelatedStudies,
      .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances,
    ]
    let study: [DICOMData.Tag] =
      patient + [
        .studyInstanceUID, .studyDate, .studyTime, .accessionNumber, .studyDescription, .modalitiesInStudy,
        .sopClassesInStudy, .numberOfStudyRelatedSeries,
        .numberOfStudyRelatedInstances,
      ]
    let series = study + [.seriesInstanceUID, .modality, .seriesDescription, .numberOfSeriesRelatedInstances]
    return [.patient: patient, .study: study, .series: series, .image: series + [.sopInstanceUID, .sopClassUID]]
  }()

  private func queries(_ index: SQLiteIndex) async throws -> [String] {
    var heard: [String] = []
    for level in QueryRetrieveLevel.allCases {
      let tags = Self.asked[level] ?? []
      for keys in [[]] + (keys[level] ?? []).map({ [$0] }) {
        let query = FindQuery(informationModel: .patientRoot, level: level, keys: keys, returning: tags)
        let page = try await index.matches(of: query, as: caller, after: nil)
        heard += page.rows.map { row in
          tags.map { "\($0)=\(row[$0]?.joined(separator: "\\") ?? "-")" }.joined(separator: " ")
        }
        heard.append("\(level) \(keys): \(page.rows.count)")
      }
    }
    return heard
  }
}
