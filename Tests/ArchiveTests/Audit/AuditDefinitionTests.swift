// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Testing

@testable import Archive

/// What a definition was, and what became of it, is known from the records alone; what is a secret is in none.
@Suite struct AuditDefinitionTests {
  private static let month = 30 * 86_400.0
  private static let patient = GrantScope.patient(id: "P1", issuer: "HOSPITAL")

  private static let rule = ReferralRule(
    name: "r", conditions: [.init(.modality, ["CT", "MR"]), .init(.referringID, ["123"])], scheme: "LANR",
    grantee: .principal(name: "weber"), opensPatient: true, rights: .query, seconds: month)

  private static func peer() throws -> Peer {
    Peer(
      name: "WS", aeTitle: try #require(AETitle("WS")), addresses: [try #require(Network("127.0.0.1"))], port: 104,
      rights: [.query, .store], acceptsPrivateSOPClasses: false, issuer: "HOSPITAL")
  }

  /// One change after the other: its act, what its record says, and what is done.
  private struct Step {
    let act: String
    let says: [String]
    let change: () async throws -> Void

    init(_ act: String, _ says: [String], change: @escaping () async throws -> Void) {
      self.act = act
      self.says = says
      self.change = change
    }
  }

  private static func expect(_ steps: [Step], in archive: Archive) async throws {
    for step in steps {
      let before = try await records(archive).count
      try await step.change()
      let found = try await records(archive).dropFirst(before).filter { $0.act == step.act }
      #expect(found.count == 1, "\(step.act): \(found)")
      for words in step.says {
        #expect(found.first?.detail.contains(words) == true, "\(step.act): \(words) in \(found.first?.detail ?? "")")
      }
    }
  }

  private static func records(_ archive: Archive) async throws -> [AuditRecord] {
    await archive.audit.flush()
    return try await archive.database.read { database in
      try AuditReading.follow(AuditFilter(), after: 0, limit: 10_000, in: database)
    }
  }

  @Test func ofUsers() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    try await Self.expect(
      [
        Step("user added", ["'weber'", "password 'set'"]) {
          try await administration.addUser("weber", password: Secret("right password"))
        },
        Step("password changed", ["of 'weber'"]) {
          try await administration.setPassword(Secret("other password"), ofUser: "weber")
        },
        Step("roles set", ["roles from none to 'physician'"]) {
          try await administration.setRoles([.physician], ofUser: "weber")
        },
        Step("roles set", ["roles from 'physician' to 'patient, service'"]) {
          try await administration.setRoles([.service, .patient], ofUser: "weber")
        },
        Step("attribute set", ["'weber': phone from none to '110'"]) {
          try await administration.setAttribute("phone", "110", of: "weber")
        },
        Step("attribute set", ["'weber': phone from '110' to '112'"]) {
          try await administration.setAttribute("phone", "112", of: "weber")
        },
        Step("attribute set", ["'weber': phone from '112' to none"]) {
          try await administration.setAttribute("phone", "", of: "weber")
        },
        Step("attribute set", ["Passcode of the door from none to '(not recorded)'"]) {
          try await administration.setAttribute("Passcode of the door", "4711-secret", of: "weber")
        },
        Step("user locked", ["'weber'"]) { try await administration.lockUser("weber") },
        Step("user unlocked", ["locked by '\(Operator.current.name)'"]) {
          try await administration.unlockUser("weber")
        },
      ], in: archive)
    let all = try await Self.records(archive).map(\.detail).joined(separator: "\n")
    for secret in ["right password", "other password", "4711-secret"] { #expect(!all.contains(secret)) }
    try await archive.close()
  }

  @Test func ofGroupsAndLinks() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let end = Moment.text(test.clock.now + Self.month)
    try await administration.addUser("weber", password: Secret("right password"))
    try await administration.setRoles([.service, .patient], ofUser: "weber")
    try await Self.expect(
      [
        Step("group added", ["'practice'"]) { try await administration.setGroup("practice", kind: nil) },
        Step("group changed", ["kind from none to 'practice'"]) {
          try await administration.setGroup("practice", kind: .practice)
        },
        Step("group changed", ["kind from 'practice' to 'clinic'"]) {
          try await administration.setGroup("practice", kind: .clinic)
        },
        Step("group changed", ["'weber' is a member of 'practice'", "until \(end)"]) {
          try await administration.addMember(
            "weber", toGroup: "practice", since: nil, until: test.clock.now + Self.month)
        },
        Step("group changed", ["for good; it was from", "until \(end)"]) {
          try await administration.addMember("weber", toGroup: "practice", since: nil, until: nil)
        },
        Step("group changed", ["no member of 'practice' any more; it was from", "for good"]) {
          try await administration.removeMember("weber", fromGroup: "practice")
        },
        Step("group changed", ["joined: weber; members now: weber"]) {
          try await administration.setGroup("practice", members: ["weber"])
        },
        Step("link added", ["'weber' to P1", "as child", "until the age of 16", "said to be born 20200101"]) {
          _ = try await administration.link(
            user: "weber", toPatient: "P1", issuer: "HOSPITAL", as: .child, endsAtAge: 16, birthDate: "20200101")
        },
        Step("link removed", ["'weber' to P1", "P1 of HOSPITAL as child by grant 1", "1 grants ended"]) {
          _ = try await administration.unlink(user: "weber", fromPatient: "P1", issuer: "HOSPITAL")
        },
        Step("user removed", ["roles 'patient, service'", "password 'set'", "in the groups 'practice'"]) {
          try await administration.removeUser("weber")
        },
        Step("group removed", ["'practice'; kind 'clinic'"]) { try await administration.removeGroup("practice") },
      ], in: archive)
    try await archive.close()
  }

  @Test func ofPeers() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let peer = try Self.peer()
    try await Self.expect(
      [
        Step(
          "peer added",
          ["'WS' may store, query", "title 'WS'", "addresses '127.0.0.1'", "port '104'", "issuer 'HOSPITAL'"]
        ) {
          try await administration.addPeer(peer)
        },
        Step("peer changed", ["'WS': demand from 'address' to 'password', passwords in the clear from none to 'yes'"]) {
          try await administration.setPeer("WS", demand: .password, allowsCleartextPasswords: true)
        },
        Step("peer changed", ["port from '104' to '105'"]) {
          try await administration.changePeer("WS") { known in
            Peer(
              name: known.name, aeTitle: known.aeTitle, addresses: known.addresses, port: 105, rights: known.rights,
              acceptsPrivateSOPClasses: known.acceptsPrivateSOPClasses, demand: known.demand,
              allowsCleartextPasswords: known.allowsCleartextPasswords, issuer: known.issuer)
          }
        },
        Step("peer changed", ["most answers from none to '10', character set from none to 'ISO_IR 100'"]) {
          try await administration.setAnswers("WS", most: 10, characterSet: ["ISO_IR 100"])
        },
        Step("peer changed", ["most answers from '10' to none"]) {
          try await administration.setAnswers("WS", most: 0, characterSet: nil)
        },
        Step(
          "peer removed", ["rights 'store, query'", "port '105'", "demand 'password'", "character set 'ISO_IR 100'"]
        ) {
          try await administration.removePeer("WS")
        },
      ], in: archive)
    try await archive.close()
  }

  @Test func ofWhatProvesSomebody() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let issuer = TestIssuer().issuer
    let made = try TestCertificate.make("weber", until: test.clock.now + Self.month)
    let certificate = try UserCertificate(pem: made.pem)
    try await administration.addUser("weber", password: nil)
    try await Self.expect(
      [
        Step("certificate added", ["\(certificate.fingerprint)", "weber", "valid until"]) {
          try await administration.addCertificate(certificate, toUser: "weber")
        },
        Step("certificate removed", ["\(certificate.fingerprint)", "weber", "valid until"]) {
          try await administration.removeCertificate(certificate.fingerprint, ofUser: "weber")
        },
        Step("token issuer added", ["audience 'COLLIMATOR'", "algorithms 'ES256'", "user claim 'sub'", "SHA-256"]) {
          try await administration.addTokenIssuer(issuer)
        },
        Step("token issuer removed", ["audience 'COLLIMATOR'", "algorithms 'ES256'", "user claim 'sub'", "SHA-256"]) {
          try await administration.removeTokenIssuer(issuer.issuer)
        },
      ], in: archive)
    try await archive.close()
  }

  @Test func ofGrantsRulesAndConsents() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: nil)
    let (soon, late) = (test.clock.now + Self.month, test.clock.now + 2 * Self.month)
    var terms = GrantTerms(Self.patient, rights: [.query, .retrieve], until: soon, relationship: .consulting)
    terms.basis.reference = "letter 7"
    terms.leastAssurance = .password
    let given = terms
    try await Self.expect(
      [
        Step(
          "grant added",
          ["grant 1, active: patient P1 of HOSPITAL to 'weber'", "why consulting", "letter 7", "a password"]
        ) {
          _ = try await administration.addGrant(to: "weber", given)
        },
        Step("grant suspended", ["it was active", "because: holiday"]) {
          _ = try await administration.suspendGrant(1, reason: "holiday")
        },
        Step("grant extended", ["until \(Moment.text(late))", "it was until \(Moment.text(soon))"]) {
          _ = try await administration.extendGrant(1, until: late)
        },
        Step("grant revoked", ["it was suspended", "because: gone"]) {
          try await administration.revokeGrant(1, reason: "gone")
        },
        Step(
          "consent recorded", ["consent 1, a veto: patient P1 of HOSPITAL, 'weber'", "in an emergency too", "form 3"]
        ) {
          _ = try await administration.record(
            ConsentDraft(
              kind: .veto, scope: Self.patient, party: "weber", holdsInEmergency: true, from: nil, until: late,
              reference: "form 3"))
        },
        Step("consent withdrawn", ["consent 1, a veto: patient P1 of HOSPITAL, 'weber'", "until \(Moment.text(late))"])
        {
          _ = try await administration.withdrawConsent(1)
        },
        Step("grant law set", ["emergency access overrides vetoes; before: vetoes stand in an emergency"]) {
          try await administration.setEmergencyOverridesVetoes(true)
        },
        Step(EmergencyAct.begun, ["patient P1 of HOSPITAL to 'weber'", "may ", "until ", "because: trauma"]) {
          _ = try await administration.openEmergency(to: "weber", Self.patient, reason: "trauma", seconds: 600)
        },
      ], in: archive)
    try await archive.close()
  }

  @Test func ofRules() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: nil)
    let words =
      "where modality CT|MR, referring-id 123, scheme LANR; to 'weber'; the patient; may view-only; why referring"
    try await Self.expect(
      [
        Step("rule added", ["'r': \(words)", "for 30 days", "active at once"]) {
          try await administration.addRule(Self.rule)
        },
        Step("rules backfilled", ["'r': 0 grants"]) { _ = try await administration.backfillRules(nil) },
        Step(
          "rule removed", ["'r': \(words)", "for 30 days", "added by '\(Operator.current.name)'", "0 of its grants"]
        ) {
          _ = try await administration.removeRule("r", revoking: true)
        },
      ], in: archive)
    try await archive.close()
  }

  /// The code is told to who made it, and never again.
  @Test func ofCodes() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    try await administration.addUser("weber", password: nil)
    let terms = CodeTerms(scope: Self.patient, rights: [.query], seconds: 86_400, validity: 7200)
    let opened = try await administration.openCode(terms, sharer: nil)
    _ = try await administration.redeem(opened.code.text, as: "weber")
    let records = try await Self.records(archive)
    let made = records.first { $0.act == "grant code opened" }?.detail ?? ""
    #expect(made.contains("may view-only") && made.contains("for 24 hours") && made.contains("until"), "\(made)")
    let redeemed = records.first { $0.act == "grant code redeemed" }?.detail ?? ""
    #expect(
      redeemed.contains("by 'weber': grant 1, active: patient P1 of HOSPITAL to 'weber'; may view-only"), "\(redeemed)")
    let plain = opened.code.text.filter { $0 != "-" }
    #expect(records.allSatisfy { !$0.detail.filter { $0 != "-" }.contains(plain) })
    try await archive.close()
  }

  @Test func ofKeeping() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "9.1"))
    let operations = archive.operations(as: .current)
    try await Self.expect(
      [
        Step("retention rule added", ["rule 1: 30 days after the arrival, of CT"]) {
          _ = try await operations.addRetentionRule(RetentionRule(days: 30, basis: .arrival, modalities: ["CT"]))
        },
        Step("retention rule removed", ["rule 1: 30 days after the arrival, of CT"]) {
          try await operations.removeRetentionRule(1)
        },
        Step("legal hold placed", ["1, patient P1: court"]) {
          _ = try await operations.addHold(.patient(id: "P1", issuer: nil), reason: "court")
        },
        Step("legal hold released", ["1: over", "patient P1, placed by", "because: court"]) {
          try await operations.releaseHold(1, reason: "over")
        },
        Step("delete", []) {
          _ = try await operations.delete(.study(uid: "1.2.3"), DeletionOrder(reason: "wish", keepsOut: true))
        },
        Step("deletion lifted", ["1 objects, by", "because: wish"]) { try await operations.liftDeletion(1) },
      ], in: archive)
    let named = try await Self.records(archive).filter { ["legal hold released", "deletion lifted"].contains($0.act) }
    #expect(named.map { $0.subjects.map { "\($0.patientID) \($0.studyInstanceUID)" } } == [["P1 "], [" 1.2.3"]])
    try await archive.close()
  }
}
