// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// Receivers that refuse, hang up, do not answer, or cannot bear an object (Peers/receivers.py): none hides what it was sent, and
/// none keeps the others from theirs.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
struct ReceiverTests {
  private static let count = 12

  /// Whoever read an object is in the audit with it, whatever they answered.
  @Test(arguments: [("refuse", "failed", count), ("hang_up", "failed", 3)] as [(String, String, Int)])
  func whoReadsIsOnRecord(task: String, outcome: String, seen: Int) async throws {
    let (node, study, _) = try await filled()
    try await play(task, node, study, "\(Self.count)")
    let record = try #require(try await ended("C-GET", node))
    #expect(record.outcome == outcome && record.principal == "WS")
    #expect(record.subjects.flatMap { $0.instances.values.joined() }.count == seen, "\(record)")
    let viewers = try await node.command("audit", "who-saw", record.subjects.first?.patientID ?? "")
    #expect(viewers.output.contains("WS"), "\(viewers.all)")
  }

  /// A C-CANCEL breaks off no object: what the destination took is counted and on record.
  @Test func whatWasDeliveredBeforeACancelCounts() async throws {
    let (node, study, port) = try await filled()
    let played = try await play("cancel", node, study, "\(Self.count)", port)
    let record = try #require(try await ended("C-MOVE", node))
    let completed = Int(played.prefix { $0 != " " })
    #expect(record.outcome == "cancelled" && record.count == completed, "\(record) \(played)")
    #expect(record.subjects.flatMap { $0.instances.values.joined() }.count == completed)
  }

  /// One object at which the destination hangs up fails alone.
  @Test func oneBadObjectFailsAlone() async throws {
    let (node, study, port) = try await filled()
    try await play("move_choosy", node, study, "\(Self.count)", port)
  }

  /// The same of what is sent on: the others go, and the one waits behind them with its own attempts.
  @Test func oneBadObjectKeepsNoneFromBeingSentOn() async throws {
    let node = try RunningNode()
    let port = try "\(OtherNode.freePort())"
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query", "--port", port)
    try await node.command("grant", "add", "--to", "WS", "--everything")
    try await node.command("forward", "add", "--to", "WS", "--from", "MOD")
    let process = ChildProcess()
    process.executableURL = URL(filePath: Tool.python)
    process.arguments = ["-W", "ignore", Tool.peer("receivers.py"), node.port, "serve_choosy", "1.2", "0", port]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    defer { process.endAtOnce() }
    #expect(try output.fileHandleForReading.read(upToCount: 10) == Data("listening\n".utf8))
    let objects = try ManyObjects(count: Self.count)
    #expect(try await node.send([objects.path], as: "MOD").allSatisfy { $0.status == "0000" })
    var left: [Entry] = []
    for _ in 0..<200 {
      let listing = try await node.command("queue", "list", "--json")
      left = try JSONDecoder().decode([Entry].self, from: Data(listing.output.utf8))
      if left.count == 1, left[0].attempts > 0 { break }
    }
    #expect(left.count == 1 && left.first?.attempts ?? 0 > 0, "\(left)\(node.logged)")
    #expect(left.first?.lastFailure?.contains("hung up at it") == true, "\(left)")
    try input.fileHandleForWriting.close()
    let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    #expect(said.hasPrefix("\(Self.count - 1) "), "\(said)")
    #expect(said.contains(left.first?.what ?? "?"))
    #expect(node.stop() == 0)
  }

  /// Nobody keeps a retrieve open by saying other things than its answer.
  @Test func whoNeverAnswersIsNotWaitedFor() async throws {
    let (node, study, _) = try await filled("--answer-timeout", "2")
    try await play("silent", node, study, "2")
    #expect(try await node.says("no answer in 2 s"))
    // It is the node's doing, for the peer's omission: one refusal, in words.
    #expect(try await node.says("association ended by this node: timed out: no answer in 2 s", times: 1))
    let record = try #require(try await ended("C-GET", node))
    #expect(record.outcome == "failed" && record.subjects.flatMap { $0.instances.values.joined() }.count == 1)
  }

  /// A46: a grant that ends by itself in the midst of a C-GET.
  @Test func aGrantEndsByItselfInTheMidst() async throws {
    let (node, study, _) = try await filled(grants: false)
    let formatter = ISO8601DateFormatter()
    // Times to the second; on a machine that is busy the first may pass before the first object went.
    for seconds in [5.0, 20, 80, 320] {
      let end = (Date().timeIntervalSince1970 + seconds).rounded(.down)
      let granted = try await node.command(
        "grant", "add", "--to", "WS", "--study", study, "--until",
        formatter.string(from: Date(timeIntervalSince1970: end)))
      #expect(granted.status == 0, "\(granted.all)")
      let result = try await Tool.script("receivers.py", [node.port, "expiring", study, "\(Self.count)", "\(end)"])
      if result.status == 3 { continue }
      #expect(result.status == 0, "\(result.all)\(node.logged)")
      return
    }
    Issue.record("each grant had ended before three objects went")
  }

  private struct Entry: Decodable {
    let what: String
    let attempts: Int
    let lastFailure: String?
  }

  private func ended(_ act: String, _ node: RunningNode) async throws -> AuditTests.Record? {
    for _ in 0..<100 {
      let records = try await AuditTests.records(node, "--kind", "retrieve").filter { $0.act == act }
      if let last = records.last, last.outcome != "began" { return last }
    }
    return nil
  }

  @discardableResult
  private func play(_ task: String, _ node: RunningNode, _ study: String, _ more: String...) async throws -> String {
    let result = try await Tool.script("receivers.py", [node.port, task, study] + more)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    return result.output
  }

  private func filled(
    _ arguments: String..., grants: Bool = true
  ) async throws -> (node: RunningNode, study: String, port: String) {
    let node = try RunningNode(arguments)
    let port = try "\(OtherNode.freePort())"
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query,retrieve", "--port", port)
    if grants { try await node.command("grant", "add", "--to", "WS", "--everything") }
    let objects = try ManyObjects(count: Self.count)
    #expect(try await node.send([objects.path], as: "MOD").allSatisfy { $0.status == "0000" })
    return (node, try RetrieveTests.studyInstanceUID(of: Tool.fixture("ct-1.dcm")), port)
  }
}
