// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Over the network: once `grant revoke` has returned, nothing more is told or sent.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
struct RevocationTests {
  private static let matches = 30_000

  @Test(arguments: ["fast", "slow"])
  func nothingIsToldOnceItHasReturned(mode: String) async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query")
    #expect(try await node.send([Tool.fixture("ct-1.dcm")], as: "MOD").map(\.status) == ["0000"])
    #expect(node.stop() == 0)
    let made = try await Tool.script("multiplied.py", [node.directory, "\(Self.matches)"])
    let place = made.output.split(whereSeparator: \.isWhitespace).map(String.init)
    try #require(place.count == 2, "\(made.all)")
    try node.start()
    let result = try await Tool.script(
      "revoked.py", [mode, node.port, node.directory, Tool.collimator] + place)
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }

  /// COLLIMATOR_OBJECTS says how many objects are asked for at night.
  @Test func nothingIsSentOnceItHasReturned() async throws {
    let count = Int(ProcessInfo.processInfo.environment["COLLIMATOR_OBJECTS"] ?? "") ?? 20
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query,retrieve")
    let objects = try ManyObjects(count: count)
    let paths = (0..<count).map { "\(objects.path)/\($0).dcm" }
    #expect(try await node.send(paths, as: "MOD").allSatisfy { $0.status == "0000" })
    let made = try await Tool.script("multiplied.py", [node.directory, "1"])
    let study = String(made.output.prefix { $0 != " " })
    let result = try await Tool.script("revoked.py", ["get", node.port, node.directory, Tool.collimator, study])
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }
}
