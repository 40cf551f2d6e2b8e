// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// This node's own calls, answered by everybody else's servers.
@Suite struct OtherNodeTests {
  /// One of each: what the servers of the field all take.
  private static let files = ["ct-1.dcm", "dx-dog.dcm", "mr-japanese.dcm", "us-multiframe.dcm"]

  @Test(arguments: OtherNode.Kind.installed)
  func whatIsSentArrivesAsItIs(kind: OtherNode.Kind) async throws {
    let other = try await OtherNode(kind)
    let result = try await other.command("send", ["--json"] + Self.files.map(Tool.fixture))
    #expect(result.status == 0, "\(result.all)")
    let sent = try JSONDecoder().decode([SentFile].self, from: Data(result.output.utf8))
    #expect(sent.map(\.status) == Array(repeating: "0000", count: Self.files.count))
    guard kind != .dcmqrscp && kind != .pynetdicom else {
      // These write what they understood of it.
      #expect(try await other.dataSets().count == Self.files.count)
      return
    }
    let originals = try Self.files.map { try DataSetOfFile(path: Tool.fixture($0)).bytes }
    #expect(try await Set(other.dataSets()) == Set(originals))
  }

  /// Eight are on the way at once where the server agrees; where it does not, one.
  @Test func aWindowIsUsedWhereTheServerHasOne() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let files = try FileManager.default.contentsOfDirectory(atPath: Tool.fixtures)
      .filter { $0.hasSuffix(".dcm") && $0 != "hanging-protocol.dcm" }.map(Tool.fixture)
    let arguments = ["send", "--json", "--calling", "MOD", "--outstanding", "8", "--port"]
    let own = try await Tool.run(Tool.collimator, arguments + [node.port] + files)
    #expect(own.status == 0, "\(own.all)")
    #expect(try node.storedFiles().count == files.count)
    guard OtherNode.Kind.storescp.isInstalled else { return }
    let other = try await OtherNode(.storescp)
    let result = try await Tool.run(
      Tool.collimator, arguments + [other.port] + Self.files.map(Tool.fixture))
    #expect(result.status == 0, "\(result.all)")
  }

  @Test(arguments: OtherNode.Kind.installed.filter(\.canBeQueried))
  func whatWasSentIsFound(kind: OtherNode.Kind) async throws {
    let other = try await OtherNode(kind)
    let sent = try await other.command("send", Self.files.map(Tool.fixture))
    #expect(sent.status == 0, "\(sent.all)")
    let found = try await other.command("find", ["--json", "-k", "StudyInstanceUID", "-k", "PatientName"])
    #expect(found.status == 0, "\(found.all)")
    let answers = try #require(
      try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]])
    #expect(answers.count == Self.files.count)
    // Orthanc answers in the character set of its own choice, which has no such name.
    #expect(kind == .orthanc || found.output.contains("山田"))
  }

  /// What went wrong, and what to do about it.
  @Test func aFailureSaysWhy() async throws {
    let nobody = try await Tool.run(Tool.collimator, ["echo", "--port", "1"])
    #expect(nobody.status != 0)
    #expect(nobody.errors.contains("127.0.0.1:1") && nobody.errors.lowercased().contains("refused"))
    let node = try RunningNode()
    let stranger = try await Tool.run(Tool.collimator, ["echo", "--port", node.port, "--calling", "STRANGER"])
    #expect(stranger.status != 0)
    #expect(stranger.errors.contains("STRANGER") && stranger.errors.contains("calling AE title"))
    let wrong = try await Tool.run(Tool.collimator, ["echo", "--port", node.port, "--called", "WRONG"])
    #expect(wrong.errors.contains("WRONG") && wrong.errors.contains("called AE title"))
  }
}
