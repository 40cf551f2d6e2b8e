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
    // The few rows of a world come on one page, or on as many as there are rows.
    let pair = try WorldPair(pageSize: part == 0 ? QueryCompiler.pageSize : part)
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
    case missingVeto, missingEnd, countOverHiddenRows, statusOfADuplicate, commentOfAStore, addedToWhatIsHidden
    case refusalOfWhatWasDeleted, countOfARetrieval, valuesOfTheFirst

    /// A clause that holds for everything.
    var clause: VisibilityPredicate.Clause? {
      switch self {
      case .missingVeto: .isNotVetoed
      case .missingEnd: .hasNotEnded
      case .countOverHiddenRows: .countedIsSeen
      default: nil
      }
    }

    /// Where it shows; the stores of a script are always made.
    fileprivate var steps: Set<Script.Step> {
      switch self {
      case .statusOfADuplicate, .commentOfAStore, .refusalOfWhatWasDeleted: []
      case .countOfARetrieval: [.getStudies]
      default: [.queries]
      }
    }
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
  static let usual = 8
  private static let objects = 10

  struct Outcome {
    let hidden: Int
    /// Of what is hidden, what was deleted and is kept out.
    let deleted: Int
    let transcripts: ([Heard], [Heard])

    var firstDifference: String {
      let (one, other) = transcripts
      guard let pair = zip(one, other).first(where: { $0 != $1 }) else { return "\(one.count) is not \(other.count)" }
      let place = zip(pair.0.bytes, pair.1.bytes).prefix { $0 == $1 }.count
      return "at byte \(place): '\(pair.0.text(around: place))' is not '\(pair.1.text(around: place))'"
    }
  }

  private let test = TestArchive(inMemory: true)
  private let archive: Archive
  private let node: MemoryNode
  private let leak: NonInterferenceTests.Leak?

  init(leak: NonInterferenceTests.Leak? = nil, pageSize: Int = QueryCompiler.pageSize) throws {
    var options = ArchiveOptions(spareSpace: 0)
    options.pageSize = pageSize
    if let clause = leak?.clause { options.rewriting = ClauseRewriting { $0 == clause ? "1" : $1 } }
    archive = try test.openUnsafely(options)
    node = try MemoryNode(archive)
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
      ? [] : hidden.filter { $0.1 == 0 && Int.random(in: 0..<2, using: &random) == 0 }.map(\.0)
    let gone = Set(deleted.map { name($0, 0) })
    let script = Script(
      caller: caller, stored: Self.stored(world, deleted, &random), known: world.objects,
      keys: leak == nil ? Script.Key.some(&random) : [:], steps: leak?.steps ?? Script.Step.some(&random), leak: leak)
    try await put(world, deleted: deleted) { !gone.contains(name($0, $1)) }
    let one = try await script.run(on: archive, node)
    try await put(world, deleted: []) { visible.contains(name($0, $1)) }
    return Outcome(
      hidden: hidden.count, deleted: deleted.count, transcripts: (one, try await script.run(on: archive, node)))
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
