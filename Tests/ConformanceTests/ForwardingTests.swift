// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// What arrives is sent on: by rules, by grants, and after whatever happens to the node in between.
@Suite struct ForwardingTests {
  private static let dcmtk: ConditionTrait = .enabled(
    if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk")

  @Test(arguments: OtherNode.Kind.installed)
  func whatArrivesIsSentOn(kind: OtherNode.Kind) async throws {
    let node = try RunningNode()
    let other = try await OtherNode(kind)
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("MOD2", may: "store")
    try await node.addPeer(other.title, may: "query", "--port", other.port)
    try await node.command("grant", "add", "--to", other.title, "--everything")
    let added = try await node.command("forward", "add", "--to", other.title, "--from", "MOD", "--modality", "CT")
    #expect(added.status == 0, "\(added.all)")
    for name in ["MOD", "MOD2"] {
      let files = name == "MOD" ? ["ct-1.dcm", "dx-dog.dcm"] : ["ct-2.dcm"]
      #expect(try await node.send(files.map(Tool.fixture), as: name).allSatisfy { $0.status == "0000" })
    }
    try await emptied(node)
    let arrived = try await other.dataSets()
    #expect(arrived.count == 1, "\(node.logged)")
    let record = try #require(try await ended("forwarding", "retrieve", on: node), "\(node.logged)")
    #expect(record.principal == other.title && record.outcome == "success" && record.count == 1)
    #expect(
      record.destination?.contains(other.port) == true && record.detail.contains("rule 1") && record.grants == [1])
    #expect(record.subjects.count == 1 && record.subjects.first?.instances.values.joined().count == 1)
    guard kind != .dcmqrscp && kind != .pynetdicom else { return }
    #expect(arrived == [try DataSetOfFile(path: Tool.fixture("ct-1.dcm")).bytes])
  }

  /// Nothing is lost where the destination is down and the node is killed, and nothing is sent that is not granted.
  @Test func nothingIsLostAndNothingIsShown() async throws {
    let port = try "\(OtherNode.freePort())"
    let node = try await nodeWithDestination(port)
    let files = RetrieveTests.files.map(Tool.fixture)
    #expect(try await node.send(files, as: "MOD").allSatisfy { $0.status == "0000" })
    let study = try RetrieveTests.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    try await node.command("grant", "add", "--to", "NEXT", "--study", study)
    node.kill()
    try node.start()
    #expect(try await queued(node) == files.count, "all of them wait, for a grant or for the destination")
    let receiving = try RunningNode(["--port", port])
    try await receiving.addPeer("COLLIMATOR", may: "store")
    for _ in 0..<100 where try await queued(node) > files.count - 2 {
      try await node.command("queue", "retry", "--all")
    }
    let expected = Set(try ["ct-1.dcm", "ct-2.dcm"].map { try DataSetOfFile(path: Tool.fixture($0)).bytes })
    #expect(Set(try receiving.storedDataSets()) == expected, "\(node.logged)")
    // What is not granted is in no record of what was sent.
    let records = try await AuditTests.records(node, "--kind", "retrieve").filter { $0.act == "forwarding" }
    #expect(!records.isEmpty && records.allSatisfy { $0.principal == "NEXT" })
    #expect(records.allSatisfy { $0.subjects.allSatisfy { $0.studyInstanceUID == study } })
    let left = try await node.command("queue", "list")
    #expect(left.output.contains("the destination has no grant for it"), "\(left.all)")
    let dropped = try await node.command("queue", "drop", "--to", "NEXT")
    #expect(dropped.status == 0)
    #expect(try await queued(node) == 0)
    #expect(try await node.command("forward", "remove", "1").status == 0)
    #expect(try await node.send([Tool.fixture("ct-3.dcm")], as: "MOD").map(\.status) == ["0000"])
    #expect(try await queued(node) == 0)
  }

  /// Moves and what is sent on, over TLS with a client certificate, on four associations; then fetched from there.
  @Test(dcmtk, arguments: [[], ["--move"]]) func overTLSAndBack(fetching: [String]) async throws {
    let certificates = try await TestCertificates()
    let receiving = try RunningNode(certificates.server("server", certificates.clients("require")))
    try await receiving.addPeer("COLLIMATOR", may: "store,query,retrieve", "--tls", "--port", "1")
    try await receiving.command("grant", "add", "--to", "COLLIMATOR", "--everything")
    let call = certificates.callOfAPeer
    let node = try await nodeWithDestination(receiving.tlsPort, call + ["--associations", "4"])
    let test = try await node.command("peer", "test", "NEXT")
    #expect(test.status == 0 && test.output.contains("is alive over TLS"), "\(test.all)")
    try await node.command("grant", "add", "--to", "NEXT", "--everything")
    let many = try ManyObjects(count: 40)
    #expect(try await node.send([many.path], as: "MOD").allSatisfy { $0.status == "0000" })
    try await emptied(node)
    #expect(Set(try receiving.storedDataSets()) == Set(try many.dataSets()), "\(node.logged)")
    try await node.addPeer("WS", may: "retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let study = try RetrieveTests.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    let moved = try await Tool.run(
      Tool.collimator,
      ["move", "--json", "--calling", "WS", "--port", node.port, "--study", study, "--to", "COLLIMATOR"])
    #expect(moved.status == 0 && moved.output.contains("\"completed\" : 40"), "\(moved.all)\(node.logged)")
    let empty = try await nodeWithDestination(receiving.tlsPort, call)
    if !fetching.isEmpty {
      try await receiving.command("peer", "set", "COLLIMATOR", "--port", empty.port, "--no-tls")
      // The other archive calls back as COLLIMATOR too.
      try await empty.command("peer", "set", "NEXT", "--may", "store")
    }
    let found = try await empty.command(
      "remote", "find", "NEXT", "-k", "StudyInstanceUID=\(study)", "-k", "NumberOfStudyRelatedInstances")
    #expect(found.output.contains("\(study)  40\n"), "\(found.all)")
    let fetched = try await Tool.run(
      Tool.collimator, ["remote", "fetch", "NEXT", "--study", study, "--data", empty.directory] + fetching)
    #expect(fetched.status == 0 && fetched.output.contains("40 of 40"), "\(fetched.all)\(receiving.logged)")
    #expect(Set(try empty.storedDataSets()) == Set(try many.dataSets()))
    let asked = try #require(try await ended("remote find", "query", on: empty))
    #expect(asked.actor == "operator" && asked.destination == "NEXT" && asked.count == 1)
    let brought = try #require(try await ended("remote fetch", "operation", on: empty))
    #expect(brought.actor == "operator" && brought.destination == "NEXT" && brought.count == 40)
    #expect(brought.outcome == "success" && brought.subjects.map(\.studyInstanceUID) == [study])
    let nowhere = try await empty.command("remote", "fetch", "NEXT", "--study", "1.2.3.4.5")
    #expect(nowhere.status != 0)
    #expect(try await ended("remote fetch", "operation", on: empty)?.outcome == "failed")
  }

  /// The last record of how something ended; it may come a moment after its effect.
  private func ended(_ act: String, _ kind: String, on node: RunningNode) async throws -> AuditTests.Record? {
    for _ in 0..<100 {
      let records = try await AuditTests.records(node, "--kind", kind).filter { $0.act == act }
      if let last = records.last, last.outcome != "began" { return last }
    }
    return nil
  }

  private func nodeWithDestination(_ port: String, _ more: [String] = []) async throws -> RunningNode {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let peer = [
      "peer", "add", "COLLIMATOR", "--name", "NEXT", "--address", "127.0.0.1", "--port", port, "--may", "query",
    ]
    let added = try await Tool.run(Tool.collimator, peer + more + ["--data", node.directory])
    #expect(added.status == 0, "\(added.all)")
    let rule = try await node.command("forward", "add", "--to", "NEXT")
    #expect(rule.status == 0, "\(rule.all)")
    return node
  }

  private struct Entry: Decodable { let kind: String }

  private func queued(_ node: RunningNode) async throws -> Int {
    let listing = try await node.command("queue", "list", "--json")
    return try JSONDecoder().decode([Entry].self, from: Data(listing.output.utf8)).count
  }

  private func emptied(_ node: RunningNode) async throws {
    for _ in 0..<100 where try await queued(node) > 0 { try await node.command("queue", "retry", "--all") }
    #expect(try await queued(node) == 0, "\(node.logged)")
  }
}
