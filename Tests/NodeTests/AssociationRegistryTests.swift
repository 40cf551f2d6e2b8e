// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOEmbedded
import Testing
import UpperLayer

@testable import Node

@Suite struct AssociationRegistryTests {
  private static let request = AssociateRQ(
    calledAETitle: "A", callingAETitle: "B", presentationContexts: [],
    userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1.2"))

  private static let limits = AssociationLimits(
    connections: 10, associations: 5, associationsPerPeer: 3, reserved: 2)

  /// Of five places two are for callers on this machine, and a peer gets three at most.
  @Test(
    arguments: [
      (["10.0.0.1 A", "10.0.0.1 B", "10.0.0.1 C", "10.0.0.1 D"], [true, true, true, false]),
      (["10.0.0.1 A", "10.0.0.1 B", "10.0.0.1 C", "127.0.0.1 D"], [true, true, true, true]),
      (["::1 A", "127.0.0.1 A", "127.0.0.1 A", "127.0.0.1 A", "::1 B"], [true, true, true, false, true]),
      (
        ["127.0.0.1 A", "127.0.0.1 B", "127.0.0.1 C", "127.0.0.1 D", "127.0.0.1 E", "127.0.0.1 F"],
        [true, true, true, true, true, false]
      ),
      (["10.0.0.1 A", "10.0.0.2 A", "10.0.0.3 A", "10.0.0.4 A"], [true, true, true, false]),
    ] as [([String], [Bool])])
  func placesAreGivenWithinTheLimits(callers: [String], admitted: [Bool]) throws {
    let registry = AssociationRegistry(limits: Self.limits)
    let answers = try callers.map { caller in
      let parts = caller.split(separator: " ").map(String.init)
      let id = try #require(registry.open(EmbeddedChannel(), from: parts[0]))
      return registry.admit(id, peer: parts[1], request: Self.request, contexts: "") == nil
    }
    #expect(answers == admitted)
  }

  /// Of one address, of IPv6 one /64, until they say who they are; this machine is not counted.
  @Test func oneAddressOpensOnlySoManyConnections() throws {
    let registry = AssociationRegistry(limits: AssociationLimits(connections: 100, connectionsPerAddress: 3))
    func open(_ address: String) -> AssociationRegistry.ID? { registry.open(EmbeddedChannel(), from: address) }
    let ids = (0..<3).compactMap { _ in open("10.0.0.1") }
    #expect(ids.count == 3 && open("10.0.0.1") == nil)
    #expect(registry.connectionRefusal(from: "10.0.0.1").hasPrefix("3 connections from this address"))
    #expect(open("10.0.0.2") != nil)
    for number in 0..<3 { #expect(open("2001:db8::\(number)") != nil) }
    #expect(open("2001:db8::9") == nil && open("2001:db8:1::9") != nil)
    for _ in 0..<10 { #expect(open("127.0.0.1") != nil) }
    // Who says who it is makes room, and so does who goes.
    #expect(registry.admit(ids[0], peer: "A", request: Self.request, contexts: "") == nil)
    #expect(open("10.0.0.1") != nil && open("10.0.0.1") == nil)
    for id in ids { registry.close(id) }
    #expect(open("10.0.0.1") != nil && open("10.0.0.1") != nil && open("10.0.0.1") == nil)
  }

  /// In true words: who is kept out by the reserve hears of the reserve.
  @Test func theReserveIsNamed() throws {
    let registry = AssociationRegistry(limits: Self.limits)
    var refusal: AssociationRegistry.Refusal?
    for peer in ["A", "B", "C", "D"] {
      let id = try #require(registry.open(EmbeddedChannel(), from: "10.0.0.1"))
      refusal = registry.admit(id, peer: peer, request: Self.request, contexts: "")
    }
    #expect(
      refusal?.description
        == "of this node's 5 associations 2 are reserved for callers on this machine, and all others are taken")
    #expect(registry.connectionRefusal(from: "10.0.0.1").contains("2 are reserved"))
    #expect(!registry.connectionRefusal(from: "127.0.0.1").contains("reserved"))
  }

  /// No place for anybody from elsewhere is refused when the node starts; where nobody from elsewhere can call it is fine.
  @Test(
    arguments: [
      ("0.0.0.0", 5, 10, false), ("0.0.0.0", 10, 5, false), ("::", 5, 5, false), ("192.0.2.1", 4, 10, false),
      ("0.0.0.0", 6, 6, true), ("127.0.0.1", 5, 5, true), ("::1", 1, 1, true), ("localhost", 1, 1, true),
    ] as [(String, Int, Int, Bool)])
  func aReserveOfAllPlacesIsRefused(bind: String, connections: Int, associations: Int, isFine: Bool) {
    let limits = AssociationLimits(connections: connections, associations: associations, reserved: 5)
    do throws(OperationError) {
      _ = try NodeConfiguration(
        directory: "/", aeTitle: "A", bindAddress: bind, port: 104, associationLimits: limits)
      #expect(isFine)
    } catch {
      #expect(!isFine && error.description.contains("reserved for callers on this machine"), "\(error)")
    }
  }

  @Test func whatCloseGivesBackIsThereForTheNext() throws {
    let registry = AssociationRegistry(limits: Self.limits)
    for _ in 0..<100 {
      let ids = try (0..<3).map { _ in try #require(registry.open(EmbeddedChannel(), from: "10.0.0.1")) }
      for id in ids { #expect(registry.admit(id, peer: "A", request: Self.request, contexts: "") == nil) }
      #expect(registry.listing.live.count == 3)
      for id in ids { registry.close(id) }
    }
    #expect(registry.listing.connections == 0)
    #expect(registry.listing.accepted == 300)
  }

  @Test func connectionsHaveALimitOfTheirOwn() throws {
    let registry = AssociationRegistry(limits: Self.limits)
    let ids = (0..<9).map { _ in registry.open(EmbeddedChannel(), from: "10.0.0.1") }
    #expect(ids.prefix(8).allSatisfy { $0 != nil } && ids.last == .some(nil))
    registry.close(try #require(ids[4]))
    #expect(registry.open(EmbeddedChannel(), from: "10.0.0.1") != nil)
  }

  /// What strangers may take of the descriptors leaves some for files.
  @Test(
    arguments: [
      (12_000, 20_000, 12_000), (12_000, 4096, 2731), (12_000, 1024, 683), (12_000, 80, 16), (12_000, 10, 1),
      (5, 1024, 5),
      (12_000, .max, 12_000),
    ] as [(Int, Int, Int)])
  func connectionsLeaveDescriptorsForFiles(wished: Int, descriptors: Int, connections: Int) {
    #expect(OpenFileLimit.connections(atMost: wished, of: descriptors) == connections)
  }

  /// Who holds all connections without a word keeps nobody on this machine out.
  @Test func connectionsAreReservedForThisMachine() {
    let registry = AssociationRegistry(limits: Self.limits)
    while registry.open(EmbeddedChannel(), from: "10.0.0.1") != nil {}
    let local = (0..<3).map { _ in registry.open(EmbeddedChannel(), from: "127.0.0.1") }
    #expect(local.map { $0 != nil } == [true, true, false])
  }

  @Test func theLastRefusalsAreRemembered() {
    let registry = AssociationRegistry(limits: Self.limits)
    for number in 1...150 {
      registry.refuse(
        RefusedAssociation(
          at: Date(), address: "10.0.0.1", callingAETitle: "B", calledAETitle: "A", reason: "\(number)"))
    }
    #expect(registry.listing.refused.map(\.reason) == (51...150).reversed().map(String.init))
    #expect(registry.listing.refusals == 150)
  }
}
