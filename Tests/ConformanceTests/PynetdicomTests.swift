// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
struct PynetdicomTests {
  /// Peers/hostile.py plays what no honest peer does, under the oracle of all attacks: Peers/oracle.py.
  @Test func hostilePeersAreTurnedAway() async throws {
    let node = try RunningNode()
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store,query") }
    let result = try await Tool.script("hostile.py", [node.port] + node.watched)
    #expect(result.status == 0, "\(result.all)")
    #expect(try node.storedDataSets().isEmpty)
    #expect(node.stop() == 0)
  }

  /// Peers/services.py stores and queries as pynetdicom does, and judges the answers.
  @Test func pynetdicomIsServed() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store,query")
    try await node.command("grant", "add", "--to", "MOD", "--everything")
    let result = try await Tool.script("services.py", [node.port, Tool.fixtures])
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }

  /// Peers/negotiation.py: roles, extended negotiation of both kinds, and a window of which use is made.
  @Test func whatIsNegotiatedIsUsed() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store,query", "--private-sop-classes")
    let result = try await Tool.script("negotiation.py", [node.port, Tool.fixtures])
    #expect(result.status == 0, "\(result.all)")
    #expect(try node.storedDataSets().count == 20)
    #expect(node.stop() == 0)
  }

  /// Peers/answers.py: `echo` says of each failure what it is, and what can be done.
  @Test func echoExplainsEachFailure() async throws {
    let result = try await Tool.script("answers.py", [Tool.collimator, Tool.fixture("ct-1.dcm")])
    #expect(result.status == 0, "\(result.all)")
  }
}
