// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What callers can take of the node at most, and what others notice of it.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs python in .venv, or COLLIMATOR_PYTHON"))
struct LimitTests {
  private struct Status: Decodable {
    struct Associations: Decodable {
      struct One: Decodable {
        let callingAETitle: String
        let reason: String?
      }
      let live: [One]
      let refused: [One]
      let refusals: Int
      let accepted: Int
    }
    let associations: Associations
    let residentKiB: Int
  }

  @Test func aPeerGetsItsShareAndOthersTheirs() async throws {
    let node = try await node("--maximum-associations-per-peer", "3")
    try await play("full", "3", node)
    let status = try await status(of: node)
    #expect(status.associations.refused.contains { $0.reason?.contains("this peer has 3 associations") == true })
    #expect(node.stop() == 0)
  }

  /// The node ends within the grace period, however many are connected and whatever they do not do.
  @Test(arguments: [("silent", "1000"), ("deaf", "0")], [1, 2])
  func peersThatDoNothingDoNotKeepTheNodeFromStopping(scenario: (String, String), round: Int) async throws {
    let node = try await node()
    try await play(scenario.0, scenario.1, node, String(node.processIdentifier))
    #expect(node.stop() == 0)
  }

  /// A14: whoever comes and goes leaves nothing behind. COLLIMATOR_CYCLES says how many come at night.
  @Test func comingAndGoingLeavesNothingBehind() async throws {
    let cycles = Int(ProcessInfo.processInfo.environment["COLLIMATOR_CYCLES"] ?? "") ?? 800
    let node = try await node("--log-level", "error")
    let first = try await play("cycles", "\(cycles)", node)
    let before = try await status(of: node)
    let second = try await play("cycles", "\(cycles)", node)
    let after = try await status(of: node)
    // What is on record of them stays in the writer's pages, up to as many as SQLite keeps.
    let pages = min(2 * cycles / 3, 32 << 10)
    #expect(after.residentKiB - before.residentKiB < 6 << 10 + pages)
    // The echoes beside it were accepted, too.
    let echoes = try [first, second].map { said in
      try #require(said.firstMatch(of: #/(\d+) echoes, /#).flatMap { Int($0.output.1) }, "\(said)")
    }
    #expect(after.associations.accepted == 2 * cycles + echoes.reduce(0, +), "\(echoes)")
    #expect(after.associations.refusals == 2 * cycles)
    #expect(after.associations.live.isEmpty)
    #expect(node.stop() == 0)
  }

  /// Titles that are none by the Standard, from peers of whom it is known, and from others.
  @Test func oddTitlesAreTakenFromWhoHasThem() async throws {
    let node = try await node()
    try await node.addPeer("Ä1", may: "store", "--name", "ODD", "--odd-titles")
    try await node.addPeer("", may: "store", "--name", "BLANK", "--odd-titles")
    try await play("odd", "0", node)
    let listed = try await node.command("peer", "list")
    #expect(listed.output.contains("odd titles") && !listed.output.contains("its own transfer syntaxes"))
    let slip = try await node.command("peer", "set", "ODD", "--address", "10.0.4.5/24")
    #expect(slip.status != 0 && slip.errors.contains("the network that it is in is 10.0.4.0/24"), "\(slip.all)")
    #expect(try await node.command("peer", "set", "ODD", "--transfer-syntaxes", "JPEG2000Lossless").status == 0)
    #expect(try await node.command("peer", "list").output.contains("odd titles, its own transfer syntaxes"))
    #expect(node.stop() == 0)
  }

  /// A request of one MiB is read, and not kept.
  @Test func longRequestsAreNotKept() async throws {
    let node = try await node("--log-level", "error")
    try await play("long", "50", node, String(node.processIdentifier))
    #expect(node.stop() == 0)
  }

  /// A release asked for while objects are outstanding is answered after them.
  @Test func nobodyPartsWithoutItsAnswers() async throws {
    let node = try await node()
    try await play("parting", "48", node)
    #expect(node.stop() == 0)
  }

  /// C-CANCEL right behind its C-FIND (PS3.7 §9.3.2.3).
  @Test func whatIsGivenUpIsCancelled() async throws {
    let node = try await node()
    try await play("cancelled", "50", node)
    #expect(node.stop() == 0)
    #expect(!node.logged.contains("query failed"))
  }

  /// An echo or a query that names another SOP class than its presentation context (PS3.7 annex C.5: 0122).
  @Test func anotherSOPClassThanTheContextsIsRefused() async throws {
    let node = try await node()
    try await play("contradictory", "0", node)
    #expect(node.stop() == 0)
  }

  /// Who finds no place for a connection is one refusal, as everybody else who is turned away.
  @Test func aConnectionTooManyIsARefusal() async throws {
    let node = try await node("--maximum-connections", "3")
    try await play("crowded", "3", node)
    let status = try await status(of: node)
    #expect(status.associations.refused.map(\.reason) == ["this node has 3 connections, and takes no more for now"])
    #expect(node.stop() == 0)
    #expect(node.logged.split(separator: "\n").count { $0.contains("connection refused") } == 1)
  }

  @Test func anEndlessIdentifierIsRefused() async throws {
    let node = try await node()
    try await play("keys", "100000", node)
    try await play("keys", "1001", node)
    #expect(node.stop() == 0)
  }

  /// A17.
  @Test func aStoreThatIsCutLeavesNothing() async throws {
    let node = try await node()
    try await play("cut", "0", node)
    #expect(node.stop() == 0)
    #expect(try node.storedFiles().isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(node.directory)/incoming").isEmpty)
  }

  /// Each refusal is one line, whatever its title holds; each line says who, from where and why.
  @Test func refusalsAreOneLineEach() async throws {
    let node = try await node()
    let titles = ["A\r\nB", "%n%s%x", "../../etc", "\u{1B}[31mred"]
    for title in titles {
      try await Tool.run(Tool.python, [Tool.peer("knock.py"), node.port, title])
    }
    let status = try await status(of: node)
    #expect(status.associations.refusals == titles.count)
    #expect(node.stop() == 0)
    let lines = try String(contentsOfFile: node.log, encoding: .utf8).split(whereSeparator: \.isNewline)
    let rejections = lines.filter { $0.contains("association rejected") }
    #expect(rejections.count == titles.count)
    for line in rejections {
      #expect(line.contains("127.0.0.1") && line.contains("no peer has this AE title"))
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }
  }

  /// No title, and no syntax, can be taken for another key of its line.
  @Test func noValueIsTakenForAnotherKey() async throws {
    let node = try await node()
    try await Tool.run(Tool.python, [Tool.peer("knock.py"), node.port, "A from=10.0.0.9"])
    try await Tool.run(Tool.python, [Tool.peer("knock.py"), node.port, "A\" peer=MOD"])
    try await Tool.run(Tool.python, [Tool.peer("knock.py"), node.port, "MOD", "1.2 peer=ADMIN from='9'"])
    #expect(node.stop() == 0)
    #expect(node.logged.contains(#"calling="A from=10.0.0.9""#), "\(node.logged)")
    #expect(node.logged.contains(#"calling="A\u{22} peer=MOD""#), "\(node.logged)")
    #expect(
      node.logged.contains(#"refused="the UID '1.2 peer=ADMIN from=\u{27}9\u{27}', which is none: this node"#),
      "\(node.logged)")
  }

  /// Whoever the upper layer turns away, before anybody could say yes or no, is one refusal and one line too; whoever goes by itself is
  /// none.
  @Test func theUpperLayersRefusalsAreOneLineEach() async throws {
    let node = try await node("--request-timeout", "3")
    try await play("refused", "0", node)
    let status = try await status(of: node)
    #expect(status.associations.refusals == 8)
    #expect(status.associations.refused.count { $0.callingAETitle == "MOD" } == 4)
    #expect(status.associations.refused.count { $0.callingAETitle.isEmpty } == 4)
    #expect(node.stop() == 0)
    let lines = try String(contentsOfFile: node.log, encoding: .utf8).split(whereSeparator: \.isNewline)
    #expect(lines.count { $0.contains("association rejected") } == 8)
  }

  /// COLLIMATOR_MALFORMED says how many come at night.
  @Test func malformedSessionsDoNoHarm() async throws {
    let count = ProcessInfo.processInfo.environment["COLLIMATOR_MALFORMED"] ?? "1500"
    let node = try await node("--log-level", "error")
    try await play("malformed", count, node)
    let status = try await status(of: node)
    #expect(status.associations.live.isEmpty)
    #expect(node.stop() == 0)
  }

  /// Below the reserve nothing is taken (A700), and the operator can see why.
  @Test func statusSaysHowMuchRoomThereIs() async throws {
    let roomy = try await node("--reserve", "1")
    let text = try await roomy.command("status").output
    #expect(
      text.contains("room for objects") && text.contains("1.0 MiB") && !text.contains("refuses objects"), "\(text)")
    let full = try await node("--reserve", "1000000000")
    let said = try await full.command("status").output
    #expect(said.contains("refuses objects until there is space again"), "\(said)")
    #expect(try await full.send([Tool.fixture("ct-1.dcm")], as: "MOD").first?.status?.uppercased() == "A700")
  }

  private func node(_ arguments: String...) async throws -> RunningNode {
    let node = try RunningNode(arguments)
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store,query") }
    return node
  }

  /// What the script said.
  @discardableResult
  private func play(
    _ scenario: String, _ count: String, _ node: RunningNode, _ process: String = "0"
  ) async throws -> String {
    // Where the node has no place for others, or is told to stop, nobody else can echo beside it.
    let isAlone = ["crowded", "silent", "deaf"].contains(scenario)
    let result = try await Tool.script(
      "limits.py", [node.port, scenario, count, process] + (isAlone ? [] : node.watched))
    #expect(result.status == 0, "\(result.all)")
    return result.output
  }

  private func status(of node: RunningNode) async throws -> Status {
    let result = try await node.command("status", "--json")
    return try JSONDecoder().decode(Status.self, from: Data(result.output.utf8))
  }
}
