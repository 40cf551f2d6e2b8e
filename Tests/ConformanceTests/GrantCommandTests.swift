// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the commands about grants say, for people and for scripts.
@Suite struct GrantCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func collimator(_ arguments: [String], input: String? = nil) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", folder.path + "data"], input: input)
  }

  /// Of a listing, its entries; of anything else, itself.
  private func json(_ arguments: String..., input: String? = nil) async throws -> [[String: Any]] {
    let result = try await collimator(arguments + ["--json"], input: input)
    #expect(result.status == 0, "\(arguments): \(result.all)")
    let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return value as? [[String: Any]] ?? (value as? [String: Any]).map { [$0] } ?? []
  }

  private func done(_ arguments: String..., saying words: String, input: String? = nil) async throws {
    let result = try await collimator(arguments, input: input)
    #expect(result.status == 0 && result.output.contains(words), "\(arguments): \(result.all)")
  }

  private func refused(_ arguments: String..., saying words: String, input: String? = nil) async throws {
    let result = try await collimator(arguments, input: input)
    #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result.all)")
  }

  private func world() async throws {
    for peer in ["WS", "CLINIC"] {
      try await done("peer", "add", peer, "--address", "127.0.0.1", "--may", "store,query", saying: "may store, query")
    }
    try await done("user", "add", "weber", saying: "is a user")
    for fixture in ["ct-1.dcm", "ct-2.dcm"] {
      try await done("import", Tool.fixture(fixture), saying: "1")
    }
  }

  @Test func grantsAreListedAndChanged() async throws {
    try await world()
    try await done("grant", "add", "--to", "weber", "--everything", "--may", "share", saying: "everything is open")
    try await done(
      "grant", "add", "--to", "WS", "--patient", "4711", "--may", "query", "--by", "weber", "--until", "2999-01-01",
      saying: "patient 4711 is open to 'WS'")
    try await refused(
      "grant", "add", "--to", "WS", "--patient", "4711", "--by", "CLINIC", saying: "has no grant by which patient 4711")
    let grants = try await json("grant", "list")
    #expect(grants.map { $0["number"] as? Int } == [1, 2])
    #expect(grants.map { $0["to"] as? String } == ["weber", "WS"])
    #expect(grants.map { $0["sharedFrom"] as? Int } == [nil, 1])
    #expect(grants.last?["grantedBy"] as? String == "weber" && grants.last?["why"] as? String == "share")
    try await done("grant", "suspend", "1", "--reason", "absent", saying: "grant 1 is suspended")
    #expect(try await json("grant", "list", "--state", "suspended").count == 2)
    try await refused("grant", "resume", "2", saying: "it rests on grant 1")
    try await done("grant", "resume", "1", saying: "active again")
    try await done("grant", "revoke", "1", saying: "grant 1 is revoked")
    #expect(try await json("grant", "list", "--state", "revoked").count == 2)
    try await done("grant", "list", saying: "GRANTED BY")
    let templates = try await Tool.run(Tool.collimator, ["grant", "templates", "--json"])
    #expect(templates.status == 0 && templates.output.contains("\"referring\""), "\(templates.all)")
  }

  /// The code is asked for where it does not stand among the arguments, and nowhere told again.
  @Test func codesAreReadFromStandardInput() async throws {
    try await world()
    let opened = try await json("grant", "code", "--patient", "4711", "--for", "2h")
    let code = try #require(opened.first?["code"] as? String)
    #expect(code.wholeMatch(of: /[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/) != nil)
    try await refused("grant", "redeem", "--as", "CLINIC", saying: "no code came on standard input", input: "")
    try await refused(
      "grant", "redeem", "--as", "CLINIC", saying: "it is wrong, was used, or has ended", input: "0000-0000-0000-0000\n"
    )
    let grant = try await json("grant", "redeem", "--as", "CLINIC", input: code.lowercased() + "\n").first
    #expect(grant?["to"] as? String == "CLINIC" && grant?["reference"] as? String == "code 1")
    try await refused(
      "grant", "redeem", code, "--as", "CLINIC", saying: "it is wrong, was used, or has ended")
    try await refused("grant", "redeem", code, "--as", "CLINIC", saying: "leave it out, and it is asked for")
    let codes = try await json("grant", "codes")
    #expect(codes.count == 1 && codes.first?["code"] == nil && codes.first?["grant"] as? Int == 1)
    try await done("grant", "codes", saying: "OPENED BY")
  }

  @Test func rulesConsentsGroupsAndEmergencies() async throws {
    try await world()
    try await done("group", "add", "practice", "--member", "weber", saying: "practice")
    try await done("group", "kind", "practice", "practice", saying: "a practice")
    #expect(try await json("group", "list").first?["kind"] as? String == "practice")
    try await done("rule", "add", "ct", "--modality", "CT", "--to", "practice", saying: "rule 'ct' holds from now on")
    #expect(try await json("rule", "list").first?["to"] as? String == "practice")
    try await done("rule", "list", saying: "ADDED BY")
    #expect(try await !json("rule", "test", "ct").isEmpty)
    #expect(try await !json("rule", "backfill", "ct").isEmpty)
    #expect(try await json("rule", "backfill", "ct").isEmpty)
    try await done("consent", "veto", "--patient", "4711", "--against", "practice", saying: "consent 1 is recorded")
    #expect(try await json("consent", "list").first?["kind"] as? String == "veto")
    try await done("consent", "list", saying: "4711")
    #expect(try await json("grant", "emergency-law").first?["overridesVetoes"] as? Bool == false)
    try await done("grant", "emergency-law", "--overrides-vetoes", "yes", saying: "outranks patients' vetoes")
    let emergency = try await json("grant", "emergency", "--as", "WS", "--patient", "4711", "--reason", "unconscious")
    #expect(emergency.first?["why"] as? String == "emergency")
    #expect(try await json("aside", "list").isEmpty)
  }

  /// Why somebody sees something, what they see, and who sees it.
  @Test func whoSeesWhatIsTold() async throws {
    try await world()
    try await done("grant", "add", "--to", "weber", "--everything", saying: "everything is open to 'weber'")
    let all = try await json(
      "query", "--as", "weber", "-k", "StudyInstanceUID", "-k", "PatientID", "-k", "IssuerOfPatientID")
    func value(_ tag: String) -> String {
      ((all.first?[tag] as? [String: Any])?["Value"] as? [Any])?.first as? String ?? ""
    }
    let (study, patient, issuer) = (value("0020000D"), value("00100020"), value("00100021"))
    #expect(!study.isEmpty, "\(all)")
    try await done("grant", "add", "--to", "WS", "--study", study, "--may", "view-only", saying: "is open to 'WS'")
    let explained = try await json("explain", "--as", "WS", "--study", study)
    #expect(((explained.first?["grants"] as? [Any])?.first as? [String: Any])?["reasons"] as? [String] == [])
    try await done("explain", "--as", "CLINIC", "--study", study, saying: study)
    let seen = try await json("query", "--as", "WS", "-k", "StudyInstanceUID")
    #expect(seen.count == 1)
    #expect(try await json("query", "--as", "CLINIC", "-k", "StudyInstanceUID").isEmpty)
    let named = ["access", "--patient", patient] + (issuer.isEmpty ? [] : ["--issuer", issuer])
    let access = try await collimator(named + ["--json"])
    let who = try JSONSerialization.jsonObject(with: Data(access.output.utf8)) as? [[String: Any]] ?? []
    #expect(who.compactMap { $0["who"] as? String } == ["WS"], "\(access.all)")
    // Nothing proves anybody to be weber.
    #expect(access.all.contains("'weber' hold grants and see nothing of it"), "\(access.all)")
    #expect(try await collimator(named).output.contains("WS"))
  }

  /// A clinic redeems its own code, as the user it proves to be; wrong, used and locked are told apart for nobody.
  @Test(arguments: [false, true])
  func whoeverCallsRedeemsForThemselves(overTLS: Bool) async throws {
    let certificates = overTLS ? try await TestCertificates() : nil
    let node = try RunningNode(certificates?.server() ?? [])
    // Only TLS lets a password through without an excuse.
    try await node.addPeer("CLINIC", may: "query", overTLS ? [] : ["--cleartext-passwords"])
    let added = try await node.command("user", "add", "anna", "--with-password", input: "right password\n")
    #expect(added.status == 0, "\(added.all)")
    func code() async throws -> String {
      let made = try await node.command("grant", "code", "--patient", "4711")
      return String(made.output.prefix { $0 != "\n" })
    }
    func redeem(_ input: String, _ more: [String] = []) async throws -> Tool.Result {
      let port = overTLS ? ["--host", "localhost", "--port", node.tlsPort] : ["--port", node.port]
      return try await Tool.run(
        Tool.collimator, ["redeem", "--calling", "CLINIC"] + port + (certificates?.client() ?? []) + more, input: input)
    }
    let anna = ["--user", "anna"] + (overTLS ? [] : ["--cleartext-passwords"])
    let (first, second) = (try await code(), try await code())
    let asPeer = try await redeem(first + "\n", ["--json"])
    #expect(asPeer.status == 0 && asPeer.output.contains("patient 4711 is open to 'CLINIC'"), "\(asPeer.all)")
    let asUser = try await redeem("right password\n\(second)\n", anna)
    #expect(asUser.status == 0 && asUser.output.contains("patient 4711 is open to 'anna'"), "\(asUser.all)")
    let used = try await redeem("right password\n\(first)\n", anna)
    let wrong = try await redeem("right password\n0000-0000-0000-0000\n", anna)
    #expect(used.status != 0 && used.all == wrong.all, "\(used.all)\(wrong.all)")
    for _ in 0..<3 { _ = try await redeem("right password\nnothing\n", anna) }
    let third = try await code()
    let locked = try await redeem("right password\n\(third)\n", anna)
    #expect(locked.status != 0 && locked.errors.contains("no code is taken from you"), "\(locked.all)")
    let asked = try await redeem("wrong password\n\(third)\n", anna)
    #expect(asked.status != 0 && !asked.all.contains("grant"), "\(asked.all)")
    // Each of them is on record once, as the deed of whoever called, and the code in none.
    let audit = try await node.command("audit", "list", "--json", "--limit", "1000").output
    let records = try JSONSerialization.jsonObject(with: Data(audit.utf8)) as? [[String: Any]] ?? []
    let acts = records.filter { ($0["act"] as? String)?.hasPrefix("grant code re") == true }
    #expect(acts.count == 8, "\(acts)")
    #expect(Set(acts.compactMap { $0["principal"] as? String }) == ["anna", "CLINIC"], "\(acts)")
    for secret in [first, second, third] { #expect(!audit.contains(secret) && !node.logged.contains(secret)) }
    #expect(node.stop() == 0)
  }
}
