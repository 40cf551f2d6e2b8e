// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A16, over the network: who asks for very much, and does not read (Peers/unread.py). COLLIMATOR_ROWS says how many rows there
/// are at night.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
struct UnreadAnswersTests {
  private static let rows = Int(ProcessInfo.processInfo.environment["COLLIMATOR_ROWS"] ?? "") ?? 100_000

  @Test func answersToAQueryThatNobodyReads() async throws {
    try await play("find", of: Self.rows, with: Tool.fixture("ct-1.dcm"), [])
  }

  /// Objects of four MiB, so that one of them is more than the sockets on the way take.
  @Test func objectsOfARetrieveThatNobodyReads() async throws {
    let folder = try TemporaryFolder()
    let script = """
      import sys, pydicom
      ds = pydicom.dcmread(sys.argv[1])
      ds.Rows = ds.Columns = 1448
      ds.PixelData = bytes(1448 * 1448 * ds.BitsAllocated // 8)
      ds.save_as(sys.argv[2])
      """
    let made = try await Tool.run(Tool.python, ["-c", script, Tool.fixture("ct-1.dcm"), "\(folder.path)/large.dcm"])
    #expect(made.status == 0, "\(made.all)")
    // Of more than 65,535 there could be no count (PS3.7 C.4.2).
    try await play("get", of: min(60_000, Self.rows / 10), with: "\(folder.path)/large.dcm", ["linked"])
  }

  private func play(_ service: String, of rows: Int, with file: String, _ more: [String]) async throws {
    let node = try RunningNode(["--write-timeout", "2"])
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store,query,retrieve") }
    try await node.command("grant", "add", "--to", "MOD", "--everything")
    #expect(try await node.send([file], as: "MOD").map(\.status) == ["0000"])
    #expect(node.stop() == 0)
    let made = try await Tool.script("multiplied.py", [node.directory, "\(rows)"] + more)
    let place = made.output.split(whereSeparator: \.isWhitespace).map(String.init)
    try #require(place.count == 2, "\(made.all)")
    try node.start()
    let result = try await Tool.script("unread.py", [node.port, service] + place + ["2"] + node.watched)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    #expect(node.stop() == 0)
  }
}
