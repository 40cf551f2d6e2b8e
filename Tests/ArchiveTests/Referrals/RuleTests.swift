// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Testing

@testable import Archive

@Suite struct RuleTests {
  private let folder = TestArchive()
  private static let month = 30 * 86_400.0

  private static func rule(
    _ conditions: [(ReferralRule.Key, String)], name: String = "r", scheme: String? = nil,
    to grantee: ReferralRule.Grantee = .principal(name: "WEBER"), opensPatient: Bool = false
  ) -> ReferralRule {
    ReferralRule(
      name: name, conditions: conditions.map { ReferralRule.Condition($0.0, [$0.1]) }, scheme: scheme,
      grantee: grantee, opensPatient: opensPatient, seconds: month)
  }

  private static let object = ReferredObject(
    referring: "Wéber^Anna", referringID: "12345", scheme: "LANR", requesting: "Lang^Otto", requestingID: "777",
    institution: "City Hospital", modality: "MR", responsible: "Owner^Olga", calling: "MR1")

  /// What each condition opens, and whether at once.
  @Test(
    arguments: [
      ([(.referringID, "12345")], nil, .active), ([(.referringID, "1234")], nil, nil),
      ([(.referringID, "12345")], "LANR", .active),
      ([(.referringID, "12345")], "OTHER", nil), ([(.requestingID, "777")], nil, .active),
      ([(.requestingID, "12345")], nil, nil), ([(.referringName, "WEBER^ANNA")], nil, .pending),
      ([(.referringName, "weber*")], nil, .pending), ([(.referringName, "WEBER")], nil, nil),
      ([(.requestingName, "lang^ott?")], nil, .pending), ([(.responsible, "OWNER^OLGA")], nil, .pending),
      ([(.institution, "city*")], nil, .pending), ([(.modality, "MR")], nil, .pending),
      ([(.calling, "MR1")], nil, .active), ([(.calling, "MR2")], nil, nil),
      ([(.calling, "MR1"), (.modality, "MR")], nil, .active), ([(.calling, "MR1"), (.modality, "CT")], nil, nil),
      ([(.calling, "MR1"), (.referringName, "weber*")], nil, .pending),
      ([(.referringID, "12345"), (.referringName, "weber*")], nil, .active),
      ([(.referringID, "12345"), (.referringName, "lang*")], nil, nil),
    ] as [([(ReferralRule.Key, String)], String?, Grant.State?)])
  func opens(_ conditions: [(ReferralRule.Key, String)], scheme: String?, _ expected: Grant.State?) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let caller = try await archive.makeCaller("WEBER")
    try await administration.addRule(Self.rule(conditions, scheme: scheme))
    try await Self.object.store(in: archive)
    let grants = try await administration.grants()
    #expect(grants.map(\.state) == (expected.map { [$0] } ?? []))
    #expect(grants.allSatisfy { $0.scope == .study(uid: "1.1") && $0.until == folder.clock.now + Self.month })
    #expect(grants.allSatisfy { $0.grantedBy == "rule r" && $0.terms.relationship == .referring })
    let seen = try await archive.values(of: .studyInstanceUID, at: .study, as: caller)
    #expect(seen == (expected == .active ? ["1.1"] : []))
    try await archive.close()
  }

  /// That somebody is a guardian, no object says.
  @Test func aFamilysGrantWaits() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    try await administration.addRule(
      ReferralRule(
        name: "r", conditions: [.init(.referringID, ["12345"])], grantee: .principal(name: "WEBER"),
        relationship: .guardian,
        seconds: Self.month))
    try await Self.object.store(in: archive)
    #expect(try await administration.grants().map(\.state) == [.pending])
    try await archive.close()
  }

  /// What would never match, or says nothing.
  @Test(
    arguments: [
      ([(.referringID, "1234*")], nil), ([(.requestingID, "?")], nil), ([(.institution, "CITY*")], "LANR"),
      ([(.referringName, "*")], nil),
    ] as [([(ReferralRule.Key, String)], String?)])
  func whatMakesNoSenseIsRefused(_ conditions: [(ReferralRule.Key, String)], scheme: String?) async throws {
    let archive = try folder.open()
    _ = try await archive.makeCaller("WEBER")
    await #expect(throws: ArchiveError.self) {
      try await archive.administration(as: .current).addRule(Self.rule(conditions, scheme: scheme))
    }
    try await archive.close()
  }

  @Test func whoeverHasTheAttributeIsMeant() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    for name in ["WEBER", "LANG", "OTHER"] { _ = try await archive.makeCaller(name) }
    try await administration.addRule(
      Self.rule([], name: "ids", to: .whoever(attribute: "registration", key: .referringID)))
    try await administration.addRule(
      Self.rule([], name: "names", to: .whoever(attribute: "name", key: .requestingName)))
    // Said after the rule: it is heard.
    try await administration.setAttribute("registration", "12345", of: "WEBER")
    try await administration.setAttribute("registration", "99", of: "OTHER")
    try await administration.setAttribute("name", "LANG^OTTO", of: "LANG")
    try await Self.object.store(in: archive)
    let grants = try await administration.grants()
    #expect(grants.map(\.grantee) == ["WEBER", "LANG"] && grants.map(\.state) == [.active, .pending])
    try await administration.setAttribute("registration", "", of: "WEBER")
    var second = Self.object
    (second.study, second.series, second.instance) = ("1.2", "1.2.1", "1.2.1.1")
    try await second.store(in: archive)
    #expect(try await administration.grants().map(\.grantee) == ["WEBER", "LANG", "LANG"])
    try await archive.close()
  }

  /// The same rule and study give one grant, whatever became of it.
  @Test func nothingIsGivenTwice() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    try await Self.object.store(in: archive)
    let rule = Self.rule([(.referringID, "12345")])
    #expect(try await administration.testRule(rule).count == 1)
    #expect(try await administration.grants().isEmpty)
    try await administration.addRule(rule)
    #expect(try await administration.testRule(rule).map(\.isPending) == [false])
    #expect(try await administration.backfillRules("r").count == 1)
    #expect(try await administration.backfillRules(nil).isEmpty)
    #expect(try await administration.testRule(rule).isEmpty)
    try await administration.revokeGrant(1)
    var more = Self.object
    (more.series, more.instance) = ("1.1.2", "1.1.2.1")
    try await more.store(in: archive)
    #expect(try await administration.backfillRules("r").isEmpty)
    // Another rule of the same name is the same one.
    #expect(try await administration.removeRule("r", revoking: true) == 0)
    try await administration.addRule(rule)
    #expect(try await administration.backfillRules("r").isEmpty)
    #expect(try await administration.grants().map(\.state) == [.revoked])
    try await archive.close()
  }

  /// What was aside opens nothing; let in, it opens what it would have opened had it come then, once.
  @Test(arguments: ["1.1.1", "1.1.2"]) func whatIsLetInMeetsTheRules(series: String) async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let weber = try await archive.makeCaller("WEBER")
    let (title, network) = (try #require(AETitle("MR2")), try #require(Network("127.0.0.1")))
    try await administration.addPeer(
      Peer(
        name: "MR2", aeTitle: title, addresses: [network], port: nil, rights: .store, acceptsPrivateSOPClasses: false))
    guard case .admitted(let sender, _) = try await archive.caller(callingAETitle: "MR2", address: "127.0.0.1") else {
      return #expect(Bool(false))
    }
    try await ReferredObject(referringID: "1").store(in: archive)
    try await administration.addRule(Self.rule([(.referringID, "12345")]))
    var other = Self.object
    (other.series, other.instance) = (series, "1.1.9")
    try await other.store(in: archive, from: sender)
    #expect(try await administration.studiesAside().map(\.instances) == [1])
    #expect(try await administration.backfillRules(nil).isEmpty)
    #expect(try await administration.grants().isEmpty)
    #expect(try await administration.admit(study: "1.1", from: "MR2") == 1)
    // Of a series that was there, its first object spoke for it.
    let isNew = series == "1.1.2"
    #expect(try await administration.grants().map(\.state) == (isNew ? [.active] : []))
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: weber) == (isNew ? ["1.1"] : []))
    #expect(try await administration.backfillRules(nil).isEmpty)
    (other.instance, other.series) = ("1.1.10", series + ".1")
    try await other.store(in: archive, from: sender)
    #expect(try await administration.admit(study: "1.1", from: "MR2") == 1)
    #expect(try await administration.grants().map(\.state) == [.active])
    try await archive.close()
  }

  @Test func anIdentificationActivatesWhatANameMadePending() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    try await administration.addUser("olga", password: nil, certificate: nil)
    try await administration.addRule(Self.rule([(.responsible, "owner^olga")], to: .principal(name: "olga")))
    try await Self.object.store(in: archive)
    #expect(try await administration.grants().map(\.state) == [.pending])
    let link = try await administration.link(user: "olga", toPatient: "P1", issuer: nil, as: .guardian).grant
    #expect(try await administration.backfillRules("r").isEmpty)
    _ = try await administration.approveGrant(link.number)
    #expect(try await administration.backfillRules("r").map(\.isPending) == [false])
    #expect(try await administration.grants().map(\.state) == [.active, .active])
    try await archive.close()
  }

  /// A grant on a UID that two patients have would open both.
  @Test func aStudyOfTwoPatientsIsPending() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    let caller = try await archive.makeCaller("WEBER")
    var other = ReferredObject()
    other.instance = "9.9"
    other.patientID = "P2"
    try await other.store(in: archive)
    try await administration.addRule(Self.rule([(.referringID, "12345")]))
    try await Self.object.store(in: archive)
    #expect(try await administration.grants().map(\.state) == [.pending])
    #expect(try await archive.values(of: .studyInstanceUID, at: .study, as: caller).isEmpty)
    try await archive.close()
  }

  @Test(
    arguments: [
      rule([]), rule([(.referringName, "*")]), rule([(.referringName, "")]),
      rule([(.referringID, "1")], to: .principal(name: "NOBODY")),
      rule([], to: .whoever(attribute: "practice", key: .institution)),
      rule([(.referringID, "1")], name: ""),
    ])
  func whatMakesNoSenseIsRefused(_ rule: ReferralRule) async throws {
    let archive = try folder.open()
    _ = try await archive.makeCaller("WEBER")
    await #expect(throws: ArchiveError.self) { try await archive.administration(as: .current).addRule(rule) }
    try await archive.close()
  }

  @Test func reindexingGivesNothingAndKeepsWhatRulesCompare() async throws {
    let archive = try folder.open()
    let administration = archive.administration(as: .current)
    _ = try await archive.makeCaller("WEBER")
    try await Self.object.store(in: archive)
    try await administration.addRule(Self.rule([(.referringID, "12345")], opensPatient: true))
    try await archive.close()
    let again = try folder.open()
    _ = try await again.operations(as: .current).reindex()
    #expect(try await again.administration(as: .current).grants().isEmpty)
    let given = try await again.administration(as: .current).backfillRules(nil)
    #expect(given.map(\.scope) == [.patient(id: "P1", issuer: nil)])
    try await again.close()
  }
}
