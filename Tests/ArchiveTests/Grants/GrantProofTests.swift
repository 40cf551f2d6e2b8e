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
    var compared = 0
    for world in 0..<Self.worlds {
      let seed = part * 1_000_000 + UInt64(world)
      let outcome = try await Self.compare(index, seed: seed, stoppingEarly: false)
      compared += outcome.count
      #expect(outcome.differences.isEmpty, "seed \(seed): \(outcome.differences.prefix(3))")
    }
    #expect(compared > Self.worlds * 3200, "\(compared) answers were compared")
    try await archive.close()
  }

  static func compare(
    _ index: SQLiteIndex, seed: UInt64, stoppingEarly: Bool
  ) async throws -> (count: Int, differences: [String]) {
    let layout = index.layout
    let world = try await index.database.write { database in
      var generator = SeededGenerator(seed: seed)
      return try GrantWorld(&generator, in: database, layout: layout)
    }
    var random = SeededGenerator(seed: seed &+ 99)
    var comparison = GrantComparison(index, world)
    for caller in world.callers(&random) {
      try await comparison.compare(caller, &random)
      if stoppingEarly, !comparison.differences.isEmpty { break }
    }
    return (comparison.count, comparison.differences)
  }

  /// Each clause of the predicate is missed where it is taken away, and where it says the contrary: the list is the
  /// predicate's own, so that a new clause that no world needs fails here.
  @Test(arguments: VisibilityPredicate.Clause.allCases)
  func eachClauseIsMissed(clause: VisibilityPredicate.Clause) async throws {
    let test = TestArchive()
    let archive = try test.openUnsafely()
    let mutations: [(name: String, rewrite: @Sendable (String) -> String)] = [
      ("removed", { _ in "1" }), ("negated", { "NOT (\($0))" }),
    ]
    for mutation in mutations {
      var index = archive.index
      index.clock = { GrantWorld.now }
      index.rewriting = ClauseRewriting { $0 == clause ? mutation.rewrite($1) : $1 }
      var isMissed = false
      for seed in 1...200 as ClosedRange<UInt64> where !isMissed {
        isMissed = try await !Self.compare(index, seed: seed, stoppingEarly: true).differences.isEmpty
      }
      #expect(isMissed, "\(clause) \(mutation.name): no world shows it")
    }
    try await archive.close()
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
