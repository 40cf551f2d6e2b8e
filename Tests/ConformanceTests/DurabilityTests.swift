// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct DurabilityTests {
  /// The node is killed while objects arrive: each that was acknowledged is there afterwards, none is half there.
  @Test(arguments: [3, 11, 29])
  func whatWasAcknowledgedSurvivesAKill(after count: Int) async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let folder = try ManyObjects(count: 60)
    let sender = Process()
    sender.executableURL = URL(filePath: Tool.collimator)
    sender.arguments = ["send", "--json", "--calling", "MOD", "--port", node.port, folder.path]
    sender.standardOutput = FileHandle.nullDevice
    sender.standardError = FileHandle.nullDevice
    try sender.run()
    // What is in its place may have been acknowledged by now; wait for some of it, as long as the sender goes on.
    while sender.isRunning, try node.storedFiles().count < count { continue }
    node.kill()
    sender.waitUntilExit()
    try node.start()
    let kept = try node.storedDataSets()
    let sent = Set(try folder.dataSets())
    #expect(kept.count >= count)
    #expect(kept.allSatisfy(sent.contains))
    // Sent again, all are there, each once.
    #expect(try await node.send([folder.path], as: "MOD").allSatisfy { $0.status == "0000" })
    #expect(Set(try node.storedDataSets()) == sent)
    #expect(try node.storedDataSets().count == sent.count)
    #expect(node.stop() == 0)
  }

  @Test func oneNodeOwnsADirectory() async throws {
    let node = try RunningNode()
    let second = try await Tool.run(Tool.collimator, ["serve", "--data", node.directory, "--port", "0"])
    #expect(second.status != 0)
    #expect(second.errors.contains("another process owns"))
  }

  @Test func administrationWorksWithAndWithoutTheNode() async throws {
    let node = try RunningNode()
    try await node.addPeer("WITH", may: "store")
    #expect(node.stop() == 0)
    try await node.addPeer("WITHOUT", may: "query,retrieve")
    try node.start()
    let list = try await node.command("peer", "list", "--json")
    #expect(list.output.contains("\"WITH\""))
    #expect(list.output.contains("\"WITHOUT\""))
  }
}

/// Copies of a fixture with other SOP Instance UIDs of the same length, in a folder of its own.
private struct ManyObjects: ~Copyable {
  let path: String

  init(count: Int) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "collimator-many-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let template = try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm")))
    // The first UID under 2.25 is the instance's, in group 0002; it stands in the data set again.
    let text = String(decoding: template, as: Unicode.ASCII.self)
    let uid = try #require(text.firstMatch(of: /2\.25\.\d+/)).output
    for number in 0..<count {
      var copy = template
      let other = Data("\(uid.dropLast(4))\(1000 + number)".utf8)
      for _ in 0..<2 {
        let found = try #require(copy.range(of: Data(uid.utf8)))
        copy.replaceSubrange(found, with: other)
      }
      try copy.write(to: URL(filePath: "\(path)/\(number).dcm"))
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func dataSets() throws -> [Data] {
    try FileManager.default.contentsOfDirectory(atPath: path).map { try DataSetOfFile(path: "\(path)/\($0)").bytes }
  }
}
