// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// Grants that rest on consents, as versions left them that let them begin before, outlast and survive these.
@Suite struct ConsentUpgradeTests {
  private let test = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)

  @Test func whatRestsOnAConsentIsCutToIt() async throws {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    for name in ["WS", "FRIEND", "THIRD"] { _ = try await archive.makeCaller(name) }
    let administration = archive.administration(as: .current)
    let now = test.clock.now
    let consents = [(nil, nil), (now + 10, now + 100), (nil, nil)] as [(Double?, Double?)]
    for (from, until) in consents {
      _ = try await administration.record(
        ConsentDraft(kind: .permission, scope: Self.patient, from: from, until: until))
    }
    // One on each, what was shared of each, and on; and one on none.
    for number in 0..<4 {
      _ = try await administration.addGrant(
        to: "WS", GrantTerms(Self.patient, rights: [.query, .share], until: number == 3 ? now + 500 : nil))
    }
    for sharer in [("WS", "FRIEND"), ("FRIEND", "THIRD")] {
      for _ in 0..<3 {
        _ = try await administration.addGrant(
          to: sharer.1, GrantTerms(Self.patient, rights: [.query, .share], until: now + 300), sharer: sharer.0)
      }
    }
    try await archive.close()
    try await leaveAsBefore(now)
    let upgraded = try test.open()
    let grants = try await upgraded.administration(as: .current).grants()
    let revoked: [Int] = grants.filter { $0.state == .revoked }.map(\.number)
    #expect(revoked == [3, 7, 10] && grants.filter { $0.revokedBy == "upgrade" }.map(\.number) == revoked)
    let ends = [nil, now + 100, nil, now + 500, now + 300, now + 100, now + 300, now + 300, now + 100, now + 300]
    #expect(grants.map(\.until) == ends)
    #expect(grants.map(\.terms.from) == [nil, now + 10] + Array(repeating: nil, count: 8))
    let events = try await upgraded.database.read { database in
      try Int.fetchAll(
        database, sql: "SELECT DISTINCT grant_number FROM grant_event WHERE made_by = 'upgrade' ORDER BY 1")
    }
    #expect(events == [2, 3, 6, 7, 9, 10])
    try await upgraded.close()
  }

  /// A veto on ct forbade nothing.
  @Test func aVetoInSmallLettersForbids() async throws {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let caller = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    _ = try await administration.addGrant(to: "WS", scope: .everything, until: nil)
    _ = try await administration.record(
      ConsentDraft(kind: .veto, scope: Self.patient, narrowing: GrantNarrowing(modalities: ["ct", "Mr"])))
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller) == ["1.2.3"])
    try await archive.close()
    let database = try test.database()
    try await database.write { try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier LIKE '20 %'") }
    try database.close()
    let upgraded = try test.open()
    #expect(try await upgraded.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
    try await upgraded.close()
  }

  /// Grants 1 to 3 rest on consents 1 to 3, of which the last was withdrawn; 5 to 7 on these, 8 to 10 on those.
  private func leaveAsBefore(_ now: Double) async throws {
    let database = try test.database()
    try await database.write { database in
      try database.execute(
        sql: """
          UPDATE access_grant SET consent = number WHERE number <= 3;
          UPDATE access_grant SET shared_from = number - 4 WHERE number BETWEEN 5 AND 7;
          UPDATE access_grant SET shared_from = number - 3 WHERE number >= 8;
          UPDATE consent SET withdrawn_by = 'root', withdrawn_at = \(now) WHERE number = 3;
          DELETE FROM grdb_migrations WHERE identifier LIKE '20 %'
          """)
    }
    try database.close()
  }
}
