// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

@Suite struct MatchingTests {
  private static let names = [
    "Müller^Jürgen", "MULLER^JURGEN", "Doe^John", "O'Brien^[x]", "100%^a_b", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Doe",
  ]

  @Test(
    arguments: [
      (MatchingKey.Matching.singleValue("muller^jurgen"), ["0", "1"]),
      (.singleValue("Doe^John"), ["2"]),
      (.singleValue("doe^john^^^"), ["2"]),
      (.singleValue("Doe"), ["6"]),
      (.singleValue("山田^太郎"), ["5"]),
      (.wildcard("DOE*"), ["2", "6"]),
      (.wildcard("*j?hn"), ["2"]),
      (.wildcard("M?LLER*"), ["0", "1"]),
      (.wildcard("山田*"), ["5"]),
      (.wildcard("*=山田*=*"), ["5"]),
      (.singleValue("YAMADA^TAROU=山田^太郎"), ["5"]),
      (.singleValue("YAMADA^TAROU=山田^花子"), []),
      (.wildcard("yam*=山?^*"), ["5"]),
      (.wildcard("yam*=や*"), ["5"]),
      (.empty, []),
      (.wildcard("*[x]"), ["3"]),
      (.wildcard("100%*"), ["4"]),
      (.wildcard("1_0*"), []),
      (.wildcard("%"), []),
      (.wildcard("*'*"), ["3"]),
      (.singleValue("' OR 1=1 --"), []),
      (.universal, ["0", "1", "2", "3", "4", "5", "6"]),
    ] as [(MatchingKey.Matching, [String])], Self.makings)
  func namesMatch(_ asked: (matching: MatchingKey.Matching, found: [String]), making: Seams.Making) async throws {
    let (seams, caller) = try await filled(
      making,
      Self.names.enumerated().map { index, name in
        TestObject(instance: "1.\(index)", series: "2.\(index)", study: "\(index)", patientID: "P\(index)", name: name)
      })
    let key = MatchingKey(tag: .patientName, matching: asked.matching)
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [key]).sorted() == asked.found)
  }

  @Test(
    arguments: [
      (MatchingKey.Matching.singleValue("20260102"), ["1"]),
      (.range(from: "20260102", to: nil), ["1", "2"]),
      (.range(from: nil, to: "20260102"), ["0", "1"]),
      (.range(from: "20260102", to: "20260102"), ["1"]),
      (.range(from: "20270101", to: nil), []),
    ] as [(MatchingKey.Matching, [String])], Self.makings)
  func datesMatch(_ asked: (matching: MatchingKey.Matching, found: [String]), making: Seams.Making) async throws {
    let (seams, caller) = try await filled(
      making,
      ["20260101", "2026.01.02", "20260103", ""].enumerated().map { index, date in
        TestObject(instance: "1.\(index)", series: "2.\(index)", study: "\(index)", patientID: "P\(index)", date: date)
      })
    let key = MatchingKey(tag: .studyDate, matching: asked.matching)
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [key]) == asked.found)
  }

  @Test(arguments: makings)
  func listsAndModalitiesMatch(making: Seams.Making) async throws {
    let (seams, caller) = try await filled(
      making,
      [
        TestObject(instance: "1.1", series: "2.1", study: "3", modality: "CT"),
        TestObject(instance: "1.2", series: "2.2", study: "3", modality: "SR"),
        TestObject(instance: "1.3", series: "2.3", study: "4", modality: "MR"),
      ])
    let list = MatchingKey(tag: .studyInstanceUID, matching: .uidList(["3", "9", "\"]"]))
    #expect(try await seams.values(of: .modalitiesInStudy, at: .study, as: caller, [list]) == ["CT\\SR"])
    let modality = MatchingKey(tag: .modalitiesInStudy, matching: .singleValue("SR"))
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [modality]) == ["3"])
    let pattern = MatchingKey(tag: .modalitiesInStudy, matching: .wildcard("?R"))
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [pattern]) == ["3", "4"])
    let none = MatchingKey(tag: .modalitiesInStudy, matching: .wildcard("X*"))
    #expect(try await seams.values(of: .studyInstanceUID, at: .study, as: caller, [none]).isEmpty)
    #expect(
      try await seams.values(of: .bodyPartExamined, at: .study, as: caller) == ["(unsupported)", "(unsupported)"])
  }

  /// A naive matcher that tries every split agrees with the linear one.
  @Test func wildcardsMatchAsANaiveMatcherDoes() {
    var random = SeededGenerator(seed: 42)
    for _ in 0..<20_000 {
      let pattern = Self.text(from: "ab*?", upTo: 6, &random)
      let value = Self.text(from: "ab", upTo: 7, &random)
      #expect(
        WildcardPattern(pattern).matches(anyOf: [value[...]]) == Self.naive(Array(pattern)[...], Array(value)[...]),
        "'\(pattern)' on '\(value)'")
    }
  }

  /// A40: many stars on a long value take no longer than their product.
  @Test func starsDoNotExplode() {
    let pattern = String(repeating: "a*", count: 2_000) + "b"
    #expect(!WildcardPattern(pattern).matches(anyOf: [String(repeating: "a", count: 20_000)[...]]))
  }

  private static func text(from alphabet: String, upTo length: Int, _ random: inout SeededGenerator) -> String {
    String((0..<Int.random(in: 0...length, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
  }

  private static func naive(_ pattern: ArraySlice<Character>, _ value: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return value.isEmpty }
    if first == "*" { return (0...value.count).contains { naive(pattern.dropFirst(), value.dropFirst($0)) } }
    return !value.isEmpty && (first == "?" || first == value.first) && naive(pattern.dropFirst(), value.dropFirst())
  }

  private static let makings = [Seams.Making.filesAndSQLite, .memory]

  private func filled(_ making: Seams.Making, _ objects: [TestObject]) async throws -> (Seams, Caller) {
    let seams = try Seams(making)
    for object in objects { _ = try await seams.store(object) }
    let caller = try await seams.caller("ALL")
    try await seams.open(.everything, caller)
    return (seams, caller)
  }
}
