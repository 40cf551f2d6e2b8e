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
  /// `COLLIMATOR_PAIRS` for the check and the night.
  private static let pairs = ProcessInfo.processInfo.environment["COLLIMATOR_PAIRS"].flatMap(Int.init) ?? 100

  @Test(arguments: 0..<4 as Range<UInt64>)
  func whatIsHiddenMakesNoDifference(part: UInt64) async throws {
    let pair = try WorldPair()
    var hidden = 0
    for number in 0..<UInt64(Self.pairs / 4) {
      let outcome = try await pair.run(seed: part * 1_000_000 + number)
      hidden += outcome.hidden
      if outcome.transcripts.0 != outcome.transcripts.1 {
        Issue.record("seed \(part * 1_000_000 + number): \(outcome.firstDifference)")
      }
    }
    #expect(hidden > Self.pairs / 4, "the worlds do differ")
    try await pair.close()
  }

  enum Leak: CaseIterable {
    case missingVeto, missingEnd, countOverHiddenRows, statusOfADuplicate, addedToWhatIsHidden
  }

  /// What the pairs are for: each of these is noticed.
  @Test(arguments: Leak.allCases)
  func aPlantedLeakIsCaught(leak: Leak) async throws {
    let pair = try WorldPair(leak: leak)
    var isCaught = false
    for seed in 0..<300 as Range<UInt64> where !isCaught {
      let outcome = try await pair.run(seed: seed)
      isCaught = outcome.transcripts.0 != outcome.transcripts.1
    }
    #expect(isCaught)
    try await pair.close()
  }
}

/// Two archives that are filled with worlds again and again.
private struct WorldPair {
  struct Outcome {
    let hidden: Int
    let transcripts: ([String], [String])

    var firstDifference: String {
      let (one, other) = transcripts
      return zip(one, other).first { $0 != $1 }.map { "'\($0)' is not '\($1)'" } ?? "\(one.count) is not \(other.count)"
    }
  }

  private let tests = (TestArchive(), TestArchive())
  private let archives: (Archive, Archive)
  private let leak: NonInterferenceTests.Leak?

  init(leak: NonInterferenceTests.Leak? = nil) throws {
    archives = (try tests.0.open(), try tests.1.open())
    self.leak = leak
  }

  func close() async throws {
    try await archives.0.close()
    try await archives.1.close()
  }

  func run(seed: UInt64) async throws -> Outcome {
    let whole = try await fill(archives.0, seed) { _, _ in true }
    var random = SeededGenerator(seed: seed &+ 5)
    guard let caller = whole.callers(&random).randomElement(using: &random) else {
      return Outcome(hidden: 0, transcripts: ([], []))
    }
    let seen = [GrantRights.query, .retrieve, .send].flatMap { GrantOracle(whole, caller, $0).visible }
    let names = Set(seen.map { "\($0.instance) \($0.comment) \($0.aside)" })
    _ = try await fill(archives.1, seed) { names.contains("\($0.instance) \($0.comment) \($1)") }
    let script = Script(caller: caller, stored: Self.stored(whole, &random), leak: leak)
    return Outcome(
      hidden: whole.objects.count - names.count,
      transcripts: (try await script.run(on: archives.0), try await script.run(on: archives.1)))
  }

  private func fill(
    _ archive: Archive, _ seed: UInt64, _ isWanted: @Sendable @escaping (TestObject, Int64) -> Bool
  ) async throws -> GrantWorld {
    let layout = archive.index.layout
    return try await archive.database.write { database in
      var random = SeededGenerator(seed: seed)
      return try GrantWorld(&random, objects: 14, in: database, layout: layout, keeping: isWanted)
    }
  }

  /// Objects that are there, others of the same UIDs, and new ones for studies and series that are there and are not.
  private static func stored(_ world: GrantWorld, _ random: inout SeededGenerator) -> [TestObject] {
    (0..<4).compactMap { number in
      guard var object = world.objects.randomElement(using: &random) else { return nil }
      switch number {
      case 0: break
      case 1: object.comment = "another"
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
  let leak: NonInterferenceTests.Leak?

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

  /// As C-STORE answers: whatever becomes of the object, it is success.
  private func store(_ object: TestObject, in archive: Archive) async throws -> String {
    let (caller, layout, leak) = (caller, archive.index.layout, leak)
    return try await archive.database.write { database in
      let arrival = Arrival(
        sender: "caller", callingAETitle: "", time: GrantWorld.now, defaultIssuer: "",
        aside: leak == .addedToWhatIsHidden ? 0 : nil, caller: caller)
      var record = try InstanceRecord(
        HeaderForTest.header(of: object), announcement: object.announcement, object: .random(),
        digest: HeaderForTest.digest(of: object), size: 1, arrival: arrival, layout: layout)
      record.canonicalDigest = HeaderForTest.digest(of: object)
      let outcome = try InstanceInsertion(record, layout: layout).perform(in: database)
      // One whose bytes are here is read once more, and then is a repeat: nothing is put in.
      if case .needsComparison = outcome { return "needs comparison" }
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
        .studyInstanceUID, .studyDate, .modalitiesInStudy, .sopClassesInStudy, .numberOfStudyRelatedSeries,
        .numberOfStudyRelatedInstances,
      ]
    let series = study + [.seriesInstanceUID, .modality, .numberOfSeriesRelatedInstances]
    return [.patient: patient, .study: study, .series: series, .image: series + [.sopInstanceUID, .sopClassUID]]
  }()

  private func queries(_ index: SQLiteIndex) async throws -> [String] {
    var heard: [String] = []
    for level in QueryRetrieveLevel.allCases {
      let tags = Self.asked[level] ?? []
      let keys: [MatchingKey] =
        level == .series ? [MatchingKey(tag: .modalitiesInStudy, matching: .singleValue("CT"))] : []
      let query = FindQuery(informationModel: .patientRoot, level: level, keys: keys, returning: tags)
      let page = try await index.matches(of: query, as: caller, after: nil)
      heard += page.rows.map { row in
        tags.map { "\($0)=\(row[$0]?.joined(separator: "\\") ?? "-")" }.joined(separator: " ")
      }
      heard.append("\(level): \(page.rows.count)")
    }
    return heard
  }
}
