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
