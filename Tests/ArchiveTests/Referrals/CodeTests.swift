// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct CodeTests {
  private let folder = TestArchive()
  private static let day = 86_400.0

  private static func terms(_ scope: GrantScope = .patient(id: "P1", issuer: nil)) -> CodeTerms {
    CodeTerms(scope: scope, rights: [.query, .retrieve], seconds: day, validity: day)
  }

  @Test func itOpensOnceForADay() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let (clinic, other) = (try await archive.makeCaller("CLINIC"), try await archive.makeCaller("OTHER"))
    try await ReferredObject().store(in: archive)
    let (_, code) = try await administration.openCode(Self.terms(), sharer: nil)
    let spoken = code.text.lowercased().replacingOccurrences(of: "-", with: " ").replacingOccurrences(
      of: "0", with: "o")
    let grant = try await administration.redeem(spoken, as: "CLINIC")
    #expect(grant.grantee == "CLINIC" && grant.until == folder.clock.now + Self.day && grant.state == .active)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: clinic) == ["1.1"])
    await #expect(throws: ArchiveError.self) { try await administration.redeem(code.text, as: "OTHER") }
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: other).isEmpty)
    #expect(try await administration.codes().map(\.redeemedBy) == ["CLINIC"])
    folder.clock.advance(by: Self.day)
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: clinic).isEmpty)
    try await archive.close()
  }

  @Test func itIsNowhereKept() async throws {
    let archive = try folder.open()
    let (_, code) = try await archive.administration(as: .current).openCode(Self.terms(), sharer: nil)
    try await archive.close()
    for spelling in [code.text, code.text.filter { $0 != "-" }] {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.directory) {
        let data = FileManager.default.contents(atPath: "\(folder.directory)/\(name)") ?? Data()
        #expect(data.range(of: Data(spelling.utf8)) == nil)
      }
    }
  }

  @Test func itEndsAndCanNotBeGuessedOverARestart() async throws {
    var archive = try folder.open()
    _ = try await archive.makeCaller("CLINIC")
    let (_, first) = try await archive.administration(as: .current).openCode(Self.terms(), sharer: nil)
    folder.clock.advance(by: Self.day)
    let late = await #expect(throws: ArchiveError.self) {
      try await archive.administration(as: .current).redeem(first.text, as: "CLINIC")
    }
    for _ in 1..<Lockout.toleratedFailures {
      // What is wrong and what has ended are not told apart.
      let wrong = await #expect(throws: ArchiveError.self) {
        try await archive.administration(as: .current).redeem("0000-0000-0000-0000", as: "CLINIC")
      }
      #expect(wrong?.description == late?.description)
    }
    try await archive.close()
    archive = try folder.open()
    let administration = archive.administration(as: .current)
    let (_, second) = try await administration.openCode(Self.terms(), sharer: nil)
    let locked = await #expect(throws: ArchiveError.self) { try await administration.redeem(second.text, as: "CLINIC") }
    #expect(locked?.description.contains("no code is taken from you") == true)
    folder.clock.advance(by: 301)
    #expect(try await administration.redeem(second.text, as: "CLINIC").state == .active)
    try await archive.close()
  }

  /// Whoever goes on guessing while nothing is taken from them writes nothing: they are counted.
  @Test func guessingOnWritesNothing() async throws {
    let archive = try folder.open()
    let clinic = try await archive.makeCaller("CLINIC")
    let (_, code) = try await archive.administration(as: .current).openCode(Self.terms(), sharer: nil)
    for _ in 0..<Lockout.toleratedFailures {
      await #expect(throws: ArchiveError.self) { _ = try await archive.redeem("0000-0000-0000-0000", as: clinic) }
    }
    await archive.audit.flush()
    func changes() async throws -> Int { try await archive.database.writeWithoutTransaction(\.totalChangesCount) }
    func refusals() async throws -> [AuditRecord] {
      try await archive.auditRecords(after: 0, limit: 1000).records.filter { $0.act == "grant code refused" }
    }
    let known = try await refusals().count
    _ = await #expect(throws: ArchiveError.self) { _ = try await archive.redeem(code.text, as: clinic) }
    await archive.audit.flush()
    let before = try await changes()
    for _ in 0..<200 {
      let locked = await #expect(throws: ArchiveError.self) { _ = try await archive.redeem(code.text, as: clinic) }
      #expect(locked?.description.contains("no code is taken from you for 5 more minutes after 5 wrong ones") == true)
    }
    await archive.audit.flush()
    #expect(try await changes() == before)
    archive.audit.noteCountedRefusals(all: true)
    await archive.audit.flush()
    let counted = try await refusals().dropFirst(known)
    #expect(
      counted.map(\.count) == [1, 200] && counted.allSatisfy { $0.principal == "CLINIC" && $0.outcome == "refused" })
    // It opens nothing while it is locked, and the code is still good.
    folder.clock.advance(by: 301)
    #expect(try await archive.redeem(code.text, as: clinic).state == .active)
    try await archive.close()
  }

  /// Who shares by a grant gives no more than it, no longer than it, and nothing once it is gone.
  @Test func asharerGivesWhatTheyMay() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    for name in ["OWNER", "CLINIC"] { _ = try await archive.makeCaller(name) }
    try await ReferredObject().store(in: archive)
    let study = Self.terms(.study(uid: "1.1"))
    func refused(_ terms: CodeTerms) async {
      await #expect(throws: ArchiveError.self) { try await administration.openCode(terms, sharer: "OWNER") }
    }
    await refused(Self.terms())
    let patient = GrantScope.patient(id: "P1", issuer: nil)
    _ = try await administration.addGrant(to: "OWNER", GrantTerms(patient, rights: [.query, .retrieve]))
    await refused(Self.terms())
    let end = folder.clock.now + Self.day / 2
    let grant = try await administration.addGrant(
      to: "OWNER", GrantTerms(patient, rights: [.query, .retrieve, .share], until: end))
    await refused(Self.terms(.patient(id: "P2", issuer: nil)))
    await refused(CodeTerms(scope: patient, rights: [.query, .retrieve, .send], seconds: 60, validity: 60))
    let (_, first) = try await administration.openCode(study, sharer: "OWNER")
    let given = try await administration.redeem(first.text, as: "CLINIC")
    #expect(given.until == end && given.grantedBy == "OWNER")
    let (_, second) = try await administration.openCode(Self.terms(), sharer: "OWNER")
    try await administration.revokeGrant(grant.number)
    await #expect(throws: ArchiveError.self) { try await administration.redeem(second.text, as: "CLINIC") }
    try await archive.close()
  }

  @Test func ofTwoWhoBringItAtOnceOneIsLetIn() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let names = (0..<8).map { "C\($0)" }
    for name in names { _ = try await archive.makeCaller(name) }
    let (_, code) = try await administration.openCode(Self.terms(), sharer: nil)
    let count = await withTaskGroup(of: Bool.self) { group in
      for name in names { group.addTask { (try? await administration.redeem(code.text, as: name)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(count == 1)
    #expect(try await administration.grants().count == 1)
    try await archive.close()
  }
}
