// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct DurabilityTests {
  /// The node is killed while objects arrive: each that was acknowledged is there afterwards, in the store and in the
  /// index, and none is half there.
  @Test(
    .enabled(if: Tool.hasPynetdicom && Tool.hasDCMTK, "needs pynetdicom and DCMTK's tools"), arguments: [3, 11, 29])
  func whatWasAcknowledgedSurvivesAKill(after count: Int) async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("ALL", may: "query")
    try await node.command("grant", "add", "--to", "ALL", "--everything")
    let folder = try ManyObjects(count: 60)
    let log = folder.path + "/acknowledged.log"
    let sending = Task { [port = node.port, path = folder.path] in
      try await Tool.script("acknowledged.py", [port, path, log])
    }
    try await waitUntil(400) { try Self.acknowledged(log).count >= count }
    node.kill()
    _ = try await sending.value
    let acknowledged = try Self.acknowledged(log)
    #expect(acknowledged.count >= count)
    try node.start()
    let sent = Set(try folder.dataSets())
    #expect(try node.storedDataSets().allSatisfy(sent.contains))
    #expect(acknowledged.isSubset(of: try await Self.indexed(by: node)))
    // Sent again, all are there, each once.
    #expect(
      try await node.send([folder.path], as: "MOD").allSatisfy { $0.status == "0000" || $0.path.hasSuffix(".log") })
    #expect(try node.storedDataSets().count == sent.count)
    #expect(Set(try node.storedDataSets()) == sent)
    #expect(node.stop() == 0)
  }

  private static func acknowledged(_ log: String) throws -> Set<String> {
    guard FileManager.default.fileExists(atPath: log) else { return [] }
    let text = try String(contentsOfFile: log, encoding: .utf8)
    // A line without its end was not written in full.
    return Set(text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init))
  }

  private static func indexed(by node: RunningNode) async throws -> Set<String> {
    let studies = try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "ALL", model: "-S")
    let study = "StudyInstanceUID=\(studies.first ?? "")"
    let series = try await node.find(
      "SeriesInstanceUID", tag: "0020,000e", at: "SERIES", as: "ALL", [study], model: "-S")
    let keys = [study, "SeriesInstanceUID=\(series.first ?? "")"]
    return Set(try await node.find("SOPInstanceUID", tag: "0008,0018", at: "IMAGE", as: "ALL", keys, model: "-S"))
  }

  /// Looks again each time another task had its turn, for at most so many seconds.
  private func waitUntil(_ seconds: Double, _ holds: () throws -> Bool) async throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while try !holds(), Date() < end { await Task.yield() }
  }

  /// An association that is open does not keep the node from stopping.
  @Test func anOpenAssociationIsAbortedInTime() async throws {
    let node = try RunningNode()
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = try #require(UInt16(node.port)).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(connected == 0)
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
