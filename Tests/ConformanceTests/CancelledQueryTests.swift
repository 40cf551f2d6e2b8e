// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
struct CancelledQueryTests {
  /// Far more than the buffers on the way take.
  private static let rows = 60_000

  /// A broad query is given up after its first page: Peers/cancelled_query.py.
  @Test func aCancelledQueryEndsAtOnce() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store,query")
    try await node.command("grant", "add", "--to", "MOD", "--everything")
    #expect(try await node.send([Tool.fixture("ct-1.dcm")], as: "MOD").map(\.status) == ["0000"])
    #expect(node.stop() == 0)
    let made = try await Tool.script("multiplied.py", [node.directory, "\(Self.rows)"])
    let place = made.output.split(whereSeparator: \.isWhitespace).map(String.init)
    try #require(place.count == 2, "\(made.all)")
    try node.start()
    let result = try await Tool.script("cancelled_query.py", [node.port] + place + ["\(Self.rows)"])
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    #expect(node.stop() == 0)
  }
}
