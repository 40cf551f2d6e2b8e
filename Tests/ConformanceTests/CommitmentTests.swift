// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// PS3.4 annex J, with pynetdicom and Orthanc as those who ask, and pynetdicom as the one who promises.
@Suite struct CommitmentTests {
  private static let pynetdicom: ConditionTrait = .enabled(
    if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON")

  @Test(pynetdicom, arguments: ["same", "refused"])
  func onTheSameAssociation(task: String) async throws {
    let node = try await filled("--commitment-reports", "same")
    try await commitment(node, task)
    guard task == "same" else { return }
    try await expectRecords(node)
  }

  @Test(pynetdicom) func onANewAssociation() async throws {
    let port = try "\(OtherNode.freePort())"
    let node = try await filled("--port", port)
    try await commitment(node, "new", port)
    try await expectRecords(node)
  }

  /// Each report stands in the audit before it goes, and how it ended: to whom, and of how many objects.
  private func expectRecords(_ node: RunningNode) async throws {
    for _ in 0..<100 {
      let records = try await AuditTests.records(node, "--kind", "commitment")
      guard let last = records.last, last.outcome != "began" else { continue }
      #expect(!records.isEmpty && records.allSatisfy { $0.outcome == "success" && $0.count ?? 0 > 0 }, "\(records)")
      #expect(records.allSatisfy { $0.principal == "MOD" && $0.destination?.contains("127.0.0.1") == true })
      return
    }
    Issue.record("no record says how the report ended")
  }

  /// Nobody learns by commitment what is here: neither that an object is, nor of which class it is.
  @Test(pynetdicom) func theHiddenIsTheNonexistent() async throws {
    let node = try await filled()
    try await node.addPeer("OTHER", may: "store")
    try await commitment(node, "hidden", "OTHER", Tool.fixture("ct-1.dcm"))
    // Who brings what is here already is told that it is kept, and is promised the same.
    let sent = try await node.send([Tool.fixture("ct-1.dcm")], as: "OTHER")
    #expect(sent.map(\.status) == ["0000"])
    let result = try await Tool.run(
      Tool.collimator,
      [
        "commit", "--calling", "OTHER", "--port", node.port, Tool.fixture("ct-1.dcm"), Tool.fixture("dx-dog.dcm"),
        "--json",
      ])
    let outcome = try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    #expect(outcome.committed.count == 1 && outcome.failed.map(\.reason) == ["0112"], "\(result.all)")
  }

  /// A promise is what is on the disk, not what the index remembers.
  @Test(pynetdicom) func whatIsDamagedIsNotPromised() async throws {
    let node = try await filled()
    var expected: [String] = []
    for (name, reason) in [("ct-1.dcm", "0"), ("ct-2.dcm", "0x0112"), ("dx-dog.dcm", "0x0110")] {
      let original = try DataSetOfFile(path: Tool.fixture(name)).bytes
      let path = try #require(try node.storedFiles().first { try DataSetOfFile(path: $0).bytes == original })
      if reason == "0x0112" { try FileManager.default.removeItem(atPath: path) }
      if reason == "0x0110" {
        var file = try Data(contentsOf: URL(filePath: path))
        file[file.count - 1] ^= 1
        try file.write(to: URL(filePath: path))
      }
      let uid = try await Tool.dcmtk("dcmdump", ["+P", "0008,0018", "-s", Tool.fixture(name)])
      expected += [String(uid.output.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }), reason]
    }
    try await commitment(node, "reasons", expected)
  }

  /// What was accepted is reported, also where nobody listened and the node was killed in between.
  @Test(pynetdicom) func aReportSurvivesAKilledNode() async throws {
    let port = try "\(OtherNode.freePort())"
    let node = try await filled("--port", port)
    try await commitment(node, "ask", "1.2.3.4.77")
    let queue = try await node.command("queue", "list", "--json")
    #expect(queue.output.contains("1.2.3.4.77"), "\(queue.all)")
    node.kill()
    try node.start()
    let arguments = [node.port, Tool.fixtures, "hear", "1.2.3.4.77", port]
    async let heard = Tool.script("commitment.py", arguments)
    // Whatever back-off has begun meanwhile.
    for _ in 0..<50 where try await node.command("queue", "list", "--json").output.contains("1.2.3.4.77") {
      try await node.command("queue", "retry", "--all")
    }
    let result = try await heard
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    let left = try await node.command("queue", "list", "--json")
    #expect(!left.output.contains("1.2.3.4.77"), "\(left.all)")
  }

  /// A peer that hangs up at one report, each time that it comes, hears those behind it all the same.
  @Test(pynetdicom) func onePoisonReportHoldsUpNoOther() async throws {
    let port = try "\(OtherNode.freePort())"
    let node = try await filled("--port", port)
    let arguments = [node.port, Tool.fixtures, "poison", port]
    let retry = ["queue", "retry", "--all", "--data", node.directory]
    let result = try await withThrowingTaskGroup(of: Tool.Result?.self) { group in
      group.addTask { try await Tool.script("commitment.py", arguments) }
      group.addTask {
        // Whatever back-off has begun meanwhile.
        while !Task.isCancelled { _ = try await Tool.run(Tool.collimator, retry) }
        return nil
      }
      defer { group.cancelAll() }
      return try #require(try await group.next()?.flatMap(\.self))
    }
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    var left: [Substring] = []
    for _ in 0..<100 where left.count != 2 {
      left = try await node.command("queue", "list", "--json").output.split(separator: "{")
    }
    #expect(left.count == 2, "the one that failed alone waits: \(left)")
  }

  /// Over REST it is told to ask, and what it was told.
  @Test(.enabled(if: OtherNode.Kind.orthanc.isInstalled, "needs orthanc"))
  func orthancIsPromised() async throws {
    let orthanc = try await OtherNode(.orthanc)
    let node = try RunningNode()
    try await node.addPeer(orthanc.title, may: "store", "--port", orthanc.port)
    let sent = try await orthanc.command("send", RetrieveTests.files.map(Tool.fixture))
    #expect(sent.status == 0, "\(sent.all)")
    let about = #"{"AET": "COLLIMATOR", "Host": "127.0.0.1", "Port": \#(node.port), "AllowStorageCommitment": true}"#
    try await orthanc.rest("PUT", "/modalities/node", about)
    let identifiers = try await orthanc.rest("GET", "/instances")
    let stored = try await orthanc.rest("POST", "/modalities/node/store", identifiers)
    #expect(stored.contains("\"FailedInstancesCount\" : 0"), "\(stored)\(node.logged)")
    let asked = try await orthanc.rest(
      "POST", "/modalities/node/storage-commitment", "{\"Resources\": \(identifiers)}")
    let id = try #require(JSONSerialization.jsonObject(with: Data(asked.utf8)) as? [String: Any])["ID"] as? String ?? ""
    var answer = ""
    for _ in 0..<100 where !answer.contains("\"Success\"") && !answer.contains("\"Failure\"") {
      answer = try await orthanc.rest("GET", "/storage-commitment/\(id)")
    }
    #expect(answer.contains("\"Status\" : \"Success\""), "\(answer)\(node.logged)")
  }

  private struct Outcome: Decodable {
    struct Failed: Decodable {
      let sopInstanceUID: String
      let reason: String
    }

    let committed: [String]
    let failed: [Failed]
  }

  /// A peer that hangs up right behind its answer to a report has had it: nothing waits for another association.
  @Test func whoHearsAndHangsUpHasHeard() async throws {
    let node = try await filled("--commitment-reports", "same")
    for _ in 0..<4 {
      let result = try await Tool.run(
        Tool.collimator,
        [
          "commit", "--json", "--port", node.port, "--calling", "MOD", Tool.fixture("ct-1.dcm"),
          Tool.fixture("ct-2.dcm"),
        ])
      #expect(result.status == 0, "\(result.all)\(node.logged)")
    }
    var left = ""
    for _ in 0..<100 where left.filter({ !$0.isWhitespace }) != "[]" {
      left = try await node.command("queue", "list", "--json").output
    }
    #expect(left.filter { !$0.isWhitespace } == "[]", "\(left)\(node.logged)")
  }

  /// `collimator commit` hears reports on the association of its request, and on one of the peer's own.
  @Test(pynetdicom, arguments: [false, true])
  func theCommandHearsReports(onNewAssociation: Bool) async throws {
    let (port, back) = try ("\(OtherNode.freePort())", "\(OtherNode.freePort())")
    let process = ChildProcess()
    process.executableURL = URL(filePath: Tool.python)
    process.arguments = [
      "-W", "ignore", Tool.peer("commitment.py"), "0", Tool.fixtures, "serve", port, onNewAssociation ? back : "same",
    ]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    defer { process.endAtOnce() }
    #expect(try output.fileHandleForReading.read(upToCount: 9) == Data("listening".utf8))
    let listening = onNewAssociation ? ["--listen", back, "--listen-address", "127.0.0.1"] : []
    let result = try await Tool.run(
      Tool.collimator,
      ["commit", "--json", "--port", port, "--called", "OTHER", Tool.fixture("ct-1.dcm"), Tool.fixture("ct-2.dcm")]
        + listening)
    let outcome = try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    #expect(outcome.committed.count == 1 && outcome.failed.map(\.reason) == ["0112"], "\(result.all)")
    #expect(result.status != 0)
  }

  private func commitment(_ node: RunningNode, _ task: String, _ arguments: String...) async throws {
    try await commitment(node, task, arguments)
  }

  private func commitment(_ node: RunningNode, _ task: String, _ arguments: [String]) async throws {
    let result = try await Tool.script("commitment.py", [node.port, Tool.fixtures, task] + arguments)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
  }

  private func filled(_ arguments: String...) async throws -> RunningNode {
    let node = try RunningNode()
    let added = try await Tool.run(
      Tool.collimator,
      ["peer", "add", "MOD", "--address", "127.0.0.1", "--may", "store", "--data", node.directory] + arguments)
    #expect(added.status == 0, "\(added.all)")
    let files = try FileManager.default.contentsOfDirectory(atPath: Tool.fixtures).filter { $0.hasSuffix(".dcm") }
    let sent = try await node.send(files.map(Tool.fixture), as: "MOD")
    #expect(sent.allSatisfy { $0.status == "0000" })
    return node
  }
}
