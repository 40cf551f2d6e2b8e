// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// A restore over the index that went on from the backup opens nothing that was closed since.
@Suite struct RestoreTests {
  private let test = TestArchive()
  private let vault = TestArchive()

  /// Backs up what `before` made, and restores over what `after` made of it.
  private func restored(
    _ before: (Archive) async throws -> Void, then after: (Archive) async throws -> Void,
    beforeRestore prepare: () throws -> Void = {}
  ) async throws -> (archive: Archive, report: RestoreReport) {
    let archive = try test.open()
    try await before(archive)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    test.clock.advance(by: 60)
    try await after(archive)
    try await archive.close()
    try prepare()
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    let again = try test.open()
    let orphans = try again.database.read { database in
      try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
    }
    #expect(orphans == [])
    #expect(try await again.operations(as: .current).verifyAudit([]).isWhole)
    return (again, report)
  }

  private func identity(_ id: String) throws -> PatientIdentity {
    try #require(PatientIdentity(id: id, issuer: nil))
  }

  /// Made since, and one made before that was undone since; a share that rests on what a study was is not back either.
  @Test func correctionsStand() async throws {
    var dump: IndexDump?
    let (archive, report) = try await restored { archive in
      try await archive.store(TestObject(instance: "1.1"))
      try await archive.store(TestObject(instance: "2.1", series: "2.1", study: "2", patientID: "P2"))
      try await archive.store(TestObject(instance: "3.1", series: "3.1", study: "3", patientID: "P3"))
      for name in ["WS", "ONE", "FRIEND"] { _ = try await archive.makeCaller(name) }
      let administration = archive.administration(as: .current)
      for id in ["P1", "P2"] {
        _ = try await administration.addGrant(
          to: id == "P1" ? "ONE" : "WS",
          GrantTerms(.patient(id: id, issuer: nil), rights: [.query, .share]))
      }
      _ = try await administration.addGrant(
        to: "FRIEND", GrantTerms(.study(uid: "1.2.3"), rights: .query), sharer: "ONE")
      _ = try await archive.corrections(as: .current).reassign(
        study: "3", from: nil, to: try identity("P2"), reason: "first", agreed: true)
    } then: { archive in
      let corrections = archive.corrections(as: .current)
      _ = try await corrections.undo(1, reason: "was right", agreed: true)
      _ = try await corrections.reassign(
        study: "1.2.3", from: nil, to: try identity("P9"), given: .init(name: "Roe"), reason: "second", agreed: true)
      _ = try await corrections.merge(try identity("P3"), into: try identity("P9"), reason: "third", agreed: true)
      _ = try await corrections.undo(3, reason: "not so", agreed: true)
      dump = try IndexDump(of: archive)
    }
    #expect(report.carriedOver.contains("correction"))
    #expect(try IndexDump(of: archive) == dump)
    #expect(try await archive.corrections(as: .current).all().map { $0.undoneAt != nil } == [true, false, true])
    for (name, studies) in [("ONE", []), ("WS", ["2"]), ("FRIEND", [])] {
      let caller = try #require(try await archive.admitted(name))
      #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller) == studies, "\(name)")
    }
    try await archive.close()
  }

  private func described(_ addresses: [String], _ demand: IdentityAssurance, isOpen: Bool) throws -> Peer {
    Peer(
      name: "PEER", aeTitle: try #require(AETitle(isOpen ? "OLD" : "NEW")),
      addresses: addresses.compactMap { Network($0) }, port: isOpen ? 104 : 11112, rights: [.query],
      acceptsPrivateSOPClasses: isOpen, requiresTLS: !isOpen, demand: demand, allowsCleartextPasswords: isOpen)
  }

  /// Of a peer the stricter of both, whichever is the newer.
  @Test(
    arguments: [
      (["127.0.0.1", "10.0.0.0/8"], ["10.1.0.0/16", "192.168.0.1"], ["10.1.0.0/16"]),
      (["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]),
      (["127.0.0.1"], ["127.0.0.2"], []),
    ], [false, true])
  func thePeerIsAsStrictAsTheStricter(_ networks: ([String], [String], [String]), isOpenNow: Bool) async throws {
    let (archive, report) = try await restored { archive in
      let peer = try described(networks.0, isOpenNow ? .password : .aeTitleWithAddress, isOpen: !isOpenNow)
      try await archive.administration(as: .current).addPeer(peer)
    } then: { archive in
      let peer = try described(networks.1, isOpenNow ? .aeTitleWithAddress : .password, isOpen: isOpenNow)
      try await archive.administration(as: .current).changePeer("PEER") { _ in peer }
    }
    let peer = try #require(try await archive.administration(as: .current).peers().first)
    #expect(peer.demand == .password && peer.requiresTLS && !peer.allowsCleartextPasswords)
    #expect(!peer.acceptsPrivateSOPClasses)
    #expect(peer.addresses.map(\.description) == networks.2)
    #expect(peer.aeTitle.description == (isOpenNow ? "OLD" : "NEW") && peer.port == (isOpenNow ? 104 : 11112))
    let lost = networks.1.filter { !networks.2.contains($0) }.count
    #expect(report.warnings.contains { $0.contains("\(lost) addresses of peers") } == (lost > 0))
    try await archive.close()
  }

  /// From anywhere then, from one address now.
  @Test func aPeerFromAnywhereIsBound() async throws {
    let (archive, _) = try await restored { archive in
      try await archive.administration(as: .current).addPeer(try described([], .aeTitleAlone, isOpen: true))
    } then: { archive in
      let peer = try described(["127.0.0.1"], .aeTitleWithAddress, isOpen: false)
      try await archive.administration(as: .current).changePeer("PEER") { _ in peer }
    }
    let peer = try #require(try await archive.administration(as: .current).peers().first)
    #expect(peer.demand == .aeTitleWithAddress && peer.addresses.map(\.description) == ["127.0.0.1"])
    try await archive.close()
  }

  /// Rules by which data goes out or is deleted, what waits for them, roles, and which version is served.
  @Test func whatWasRemovedIsNotBack() async throws {
    let (archive, report) = try await restored { archive in
      let administration = archive.administration(as: .current)
      for name in ["WS", "GONE"] {
        let title = try #require(AETitle(name))
        try await administration.addPeer(
          Peer(
            name: name, aeTitle: title, addresses: [try #require(Network("127.0.0.1"))], port: 104, rights: [.query],
            acceptsPrivateSOPClasses: false))
      }
      for destination in ["WS", "GONE", "WS"] {
        _ = try await administration.addForwardingRule(to: destination, from: nil, callingAETitle: nil, modalities: [])
      }
      try await archive.store(TestObject(instance: "1.1"))
      for comment in ["one", "two", "three"] {
        try await archive.store(TestObject(instance: "1.9", note: comment))
      }
      for name in ["anna", "bert"] {
        try await administration.addUser(name, password: nil, certificate: nil)
        try await administration.setRoles([.administrator, .physician], ofUser: name)
        try await administration.setAttribute("practice", "north", of: name)
      }
      let operations = archive.operations(as: .current)
      for days in [10, 20] {
        _ = try await operations.addRetentionRule(RetentionRule(days: days, basis: .arrival, modalities: []))
      }
      try await archive.conflicts(as: .current).choose(2, of: "1.9", reason: "sharper")
    } then: { archive in
      let administration = archive.administration(as: .current)
      try await administration.removeForwardingRule(1)
      _ = try await administration.dropQueue(.forwarding, number: 1, to: nil)
      _ = try await administration.addForwardingRule(to: "WS", from: nil, callingAETitle: nil, modalities: ["CT"])
      try await administration.removePeer("GONE")
      try await administration.setRoles([.physician, .technologist], ofUser: "anna")
      try await administration.removeUser("bert")
      try await administration.setAttribute("practice", "south", of: "anna")
      let operations = archive.operations(as: .current)
      try await operations.removeRetentionRule(1)
      _ = try await operations.addRetentionRule(RetentionRule(days: 30, basis: .arrival, modalities: []))
      try await archive.conflicts(as: .current).choose(3, of: "1.9", reason: "the other one")
      _ = try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "erasure"))
    }
    let administration = archive.administration(as: .current)
    #expect(try await administration.forwardingRules().map(\.number) == [3])
    #expect(try await administration.details(of: "anna").roles == [.physician])
    #expect(try await administration.details(of: "anna").attributes == ["practice": "south"])
    #expect(try await archive.operations(as: .current).retentionRules().map(\.days) == [20, 30])
    let served = try await archive.database.read { database in
      try Int64.fetchAll(database, sql: "SELECT id FROM instance WHERE preference < 0")
    }
    #expect(served == [3])
    let waiting = try await archive.database.read { database in
      try Int.fetchAll(database, sql: "SELECT number FROM forwarding")
    }
    #expect(!waiting.contains(1) && !waiting.isEmpty)
    let warning = try #require(report.warnings.first { $0.contains("A restore opens nothing") })
    #expect(warning.contains("1 forwarding rules") && warning.contains("1 roles of users"))
    try await archive.close()
  }

  /// Suspended with what it rests on when the backup was made; for itself since, or the other way round.
  @Test(arguments: [false, true]) func whatIsSuspendedForItselfStaysSo(wasForItself: Bool) async throws {
    let (archive, _) = try await restored { archive in
      try await archive.store(TestObject(instance: "1.1"))
      for name in ["OWNER", "FRIEND"] { _ = try await archive.makeCaller(name) }
      let administration = archive.administration(as: .current)
      let terms = GrantTerms(.patient(id: "P1", issuer: nil), rights: [.query, .share])
      _ = try await administration.addGrant(to: "OWNER", terms)
      _ = try await administration.addGrant(to: "FRIEND", terms, sharer: "OWNER")
      _ = try await administration.suspendGrant(wasForItself ? 2 : 1)
    } then: { archive in
      let administration = archive.administration(as: .current)
      _ = try await administration.resumeGrant(wasForItself ? 2 : 1)
      if !wasForItself { _ = try await administration.suspendGrant(2) }
      _ = try await administration.suspendGrant(1)
    }
    let administration = archive.administration(as: .current)
    #expect(try await administration.grants().map(\.state) == [.suspended, .suspended])
    _ = try await administration.resumeGrant(1)
    #expect(try await administration.grants().map(\.state) == [.active, wasForItself ? .active : .suspended])
    try await archive.close()
  }

  /// What a restore took over is in the grant's history: nobody is told to have access who has none.
  @Test func historyGoesOn() async throws {
    let (archive, _) = try await restored { archive in
      try await archive.store(TestObject(instance: "1.1"))
      for name in ["ONE", "TWO", "THREE"] {
        _ = try await archive.makeCaller(name)
        _ = try await archive.administration(as: .current).addGrant(
          to: name, GrantTerms(.patient(id: "P1", issuer: nil), rights: .query))
      }
    } then: { archive in
      try await archive.administration(as: .current).revokeGrant(1)
      _ = try await archive.administration(as: .current).suspendGrant(2)
    }
    let holders = try await archive.administration(as: .current).access(
      toPatient: "P1", issuer: nil, at: Archive.wallClock() + 1e9)
    #expect(holders.entries.map(\.principal) == ["THREE"])
    try await archive.close()
  }

  /// Killed after the old index was put aside, before the new one stood in its place: what it knows is still taken over.
  @Test(arguments: [false, true]) func killedWhileTheIndexIsReplaced(isLinked: Bool) async throws {
    let index = test.directory + "/index.sqlite"
    let (archive, report) = try await restored { archive in
      _ = try await archive.makeCaller("WS")
      _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .everything, until: nil)
    } then: { archive in
      try await archive.administration(as: .current).revokeGrant(1)
    } beforeRestore: {
      // The restore that was killed had looked at the index, and with it taken in what stood in its write-ahead log.
      let queue = try DatabaseQueue(path: index)
      #expect(try queue.read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") } == ["ok"])
      try queue.close()
      try RestoreMark.set(test.directory)
      if isLinked {
        try FileManager.default.linkItem(atPath: index, toPath: index + ".before-restore")
      } else {
        try FileManager.default.moveItem(atPath: index, toPath: index + ".before-restore")
      }
      try Data("half".utf8).write(to: URL(filePath: index + ".restoring"))
    }
    #expect(report.activeGrants == 0 && report.carriedOver.contains("access_grant"))
    #expect(try await archive.administration(as: .current).grants().map(\.state) == [.revoked])
    #expect(FileManager.default.fileExists(atPath: index + ".before-restore"))
    try await archive.close()
  }

  /// What stands aside from an earlier restore that came to its end is not taken for the index that was lost.
  @Test func whatAnEarlierRestorePutAsideIsNoIndex() async throws {
    let (archive, _) = try await restored { archive in
      _ = try await archive.makeCaller("WS")
    } then: { _ in
    }
    try await archive.close()
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: test.directory + "/index.sqlite" + suffix)
    }
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.carriedOver.isEmpty && report.warnings.contains { $0.contains("nothing remembers") })
  }
}
