// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import GRDB
import Testing

@testable import Archive

/// A patient's permission to a group is for who belongs to it: whoever leaves keeps nothing by it, nor those with whom they shared.
@Suite struct GroupPermissionTests {
  private let test = TestArchive()
  private static let patient = GrantScope.patient(id: "P1", issuer: nil)

  private struct Made {
    let archive: Archive
    let administration: Administration
    let member: Caller
    let friend: Caller

    /// The member by a permission to the group, and the friend by what the member shared.
    func seen() async throws -> [Bool] {
      var seen: [Bool] = []
      for caller in [member, friend] {
        seen.append(try await !archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
      }
      return seen
    }

    func give(_ consent: Int, to grantee: String, until: Double? = nil) async throws -> Grant {
      try await administration.addGrant(
        to: grantee,
        GrantTerms(
          GroupPermissionTests.patient, rights: [.query, .share], until: until, relationship: .consent,
          basis: GrantBasis(consent: consent)))
    }
  }

  /// Consent 1 permits the ward, grant 1 is the member's by it, and grant 2 what the member shared.
  private func made(until: Double? = nil, _ kind: Consent.Kind = .permission) async throws -> Made {
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let made = Made(
      archive: archive, administration: archive.administration(as: .current),
      member: try await archive.makeCaller("MEMBER"), friend: try await archive.makeCaller("FRIEND"))
    _ = try await archive.makeCaller("OTHER")
    for group in ["ward", "theatre"] { try await made.administration.setGroup(group, members: ["OTHER"]) }
    try await made.administration.addMember("MEMBER", toGroup: "ward", since: nil, until: until)
    let consent = try await made.administration.record(ConsentDraft(kind: kind, scope: Self.patient, party: "ward"))
    _ = try await made.give(consent, to: "MEMBER")
    _ = try await made.administration.addGrant(
      to: "FRIEND", GrantTerms(Self.patient, rights: .query), sharer: "MEMBER")
    #expect(try await made.seen() == [true, true])
    test.clock.advance(by: 1)
    return made
  }

  private static let ways: [String: @Sendable (Administration, Double) async throws -> Void] = [
    "leave": { administration, _ in try await administration.removeMember("MEMBER", fromGroup: "ward") },
    "set": { administration, _ in try await administration.setGroup("ward", members: ["OTHER"]) },
    "dissolve": { administration, _ in try await administration.removeGroup("ward") },
    "dissolved and made anew": { administration, _ in
      try await administration.removeGroup("ward")
      try await administration.setGroup("ward", members: ["MEMBER"])
    },
    "put off": { administration, now in
      try await administration.addMember("MEMBER", toGroup: "ward", since: now + 50, until: nil)
    },
  ]

  @Test(arguments: ways.keys.sorted())
  func whoLeavesKeepsNothing(way: String) async throws {
    let made = try await made()
    let leave = try #require(Self.ways[way])
    try await leave(made.administration, test.clock.now)
    #expect(try await made.seen() == [false, false])
    #expect(try await made.administration.grants().map(\.state) == [.revoked, .revoked])
    test.clock.advance(by: 1)
    await #expect(throws: ArchiveError.self) { _ = try await made.give(1, to: "MEMBER") }
    // Back in the group they are given it anew; it does not come back by itself.
    try await made.administration.setGroup("ward", members: [])
    try await made.administration.addMember("MEMBER", toGroup: "ward", since: nil, until: nil)
    #expect(try await made.seen() == [false, false])
    if !way.hasPrefix("dissolve") {
      _ = try await made.give(1, to: "MEMBER")
      #expect(try await made.seen() == [true, false])
    }
    try await made.archive.close()
  }

  /// By its date, with nobody doing a thing; and no longer, whatever is extended.
  @Test func aMembershipEndsByItsDate() async throws {
    let end = test.clock.now + 100
    let made = try await made(until: end)
    #expect(try await made.administration.grants().map(\.until) == [end, end])
    let remarks = try await made.administration.remarks(
      on: try await made.give(1, to: "MEMBER", until: end + 5), asked: GrantTerms(Self.patient, until: end + 5))
    #expect(remarks.count == 1 && remarks[0].contains("the membership in 'ward', for whom consent 1 is"), "\(remarks)")
    for until in [nil, end + 1] {
      await #expect(throws: ArchiveError.self) { try await made.administration.extendGrant(1, until: until) }
    }
    #expect(try await made.administration.extendGrant(1, until: end - 1).until == end - 1)
    #expect(try await made.administration.extendGrant(1, until: end).until == end)
    test.clock.advance(by: 97.5)
    #expect(try await made.seen() == [true, true])
    test.clock.advance(by: 1)
    #expect(try await made.seen() == [true, false], "the share was cut, and does not come back")
    test.clock.advance(by: 1)
    #expect(try await made.seen() == [false, false])
    await #expect(throws: ArchiveError.self) { try await made.administration.extendGrant(1, until: end + 50) }
    try await made.archive.close()
  }

  /// A membership that is given another end takes along what is longer, and nothing back.
  @Test func anotherEndOfTheMembership() async throws {
    let made = try await made()
    let now = test.clock.now
    try await made.administration.addMember("MEMBER", toGroup: "ward", since: nil, until: now + 100)
    #expect(try await made.administration.grants().map(\.until) == [now + 100, now + 100])
    try await made.administration.addMember("MEMBER", toGroup: "ward", since: nil, until: nil)
    #expect(try await made.administration.grants().map(\.until) == [now + 100, now + 100])
    #expect(try await made.seen() == [true, true])
    _ = try await made.administration.extendGrant(1, until: nil)
    // Whoever belongs to another group has nothing to do with it.
    try await made.administration.addMember("MEMBER", toGroup: "theatre", since: nil, until: nil)
    try await made.administration.removeMember("MEMBER", fromGroup: "theatre")
    try await made.administration.removeMember("OTHER", fromGroup: "ward")
    #expect(try await made.administration.grants().map(\.until) == [nil, now + 100])
    #expect(try await made.seen() == [true, true])
    try await made.archive.close()
  }

  /// Whoever decides for the patient gave it to whom they would; what is permitted to everybody, or to the member, is no group's.
  @Test(arguments: ["delegation", "everybody", "member", "none"])
  func whatIsNoGroupsStays(what: String) async throws {
    let made = try await made(what == "delegation" ? .delegation : .permission)
    if what != "delegation" { try await made.administration.revokeGrant(1) }
    switch what {
    case "delegation": break
    case "none": _ = try await made.administration.addGrant(to: "MEMBER", GrantTerms(Self.patient, rights: .query))
    default:
      let consent = try await made.administration.record(
        ConsentDraft(kind: .permission, scope: Self.patient, party: what == "member" ? "MEMBER" : nil))
      _ = try await made.give(consent, to: "MEMBER")
    }
    try await made.administration.removeMember("MEMBER", fromGroup: "ward")
    try await made.administration.removeGroup("ward")
    #expect(try await made.seen()[0])
    try await made.archive.close()
  }

  /// What was pending or held when the member left is not made active afterwards.
  @Test func whatWaitedEndsToo() async throws {
    let made = try await made()
    let terms = GrantTerms(
      Self.patient, rights: .query, relationship: .consent, basis: GrantBasis(consent: 1))
    let pending = try await made.administration.addGrant(to: "MEMBER", terms, pending: true)
    _ = try await made.administration.suspendGrant(1)
    try await made.administration.removeMember("MEMBER", fromGroup: "ward")
    #expect(try await made.administration.grants().map(\.state) == [.revoked, .revoked, .revoked])
    await #expect(throws: ArchiveError.self) { try await made.administration.approveGrant(pending.number) }
    await #expect(throws: ArchiveError.self) { try await made.administration.resumeGrant(1) }
    // What ended with it is on record, with its reason.
    let records = try await made.archive.database.read { database in
      try String.fetchAll(database, sql: "SELECT detail FROM audit WHERE act = 'grants revoked'")
    }
    #expect(
      records.contains { $0.contains("the membership ended: grants 1 to 'MEMBER', 2 to 'FRIEND', 3") }, "\(records)")
    try await made.archive.close()
  }

  /// Earlier versions let it stand.
  @Test(arguments: ["left", "dated", "dissolved", "belongs", "delegation"])
  func whatAnEarlierVersionLeft(how: String) async throws {
    let made = try await made(how == "delegation" ? .delegation : .permission)
    try await made.archive.close()
    let (left, end) = (test.clock.now - 10, test.clock.now + 20)
    let database = try test.database()
    try await database.write { database in
      let ward = "(SELECT id FROM principal WHERE name = 'ward')"
      let change =
        switch how {
        case "left": "UPDATE membership SET until = \(left) WHERE \"group\" = \(ward)"
        case "dated": "UPDATE membership SET until = \(end) WHERE \"group\" = \(ward)"
        case "belongs": "SELECT 1"
        default: "DELETE FROM principal WHERE name = 'ward'"
        }
      try database.execute(sql: "\(change); DELETE FROM grdb_migrations WHERE identifier LIKE '22 %'")
    }
    try database.close()
    let archive = try test.open()
    let grants = try await archive.administration(as: .current).grants()
    let expected: (Grant.State, Double?) =
      switch how {
      case "left": (.expired, left)
      case "dated": (.active, end)
      case "dissolved": (.revoked, nil)
      default: (.active, nil)
      }
    for grant in grants { #expect(grant.state == expected.0 && grant.until == expected.1, "\(grant)") }
    let noted = try await archive.database.read { database in
      try Int.fetchAll(database, sql: "SELECT grant_number FROM grant_event WHERE made_by = 'upgrade' ORDER BY 1")
    }
    #expect(noted == (["belongs", "delegation"].contains(how) ? [] : [1, 2]))
    try await archive.close()
  }
}
