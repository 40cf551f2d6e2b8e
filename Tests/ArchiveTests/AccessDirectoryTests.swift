// SPDX-License-Identifier: Apache-2.0

import Access
import Testing

@testable import Archive

/// What is held in memory of peers and rights is never older than the last change.
@Suite struct AccessDirectoryTests {
  @Test func eachChangeIsSeenByTheNextQuestion() async throws {
    let folder = TestArchive()
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    #expect(try await match("CT1", "10.0.0.1", archive) == nil)
    for round in 0..<20 {
      try await administration.addPeer(try peer("CT1", rights: round % 2 == 0 ? .store : .query))
      let matched = try #require(try await match("CT1", "10.0.0.1", archive))
      let caller = try await archive.verify([], over: .plain, peer: matched).get()
      #expect(try await archive.rights(of: caller) == (round % 2 == 0 ? .store : .query))
      #expect(try await match("CT1", "10.0.1.1", archive) == nil)
      try await administration.removePeer("CT1")
      #expect(try await match("CT1", "10.0.0.1", archive) == nil)
      #expect(try await archive.rights(of: caller) == [])
    }
  }

  /// Whoever asks while peers come and go gets one of the two answers, and after the last change the last one.
  @Test func readersAndWritersAtOnceEndUpAgreeing() async throws {
    let folder = TestArchive()
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<200 { _ = try await match("CT1", "10.0.0.1", archive) } }
      }
      for _ in 0..<25 {
        try await administration.addPeer(try peer("CT1", rights: .store))
        #expect(try await match("CT1", "10.0.0.1", archive) != nil)
        try await administration.removePeer("CT1")
        #expect(try await match("CT1", "10.0.0.1", archive) == nil)
      }
      try await group.waitForAll()
    }
    #expect(try await match("CT1", "10.0.0.1", archive) == nil)
  }

  private func match(_ title: String, _ address: String, _ archive: Archive) async throws -> MatchedPeer? {
    guard case .matched(let peer) = try await archive.peer(callingAETitle: title, address: address) else {
      return nil
    }
    return peer
  }

  private func peer(_ title: String, rights: Rights) throws -> Peer {
    Peer(
      name: title, aeTitle: try #require(AETitle(title)), addresses: [try #require(Network("10.0.0.0/24"))], port: nil,
      rights: rights, acceptsPrivateSOPClasses: false)
  }
}
