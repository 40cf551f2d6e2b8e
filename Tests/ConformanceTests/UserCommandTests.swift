// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct UserCommandTests {
  private struct Listing: Decodable {
    struct Certificate: Decodable { let fingerprint: String }

    let name: String
    let hasPassword: Bool
    let isLocked: Bool
    let certificates: [Certificate]
  }

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var data: String { folder.path + "data" }

  private func collimator(_ arguments: String..., input: String? = nil) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, arguments + ["--data", data], input: input)
  }

  private func users() async throws -> [Listing] {
    try JSONDecoder().decode([Listing].self, from: Data(try await collimator("user", "list", "--json").output.utf8))
  }

  /// Without a node: the same operations under the same lock.
  @Test func usersAreManaged() async throws {
    #expect(try await collimator("user", "add", "weber", "--with-password", input: "right password\n").status == 0)
    #expect(try await collimator("user", "add", "ct1").status == 0)
    #expect(try await users().map(\.name) == ["ct1", "weber"])
    #expect(try await users().map(\.hasPassword) == [false, true])
    let taken = try await collimator("user", "add", "weber")
    #expect(taken.status != 0 && taken.errors.contains("there is a user 'weber' already"))
    #expect(try await collimator("user", "password", "ct1", input: "another password").status == 0)
    #expect(try await users().allSatisfy(\.hasPassword))
    #expect(try await collimator("user", "lock", "ct1").status == 0)
    #expect(try await users().map(\.isLocked) == [true, false])
    #expect(try await collimator("user", "show", "ct1").output.contains("locked"))
    #expect(try await collimator("user", "remove", "ct1").status == 0)
    for arguments in [["show", "ct1"], ["lock", "ct1"], ["unlock", "ct1"], ["remove", "ct1"]] {
      let result = try await Tool.run(Tool.collimator, ["user"] + arguments + ["--data", data])
      #expect(result.status != 0 && result.errors.contains("there is no user 'ct1'"), "\(arguments): \(result.all)")
    }
    #expect(try await users().map(\.name) == ["weber"])
  }

  /// A link said again is in place of the former one; that the birth date it says is not the one that is stored is said, then
  /// and when it is approved.
  @Test func aLinkIsCorrected() async throws {
    #expect(try await collimator("user", "add", "anna").status == 0)
    let fixture = try await collimator("import", Tool.fixture("ct-1.dcm"))
    #expect(fixture.status == 0, "\(fixture.all)")
    func link(_ more: String...) async throws -> Tool.Result {
      let arguments = ["user", "link", "anna", "--patient", "4711", "--issuer", "CITYHOSPITAL", "--as", "child"]
      return try await Tool.run(Tool.collimator, arguments + ["--ends-at-age", "120", "--data", data] + more)
    }
    let words = "was born 1961-03-05 by what is stored, and 2015-03-01 by --birth-date"
    let wrong = try await link("--birth-date", "20150301")
    #expect(wrong.status == 0 && wrong.errors.contains(words), "\(wrong.all)")
    let approved = try await collimator("grant", "approve", "1")
    #expect(approved.status == 0 && approved.errors.contains(words), "\(approved.all)")
    let again = try await link("--birth-date", "2015-03-01", "--json")
    #expect(again.status == 0 && again.errors.contains("grant 1 has ended"), "\(again.all)")
    let json = try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any]
    let remarks = json?["remarks"] as? [String] ?? []
    #expect(json?["number"] as? Int == 2 && remarks.contains { $0.contains(words) }, "\(again.all)")
    let right = try await link()
    #expect(right.errors.contains("grant 2 has ended") && !right.errors.contains("was born"), "\(right.all)")
    let same = try await link("--birth-date", "1961-03-05")
    #expect(same.status == 0 && !same.errors.contains("was born"), "\(same.all)")
    let gone = try await collimator("user", "unlink", "anna", "--patient", "4711", "--issuer", "CITYHOSPITAL")
    #expect(gone.output.contains("; 1 grants ended."), "\(gone.all)")
  }

  /// Whoever will belong to a group, and until when somebody does.
  @Test func datedMembershipsAreShown() async throws {
    for user in ["anna", "olga", "weber"] { #expect(try await collimator("user", "add", user).status == 0) }
    #expect(try await collimator("group", "kind", "clinic", "clinic").status == 0)
    let (from, until) = ("2997-01-01T12:00:00Z", "2998-01-01T12:00:00Z")
    let joined = try await collimator("group", "join", "anna", "--group", "clinic", "--from", from, "--until", until)
    #expect(joined.output.contains("'anna' belongs to 'clinic' from \(from) until \(until)."), "\(joined.all)")
    #expect(try await collimator("group", "join", "olga", "--group", "clinic", "--until", until).status == 0)
    let always = try await collimator("group", "join", "weber", "--group", "clinic")
    #expect(always.output.contains("'weber' belongs to 'clinic'."), "\(always.all)")
    let list = try await collimator("group", "list")
    #expect(
      list.output.contains("anna (from \(from) until \(until)) olga (until \(until)) weber"), "\(list.all)")
    struct Group: Decodable {
      struct Membership: Decodable {
        let name: String
        let from: String?
        let until: String?
      }
      let members: [String]
      let memberships: [Membership]
    }
    let json = try await collimator("group", "list", "--json").output
    let group = try #require(try JSONDecoder().decode([Group].self, from: Data(json.utf8)).first)
    #expect(group.members == ["olga", "weber"])
    #expect(group.memberships.map(\.name) == ["anna", "olga", "weber"])
    #expect(group.memberships.map(\.until) == [until, until, nil] && group.memberships.first?.from == from)
    let shown = try await collimator("user", "show", "anna")
    #expect(shown.output.contains("clinic (from \(from) until \(until))"), "\(shown.all)")
    #expect(try await collimator("user", "show", "anna", "--json").output.contains(from))
  }

  /// What is no password is refused, and never repeated.
  @Test func passwordsThatCannotBeAreRefused() async throws {
    for (input, why) in [
      ("planted\n", "8 to 1024"), ("\n", "no password"), ("", "no password"),
      (String(repeating: "planted", count: 200), "8 to 1024"), (String(repeating: "planted", count: 1000), "too long"),
    ] {
      let result = try await collimator("user", "add", "weber", "--with-password", input: input)
      #expect(result.status != 0 && result.errors.contains(why), "\(input.prefix(20)): \(result.errors)")
      #expect(!result.all.contains("planted"))
    }
    #expect(try await users().isEmpty)
    // There is no way to say one as an argument.
    #expect(try await collimator("user", "password", "weber", "secret").status != 0)
  }

  @Test func certificatesAreManaged() async throws {
    let pem = folder.path + "ct1.pem"
    let made = try await Tool.run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.path + "key.pem", "-out", pem, "-subj",
        "/CN=CT1",
      ])
    #expect(made.status == 0, "\(made.errors)")
    let judged = try await Tool.run("/usr/bin/openssl", ["x509", "-in", pem, "-noout", "-fingerprint", "-sha256"])
    let fingerprint = judged.output.split(separator: "=").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    #expect(try await collimator("user", "add", "ct1", "--certificate", pem).status == 0)
    #expect(
      try await users().first?.certificates.first?.fingerprint
        == fingerprint.replacing(":", with: "").lowercased())
    #expect(
      try await collimator("user", "certificate", "ct1", pem).errors.contains("belongs to the user 'ct1' already"))
    #expect(try await collimator("user", "certificate", "ct1", "--remove", fingerprint).status == 0)
    #expect(try await users().first?.certificates.isEmpty == true)
    #expect(
      try await collimator("user", "certificate", "ct1", folder.path + "key.pem").errors.contains("no certificate"))
    #expect(try await collimator("user", "certificate", "ct1", "/nonexistent").errors.contains("cannot be read"))
    #expect(try await collimator("user", "certificate", "ct1").status != 0)
    // A private key is nobody's public one.
    let issuer = try await collimator(
      "issuer", "add", "i", "--audience", "a", "--algorithm", "RS256", "--key", folder.path + "key.pem")
    #expect(issuer.status != 0 && issuer.errors.contains("private key"))
  }

  /// Typed twice, and not shown.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
  func aTerminalDoesNotShowAPassword() async throws {
    let command = [Tool.collimator, "user", "add", "weber", "--with-password", "--data", data]
    let differing = try await Tool.script("terminal.py", ["planted-one", "planted-two", "--"] + command)
    #expect(differing.status != 0 && differing.output.contains("not the same"))
    #expect(!FileManager.default.fileExists(atPath: data))
    let same = try await Tool.script("terminal.py", ["planted-one", "planted-one", "--"] + command)
    #expect(same.status == 0, "\(same.all)")
    #expect(same.output.contains("Password of 'weber': "))
    #expect(try await users().map(\.hasPassword) == [true])
    #expect(!(differing.all + same.all).contains("planted"))
  }

  @Test func whatAPeerDemandsCanBeChanged() async throws {
    #expect(try await collimator("peer", "add", "WS", "--may", "query").errors.contains("--address"))
    #expect(
      try await collimator("peer", "add", "WS", "--may", "query", "--address", "10.0.0.0/8", "--demand", "much").errors
        .contains("title, address, password, token, certificate"))
    #expect(try await collimator("peer", "add", "WS", "--may", "query", "--address", "10.0.0.0/8").status == 0)
    #expect(try await collimator("peer", "list").output.contains("address"))
    #expect(try await collimator("peer", "set", "WS", "--demand", "certificate").status == 0)
    #expect(try await collimator("peer", "list").output.contains("certificate"))
    #expect(try await collimator("peer", "set", "WS", "--cleartext-passwords").status == 0)
    #expect(try await collimator("peer", "list").output.contains("passwords in the clear"))
    #expect(try await collimator("peer", "set", "WS", "--no-cleartext-passwords").status == 0)
    #expect(try await !collimator("peer", "list").output.contains("passwords in the clear"))
    #expect(try await collimator("peer", "set", "WS").status != 0)
    let lax = try await collimator("peer", "add", "LAX", "--may", "query", "--demand", "title")
    #expect(lax.output.contains("anybody who says 'LAX'"))
  }
}
