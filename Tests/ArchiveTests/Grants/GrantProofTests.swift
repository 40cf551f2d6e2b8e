// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB
import Testing

@testable import Archive

/// Random worlds, the index, and an evaluation that is as plain as can be: grants of all kinds, vetoes, ceilings, what is
/// aside, at all levels, in both models, with and without keys, for each right.
@Suite struct GrantProofTests {
  /// Worlds of each of the four parts, each of at least 3200 answers, 100,000 in all: `COLLIMATOR_WORLDS` for the night.
  private static let worlds = ProcessInfo.processInfo.environment["COLLIMATOR_WORLDS"].flatMap(Int.init) ?? 8

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func theIndexAnswersAsTheOracleDoes(part: UInt64) async throws {
    let test = TestArchive()
    let archive = try test.openUnsafely()
    var index = archive.index
    index.clock = { GrantWorld.now }
    // The few rows of a world come on one page, or on as many as there are rows.
    index.pageSize = part == 0 ? QueryCompiler.pageSize : Int(part)
    var compared = 0
    for world in 0..<Self.worlds {
      let seed = part * 1_000_000 + UInt64(world)
      let outcome = try await Self.compare(index, seed: seed)
      compared += outcome.count
      #expect(outcome.differences.isEmpty, "seed \(seed): \(outcome.differences.prefix(3))")
    }
    #expect(compared > Self.worlds * 3200, "\(compared) answers were compared")
    try await archive.close()
  }

  private static func compare(
    _ index: SQLiteIndex, seed: UInt64
  ) async throws -> (count: Int, differences: [String]) {
    let world = try await world(seed, in: index)
    var random = SeededGenerator(seed: seed &+ 99)
    var comparison = GrantComparison(index, world)
    for caller in world.callers(&random) { try await comparison.compare(caller, &random) }
    return (comparison.count, comparison.differences)
  }

  private static func world(_ seed: UInt64, in index: SQLiteIndex) async throws -> GrantWorld {
    let layout = index.layout
    return try await index.database.write { database in
      var generator = SeededGenerator(seed: seed)
      return try GrantWorld(&generator, in: database, layout: layout)
    }
  }

  /// A clause that is taken away, or says the contrary.
  struct Mutation: CustomStringConvertible {
    let clause: VisibilityPredicate.Clause
    let isNegation: Bool

    var description: String { "\(clause) \(isNegation ? "negated" : "removed")" }

    func index(_ index: SQLiteIndex) -> SQLiteIndex {
      var index = index
      index.rewriting = ClauseRewriting { [self] in
        $0 != clause ? $1 : isNegation ? "NOT (\($1))" : "1"
      }
      return index
    }
  }

  private static let groups = 4

  /// Each clause of the predicate is missed where it is taken away, and where it says the contrary: the list is the
  /// predicate's own, so that a new clause that no world needs fails here.
  @Test(arguments: 0..<groups as Range<Int>)
  func eachClauseIsMissed(group: Int) async throws {
    let test = TestArchive(inMemory: true)
    let archive = try test.openUnsafely()
    var index = archive.index
    index.clock = { GrantWorld.now }
    var mutations = VisibilityPredicate.Clause.allCases.enumerated().filter { $0.offset % Self.groups == group }
      .flatMap { [Mutation(clause: $1, isNegation: false), Mutation(clause: $1, isNegation: true)] }
    for seed in 1...200 as ClosedRange<UInt64> where !mutations.isEmpty {
      let world = try await Self.world(seed, in: index)
      var kept: [Mutation] = []
      for mutation in mutations where try await !Self.shows(world, mutation, index, seed: seed) {
        kept.append(mutation)
      }
      mutations = kept
    }
    #expect(mutations.isEmpty, "no world shows it")
    try await archive.close()
  }

  /// Whether a world shows it at all. All but what is counted, and of which version is told, shows in who may have which object.
  private static func shows(
    _ world: GrantWorld, _ mutation: Mutation, _ index: SQLiteIndex, seed: UInt64
  ) async throws -> Bool {
    let isOfCounts = [.countedIsSeen, .otherVersionIsSeen].contains(mutation.clause)
    var random = SeededGenerator(seed: seed &+ 99)
    for caller in world.callers(&random) {
      var comparison = GrantComparison(mutation.index(index), world)
      if isOfCounts {
        try await comparison.compare(caller, &random)
      } else {
        for rights in [GrantRights.query, .retrieve, .send] { try await comparison.compare(caller, rights, study: nil) }
      }
      if !comparison.differences.isEmpty { return true }
    }
    return false
  }

  @Test func eachShapeHasItsNumber() {
    for number in 0..<256 {
      guard let shape = GrantShape(number: number) else { continue }
      #expect(shape.number == number)
    }
    #expect(GrantShape(number: -1) == nil)
    #expect(GrantShape(number: 256) == nil)
  }
}
