// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What an operator is told of patients at the command line: it is on record, it is what a caller would be told, and nothing of it
/// drives the terminal.
@Suite struct OperatorViewTests {
  private struct World {
    let node: RunningNode
    let folder: TemporaryFolder

    init(_ arguments: [String] = []) async throws {
      node = try RunningNode(arguments)
      folder = try TemporaryFolder()
      try await node.addPeer("WS", may: "store,query")
      try await node.command("grant", "add", "--to", "WS", "--everything")
    }

    /// Both streams, and whether it went well.
    func done(_ arguments: String..., saying words: String..., fails: Bool = false) async throws -> Tool.Result {
      let result = try await Tool.run(Tool.collimator, arguments + ["--data", node.directory])
      #expect((result.status != 0) == fails, "\(arguments): \(result.all)")
      for word in words { #expect(result.all.contains(word), "\(arguments): \(result.all)") }
      return result
    }
  }

  /// Whether a node runs or not; `who-saw` names the operator, and the records of what was asked for are there.
  @Test func whoWasShownAPatientAtTheCommandLineIsKnown() async throws {
    let world = try await World()
    let node = world.node
    #expect(try await node.send([Tool.fixture("ct-1.dcm")], as: "WS").map(\.status) == ["0000"])
    let match = try await world.done("query", "--as", "WS", "-k", "StudyInstanceUID", "-k", "PatientID", "--json")
    let answers = try JSONSerialization.jsonObject(with: Data(match.output.utf8)) as? [[String: [String: Any]]]
    func value(_ tag: String) -> String { (answers?.first?[tag]?["Value"] as? [String])?.first ?? "" }
    let (study, patient) = (value("0020000D"), value("00100020"))
    #expect(!study.isEmpty && !patient.isEmpty, "\(match.all)")
    for round in 1...2 {
      let picture = "\(world.folder.path)/\(round).png"
      _ = try await world.done("render", "--study", study, "-o", picture)
      _ = try await world.done("render", "--study", study, "--as", "WS", "--thumbnail", "-o", picture + ".jpg")
      _ = try await world.done("explain", "--as", "WS", "--study", study)
      if round == 1 { #expect(node.stop() == 0) }
    }
    let records = try await AuditTests.records(node, "--study", study)
    let operators = records.filter { $0.actor == "operator" }
    #expect(operators.filter { $0.act == "picture shown" }.count == 4)
    #expect(operators.filter { $0.act == "picture shown" }.allSatisfy { $0.subjects.first?.instances.count == 1 })
    #expect(operators.filter { $0.detail == "thumbnail as 'WS' sees it" }.count == 2)
    #expect(operators.filter { $0.act == "access explained" }.count == 2)
    let query = try #require(operators.first { $0.kind == "query" })
    #expect(query.count == 1 && query.detail.hasSuffix("as 'WS' through 'WS'"))
    #expect(operators.allSatisfy { $0.outcome == "success" && $0.subjects.map(\.patientID) == [patient] })
    let saw = try await world.done("audit", "who-saw", patient, "--json")
    let viewers = try JSONSerialization.jsonObject(with: Data(saw.output.utf8)) as? [[String: Any]] ?? []
    let times = Dictionary(
      viewers.map { ("\($0["actor"] ?? "") \($0["kind"] ?? "")", $0["times"] as? Int) },
      uniquingKeysWith: { first, _ in first })
    #expect(times == ["operator view": 6, "operator query": 1])
  }

  /// The settings that differ, from start to start.
  @Test func startsAreRecordedWithTheirSettings() async throws {
    let node = try RunningNode(["--idle-timeout", "77"])
    #expect(node.stop() == 0)
    try Data("{\"maximumAssociations\": 99}".utf8).write(to: URL(filePath: "\(node.directory)/collimator.json"))
    try node.start()
    #expect(node.stop() == 0)
    let starts = try await AuditTests.records(node, "--kind", "node").filter { $0.act == "node started" }.map(\.detail)
    #expect(starts.count == 2)
    #expect(starts.first?.contains("idleTimeout '77' (flag)") == true)
    #expect(starts.last?.contains("maximumAssociations '99' (\(node.directory)/collimator.json)") == true, "\(starts)")
    #expect(starts.last?.hasSuffix("since the last start: maximumAssociations from its default to '99'") == true)
  }

  /// Rights, profile, negotiation, unknown keys and limits, as on an association.
  @Test func aPreviewTellsWhatTheNodeWouldSay() async throws {
    let world = try await World()
    #expect(try await world.node.send(["ct-1.dcm", "mr-japanese.dcm"].map(Tool.fixture), as: "WS").count == 2)
    _ = try await world.done(
      "query", "--as", "WS", "-k", "StudyInstanceUID", "-k", "PatientWeight", "-k", "SoftwareVersions",
      saying: "FF01", "SoftwareVersions, and answers without", "2 matches")
    let known = try await world.done("query", "--as", "WS", "-k", "StudyInstanceUID", saying: "2 matches")
    #expect(known.errors.isEmpty)
    _ = try await world.done(
      "query", "--as", "WS", "-k", "StudyInstanceUID", "--limit", "1", saying: "1 match", "There are more")
    let series = ["query", "--as", "WS", "--level", "SERIES", "-k", "SeriesInstanceUID"]
    _ = try await world.done(
      series[0], series[1], series[2], series[3], series[4], series[5], series[6], saying: "A900", fails: true)
    _ = try await world.done(
      series[0], series[1], series[2], series[3], series[4], series[5], series[6], "--relational", saying: "2 matches")
    // As it sounds, where that was agreed to.
    for (flags, count) in [([], "0 matches"), (["--fuzzy"], "1 match")] {
      let result = try await Tool.run(
        Tool.collimator,
        ["query", "--as", "WS", "-k", "PatientName=Meyer", "--data", world.node.directory] + flags)
      #expect(result.output.contains(count), "\(result.all)")
    }
    _ = try await world.done("peer", "answers", "WS", "--most", "1", "--character-set", "ISO_IR 100")
    let limited = try await world.done(
      "query", "--as", "WS", "-k", "StudyInstanceUID", saying: "1 match", "A700", "more than 1 matches", fails: true)
    #expect(limited.errors.contains("Answered in 'ISO_IR 100'"))
    _ = try await world.done("peer", "set", "WS", "--may", "store")
    _ = try await world.done("query", "--as", "WS", "-k", "StudyInstanceUID", saying: "0124", fails: true)
    let refused = try await AuditTests.records(world.node, "--kind", "query", "--outcome", "refused")
    #expect(refused.map(\.actor) == ["operator", "operator"])
  }

  /// Neither what an object says nor what another node says moves the administrator's cursor; what is asked for stands in columns.
  @Test func matchesAreATableAndNothingElse() async throws {
    let world = try await World()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm"))))
    let name = Array("Maier".utf8)
    for place in bytes.indices where bytes[place...].starts(with: name) {
      bytes[place..<place + 4] = [0x1B, 0x5B, 0x32, 0x4A]
    }
    let path = "\(world.folder.path)/escape.dcm"
    try Data(bytes).write(to: URL(filePath: path))
    _ = try await world.done("import", path)
    let keys = ["-k", "PatientName", "-k", "StudyInstanceUID", "-k", "ModalitiesInStudy"]
    let find = ["find", "--calling", "WS", "--port", world.node.port] + keys
    let query = ["query", "--as", "WS", "--data", world.node.directory] + keys
    for command in [find, query, find + ["--json"], query + ["--json"]] {
      let result = try await Tool.run(Tool.collimator, command)
      #expect(result.status == 0 && !result.all.isEmpty, "\(result.errors)")
      #expect(!result.all.unicodeScalars.contains { $0.value == 0x1B || (0x80..<0xA0).contains($0.value) })
      guard !command.contains("--json") else { continue }
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 3 && lines.last == "1 match", "\(result.output)")
      let heading = try #require(lines.first)
      #expect(
        heading.split(separator: " ").map(String.init) == ["PatientName", "StudyInstanceUID", "ModalitiesInStudy"])
      // Each cell begins under its heading.
      let place = heading.distance(
        from: heading.startIndex, to: try #require(heading.range(of: "Modalities")).lowerBound)
      #expect(lines[1].dropFirst(place) == "CT")
    }
  }

  /// On a terminal alone: how far it has come.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
  func waitingIsShownOnATerminal() async throws {
    let world = try await World()
    try await world.node.addPeer("OTHER", may: "query")
    _ = try await world.done("peer", "set", "OTHER", "--port", world.node.port)
    #expect(try await world.node.send([Tool.fixture("ct-1.dcm")], as: "WS").map(\.status) == ["0000"])
    let call = ["--calling", "WS", "--port", world.node.port]
    let cases: [([String], String)] = [
      (["find", "-k", "PatientID"] + call, "asking COLLIMATOR"),
      (
        ["commit", "--listen", "0", "--listen-address", "127.0.0.1", "--wait", "1", Tool.fixture("ct-1.dcm")] + call,
        "waiting for the report of COLLIMATOR: 0 of at most 1 s"
      ),
    ]
    for (command, words) in cases {
      let shown = try await Tool.script("terminal.py", ["--", Tool.collimator] + command)
      #expect(shown.output.contains(words), "\(shown.all)")
      let piped = try await Tool.run(Tool.collimator, command)
      #expect(!piped.all.contains(words), "\(piped.all)")
    }
  }
}
