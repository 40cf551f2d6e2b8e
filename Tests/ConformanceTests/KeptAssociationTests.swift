// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What is sent on now and then goes over one association, as long as it is there and fits.
@Suite struct KeptAssociationTests {
  private static let pynetdicom: ConditionTrait = .enabled(
    if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON")

  /// Objects that arrive one after the other need one association, in the clear and over TLS; where none is kept, one each.
  @Test(pynetdicom, arguments: [("600", false), ("600", true), ("0", false)] as [(String, Bool)])
  func oneAssociationServesManyObjects(seconds: String, overTLS: Bool) async throws {
    let (node, other) = try await forwarding(
      to: OtherNode(
        .pynetdicom, over: overTLS ? TestCertificates() : nil, options: ["none"]), ["--keep-associations", seconds])
    let many = try ManyObjects(count: 8)
    for number in 0..<8 { try await forward("\(many.path)/\(number).dcm", by: node) }
    #expect(try await Set(other.dataSets()) == Set(many.dataSets()))
    // The first asked whether the server is there.
    #expect(other.said.count { $0 == "association" } - 1 == (seconds == "0" ? 8 : 1), "\(node.logged)")
    #expect(other.said.count { $0.hasPrefix("stored") } == 8 && !other.said.contains { $0.hasPrefix("again") })
    // A kept association keeps no node from its end.
    #expect(node.stop() == 0)
  }

  /// The server hung up in between, or does so instead of an answer to a second object: the next object gets there all the
  /// same, at once, and none is sent twice that was answered.
  @Test(pynetdicom, arguments: ["closes", "hangs-up"])
  func whatWasHungUpOnIsOpenedAnew(habit: String) async throws {
    let (node, other) = try await forwarding(
      to: OtherNode(.pynetdicom, options: [habit]), ["--keep-associations", "600"])
    let many = try ManyObjects(count: 6)
    for number in 0..<6 { try await forward("\(many.path)/\(number).dcm", by: node) }
    #expect(try await Set(other.dataSets()) == Set(many.dataSets()))
    #expect(other.said.count { $0.hasPrefix("stored") } == 6 && !other.said.contains { $0.hasPrefix("again") })
    #expect(!node.logged.contains("the association with the destination"), "\(node.logged)")
    #expect(node.stop() == 0)
  }

  /// Another node that stops, and another time starts, in between.
  @Test func aDestinationThatStartedAnewIsCalledAnew() async throws {
    let port = try "\(OtherNode.freePort())"
    let receiving = try RunningNode(["--port", port])
    try await receiving.addPeer("COLLIMATOR", may: "store")
    let node = try RunningNode(["--keep-associations", "600"])
    try await prepare(node, "NEXT", ["COLLIMATOR", "--name", "NEXT", "--address", "127.0.0.1", "--port", port])
    let many = try ManyObjects(count: 4)
    for number in 0..<4 {
      if number == 2 {
        #expect(receiving.stop() == 0)
        try receiving.start()
      }
      try await forward("\(many.path)/\(number).dcm", by: node)
    }
    #expect(try Set(receiving.storedDataSets()) == Set(many.dataSets()))
  }

  /// What is sent on takes places as other calls do: never more associations than one peer may have, whatever it could take.
  @Test(pynetdicom, arguments: ["600", "0"]) func aPeerHasNoMoreThanItsPlaces(seconds: String) async throws {
    let other = try await OtherNode(.pynetdicom, options: ["none"])
    let node = try RunningNode(
      ["--keep-associations", seconds, "--maximum-outgoing-associations-per-peer", "2"])
    // Nobody is there yet: all go at the same time once somebody is.
    let address = ["--address", "127.0.0.1", "--port", "\(try OtherNode.freePort())", "--associations", "8"]
    try await prepare(node, other.title, [other.title] + address)
    let many = try ManyObjects(count: 40)
    let sent = try await node.send((0..<40).map { "\(many.path)/\($0).dcm" }, as: "MOD")
    #expect(sent.allSatisfy { $0.status == "0000" })
    #expect(try await queued(node) == 40)
    #expect(try await node.command("peer", "set", other.title, "--port", other.port).status == 0)
    for _ in 0..<1_000 {
      guard try await queued(node) > 0 else { break }
      try await node.command("queue", "retry", "--all")
    }
    #expect(try await Set(other.dataSets()) == Set(many.dataSets()))
    let most = other.said.filter { $0.hasPrefix("at once ") }.compactMap { Int($0.dropFirst(8)) }.max() ?? 0
    #expect((1...2).contains(most), "\(other.said)")
    #expect(node.stop() == 0)
  }

  /// An association that waits for work gives its place to a call that waits for one, to whomever that is.
  @Test(pynetdicom) func whatIsIdleGivesWay() async throws {
    let (first, second) = try await (
      OtherNode(.pynetdicom, options: ["none"]), OtherNode(.pynetdicom, options: ["none"])
    )
    let (node, _) = try await forwarding(
      to: first, ["--keep-associations", "600", "--maximum-outgoing-associations", "1"])
    let added = try await Tool.run(
      Tool.collimator, ["peer", "add", "SECOND"] + second.address + ["--may", "query", "--data", node.directory])
    #expect(added.status == 0, "\(added.all)")
    try await node.command("grant", "add", "--to", "SECOND", "--everything")
    #expect(try await node.command("forward", "add", "--to", "SECOND").status == 0)
    let many = try ManyObjects(count: 4)
    for number in 0..<4 { try await forward("\(many.path)/\(number).dcm", by: node) }
    for other in [first, second] { #expect(try await Set(other.dataSets()) == Set(many.dataSets())) }
  }

  /// Objects of two SOP classes in turn: the second needs other contexts, and from then on one association has those of both.
  @Test(pynetdicom) func twoKindsOfObjectsShareOne() async throws {
    let (node, other) = try await forwarding(
      to: OtherNode(.pynetdicom, options: ["none"]), ["--keep-associations", "600"])
    for name in ["ct-1", "mr-japanese", "ct-2", "dx-dog", "ct-3", "mr-same-id"] {
      try await forward(Tool.fixture("\(name).dcm"), by: node)
    }
    #expect(try await other.dataSets().count == 6)
    // CT; with MR; with DX; with MR in Implicit VR.
    #expect(other.said.count { $0 == "association" } - 1 == 4, "\(other.said)")
  }

  /// A grant that ended is seen at the next object, also on an association that is kept.
  @Test(pynetdicom) func aRevocationEndsWhatIsSentOnAKeptAssociation() async throws {
    let (node, other) = try await forwarding(
      to: OtherNode(.pynetdicom, options: ["none"]), ["--keep-associations", "600"])
    try await forward(Tool.fixture("ct-1.dcm"), by: node)
    #expect(try await node.command("grant", "revoke", "1").status == 0)
    #expect(try await node.send([Tool.fixture("ct-2.dcm")], as: "MOD").map(\.status) == ["0000"])
    for _ in 0..<3 { try await node.command("queue", "retry", "--all") }
    #expect(try await queued(node) == 1)
    #expect(try await other.dataSets().count == 1)
  }

  /// `collimator config` shows how long, and where that comes from.
  @Test func theTimeIsASetting() async throws {
    let node = try RunningNode(["--keep-associations", "7"])
    let config = try await node.command("config")
    #expect(config.output.contains("keepAssociations"), "\(config.all)")
    let wrong = try await Tool.run(
      Tool.collimator, ["serve", "--data", node.directory + "-none", "--keep-associations", "-1"])
    #expect(wrong.status != 0)
  }

  private func forwarding(to other: OtherNode, _ arguments: [String]) async throws -> (RunningNode, OtherNode) {
    let node = try RunningNode(arguments)
    try await prepare(node, other.title, [other.title] + other.address)
    return (node, other)
  }

  private func prepare(_ node: RunningNode, _ name: String, _ peer: [String]) async throws {
    try await node.addPeer("MOD", may: "store")
    let added = try await Tool.run(
      Tool.collimator, ["peer", "add"] + peer + ["--may", "query", "--data", node.directory])
    #expect(added.status == 0, "\(added.all)")
    try await node.command("grant", "add", "--to", name, "--everything")
    #expect(try await node.command("forward", "add", "--to", name).status == 0)
  }

  /// Returns when it was sent on; the first attempt has to do.
  private func forward(_ path: String, by node: RunningNode) async throws {
    #expect(try await node.send([path], as: "MOD").map(\.status) == ["0000"])
    var entries = try await entries(node)
    for _ in 0..<1_000 where !entries.isEmpty {
      #expect(entries.allSatisfy { $0.attempts == 0 }, "\(entries)\(node.logged)")
      entries = try await self.entries(node)
    }
    #expect(entries.isEmpty, "\(node.logged)")
  }

  private struct Entry: Decodable {
    let attempts: Int
    let lastFailure: String?
  }

  private func entries(_ node: RunningNode) async throws -> [Entry] {
    let listing = try await node.command("queue", "list", "--json")
    return try JSONDecoder().decode([Entry].self, from: Data(listing.output.utf8))
  }

  private func queued(_ node: RunningNode) async throws -> Int { try await entries(node).count }
}
