// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A43: what is hidden and what is nowhere, in turns. COLLIMATOR_PAIRS says how often at night.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
struct HiddenAnswersTests {
  private static let pairs = ProcessInfo.processInfo.environment["COLLIMATOR_PAIRS"] ?? "25"

  /// Peers/indistinguishable.py.
  @Test func theHiddenIsAnsweredAsTheNonexistent() async throws {
    let node = try RunningNode()
    let port = try OtherNode.freePort()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query,retrieve")
    try await node.addPeer("DEST", may: "query", "--port", "\(port)")
    #expect(try await node.send([Tool.fixture("ct-1.dcm"), Tool.fixture("dx-dog.dcm")], as: "MOD").count == 2)
    let dog = try RetrieveTests.studyInstanceUID(of: Tool.fixture("dx-dog.dcm"))
    try await node.command("grant", "add", "--to", "WS", "--study", dog)
    try await node.command("grant", "add", "--to", "DEST", "--everything")
    let result = try await Tool.script(
      "indistinguishable.py", [node.port, Tool.fixture("ct-1.dcm"), "DEST", "\(port)", Self.pairs])
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    #expect(node.stop() == 0)
  }
}
