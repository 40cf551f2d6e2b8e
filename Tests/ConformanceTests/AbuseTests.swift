// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What peers make of associations that were accepted (Peers/abused.py plays them), and what is known of it afterwards.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs python in .venv, or COLLIMATOR_PYTHON"))
struct AbuseTests {
  private struct Status: Decodable {
    struct Associations: Decodable {
      struct Refused: Decodable {
        let callingAETitle: String
        let reason: String
        let at: String
      }
      let refused: [Refused]
    }
    let associations: Associations
  }

  /// Each leaves one entry and one line, which says who it was and why.
  @Test(
    arguments: [
      ("unknown_pdu", "PDU type 153 does not exist"), ("wrong_context", "presentation context 99"),
      ("early", "P-DATA-TF is not expected now"),
      ("idle", "nothing was sent"), ("unread", "has not been read"),
    ] as [(String, String)])
  func eachBreachIsOneEvent(abuse: String, why: String) async throws {
    let node = try await node("--idle-timeout", abuse == "idle" ? "2" : "600", "--write-timeout", "2")
    try await play(abuse, node)
    try await expectOneEvent(why, node)
    #expect(node.stop() == 0)
  }

  @Test func statusShowsTheLimitsInEffect() async throws {
    let node = try await node(
      "--minimum-throughput", "0", "--data-grace-period", "7", "--maximum-pdu-length-tolerance", "4096",
      "--request-memory", "8", "--maximum-associations-per-peer", "77", "--reserved-associations", "3",
      "--answer-timeout", "21",
      "--maximum-retrieves", "20", "--maximum-retrieves-per-peer", "5", "--maximum-outgoing-associations", "30",
      "--maximum-outgoing-associations-per-peer", "6")
    let shown = try await node.command("status", "--json")
    let status = try #require(JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any])
    let limits = try #require(status["limits"] as? [String: Any])
    let memory = try #require(limits["requestMemory"] as? [String: Int])
    #expect(memory == ["taken": 0, "atMost": 8 << 20, "perAddress": 2 << 20])
    for (name, value) in [
      ("minimumThroughput", 0), ("dataGracePeriod", 7), ("maximumPDULengthTolerance", 4096),
      ("associationsPerPeer", 77), ("reserved", 3), ("requestTimeout", 30), ("idleTimeout", 600), ("pduTimeout", 120),
      ("writeTimeout", 60), ("maximumPDULength", 131_072),
      ("answerTimeout", 21), ("retrieves", 20), ("retrievesPerPeer", 5), ("outgoing", 30), ("outgoingPerPeer", 6),
      ("retrievesNow", 0), ("outgoingNow", 0),
    ] {
      #expect(limits[name] as? Int == value, "\(name)")
    }
    let words = try await node.command("status").output
    #expect(words.contains("no bound") && words.contains("4 KiB more are borne"), "\(words)")
    #expect(node.stop() == 0)
  }

  /// No address takes all the memory that there is for long requests.
  @Test func anAddressGetsItsShareOfTheMemoryForRequests() async throws {
    let node = try await node("--request-memory", "4")
    try await play("shares", node)
    #expect(node.stop() == 0)
    #expect(node.logged.contains("the memory that one address gets for long association requests is in use"))
  }

  /// What was refused, or was never asked for, is not taken without end.
  @Test(arguments: ["long_identifier", "unasked_response"])
  func whatNobodyWantsIsNotTakenWithoutEnd(abuse: String) async throws {
    let node = try await node()
    try await play(abuse, node)
    try await expectOneEvent("a data set that was refused, or not asked for", node)
    #expect(node.stop() == 0)
  }

  /// Whoever is refused on and on does not fill the disk with the log of it.
  @Test func aThousandRefusedOperationsAreNamed() async throws {
    let node = try await node()
    try await play("refused_often", node)
    #expect(try await node.says("1000 operations were refused on this association", times: 1))
    #expect(node.stop() == 0)
    #expect(node.logged.components(separatedBy: "C-ECHO-RQ refused: ").count - 1 == 1000)
  }

  private func node(_ arguments: String...) async throws -> RunningNode {
    let node = try RunningNode(arguments)
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store,query") }
    return node
  }

  private func play(_ abuse: String, _ node: RunningNode) async throws {
    let result = try await Tool.script("abused.py", [node.port, abuse] + node.watched)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
  }

  private func expectOneEvent(_ why: String, _ node: RunningNode) async throws {
    #expect(try await node.says("association ended by this node"))
    let status = try await JSONDecoder().decode(
      Status.self, from: Data(node.command("status", "--json").output.utf8))
    #expect(status.associations.refused.map(\.callingAETitle) == ["MOD"])
    #expect(status.associations.refused.first?.reason.contains(why) == true, "\(status)")
    let at = try Date(#require(status.associations.refused.first).at, strategy: .iso8601)
    #expect(abs(at.timeIntervalSinceNow) < 600)
    let lines = node.logged.split(separator: "\n").filter { $0.contains("association ended by this node") }
    #expect(lines.count == 1)
    #expect(lines.first?.contains(why) == true && lines.first?.contains("peer=MOD") == true, "\(lines)")
  }
}
