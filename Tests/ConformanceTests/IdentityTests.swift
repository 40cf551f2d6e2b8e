// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct IdentityTests {
  private static let right = "planted-right"

  /// A node that says all that it can, four peers, the user 'weber', and an issuer of tokens.
  private func world(_ tokens: TemporaryFolder) async throws -> RunningNode {
    let node = try RunningNode(["--log-level", "trace"])
    try await node.addPeer("WS", may: "store", "--cleartext-passwords")
    try await node.addPeer("PW", may: "store", "--demand", "password", "--cleartext-passwords")
    try await node.addPeer("TOKEN", may: "store", "--demand", "token", "--cleartext-passwords")
    for name in ["STRICT", "OTHER"] { try await node.addPeer(name, may: "store") }
    let user = try await node.command("user", "add", "weber", "--with-password", input: Self.right + "\n")
    #expect(user.status == 0, "\(user.errors)")
    let made = try await Tool.script("tokens.py", [tokens.path])
    #expect(made.status == 0, "\(made.all)")
    let issuer = try await node.command(
      "issuer", "add", "https://login.example", "--audience", "COLLIMATOR", "--algorithm", "RS256", "--key",
      tokens.path + "/key.pub")
    #expect(issuer.status == 0, "\(issuer.errors)")
    return node
  }

  /// What was planted is nowhere: not in the log, not in any file of the archive.
  private func requireNoSecret(_ node: RunningNode, _ secrets: [String]) throws {
    var files = try FileManager.default.subpathsOfDirectory(atPath: node.directory).map { "\(node.directory)/\($0)" }
    files.append(node.log)
    #expect(files.contains { $0.hasSuffix("index.sqlite") })
    for file in files {
      guard let data = FileManager.default.contents(atPath: file) else { continue }
      for secret in secrets {
        let base64 = Data(secret.utf8).base64EncodedString().prefix(secret.utf8.count / 3 * 4)
        #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) in \(file)")
        #expect(data.range(of: Data(base64.utf8)) == nil, "\(secret) in base64 in \(file)")
      }
    }
  }

  /// A11, and Peers/identities.py: pynetdicom with each type, raw bytes for what it does not send.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func everyUserIdentityIsJudgedAndNoneIsTold() async throws {
    let tokens = try TemporaryFolder()
    let node = try await world(tokens)
    let result = try await Tool.script("identities.py", [node.port, tokens.path] + node.watched)
    #expect(result.status == 0, "\(result.all)")
    let knocks = try await node.command("peer", "knocks", "--json").output
    for why in [
      "no user with a password has the name that it gave", "wrong password of the user 'weber', 1 in a row",
      "it came with a Kerberos service ticket", "it came with a SAML assertion", "a user identity of type 6,",
      "a user identity of type 255,", "demands a password, and it showed nothing but its title", "has expired",
      "for another audience", "an algorithm that", "nobody whose tokens are believed", "no key of",
      "'nobody' was proven, and is no user here", "without TLS, which the peer 'STRICT' is not excused from",
    ] { #expect(knocks.contains(why), "\(why)") }
    #expect(!knocks.contains("planted"))
    #expect(node.stop() == 0)
    let log = try String(contentsOfFile: node.log, encoding: .utf8)
    #expect(log.contains("identity=\"'weber' by a password\"") && log.contains("identity=\"'weber' by a token of"))
    let good = try String(contentsOfFile: tokens.path + "/good.jwt", encoding: .utf8)
    try requireNoSecret(node, ["planted", good, String(good.split(separator: ".").last ?? "")])
  }

  /// As a real client says it, and what it makes of the answer.
  @Test(.enabled(if: Tool.hasDCMTK && Tool.hasPynetdicom, "needs DCMTK's tools and Python"))
  func storescuProvesWhoCalls() async throws {
    let tokens = try TemporaryFolder()
    let node = try await world(tokens)
    try Data("planted ticket".utf8).write(to: URL(filePath: tokens.path + "/ticket"))
    let good = tokens.path + "/good.jwt"
    let line = tokens.path + "/line"
    try (Data(contentsOf: URL(filePath: good)) + Data("\n".utf8)).write(to: URL(filePath: line))
    for (peer, options) in [
      ("WS", []), ("WS", ["-usr", "weber"]), ("PW", ["-usr", "weber", "-pwd", Self.right]),
      ("PW", ["-usr", "weber", "-pwd", Self.right, "-rsp"]), ("TOKEN", ["--jwt", good]),
      ("TOKEN", ["--jwt", good, "-rsp"]), ("TOKEN", ["--jwt", line]),
    ] as [(String, [String])] {
      let result = try await node.dcmtk(
        "storescu", as: peer, ["-R", "-xe"] + options, files: [Tool.fixture("ct-1.dcm")])
      #expect(result.status == 0, "\(peer) \(options): \(result.all)")
    }
    for (peer, options) in [
      ("PW", []), ("PW", ["-usr", "weber"]), ("PW", ["-usr", "weber", "-pwd", "planted-wrong"]),
      ("WS", ["-usr", "weber", "-epw"]), ("STRICT", ["-usr", "weber", "-pwd", Self.right]),
      ("WS", ["-kt", tokens.path + "/ticket"]), ("WS", ["--saml", tokens.path + "/ticket"]),
      ("TOKEN", ["--jwt", tokens.path + "/expired.jwt"]), ("TOKEN", ["--jwt", tokens.path + "/none.jwt"]),
      ("TOKEN", ["--jwt", tokens.path + "/confused.jwt"]),
    ] as [(String, [String])] {
      let result = try await node.dcmtk(
        "storescu", as: peer, ["-R", "-xe"] + options, files: [Tool.fixture("ct-1.dcm")])
      #expect(result.status != 0, "\(peer) \(options)")
      #expect(result.all.contains("Rejected Permanent, Source: Service Provider (ACSE Related)"), "\(result.all)")
    }
    #expect(node.stop() == 0)
    try requireNoSecret(node, ["planted"])
  }

  /// Our own SCU, judged by pynetdicom and by our own node.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func ourCommandsProveWhoCalls() async throws {
    let tokens = try TemporaryFolder()
    let node = try await world(tokens)
    let judged = try await Tool.script("asked.py", [tokens.path + "/good.jwt", Tool.collimator, "echo"])
    #expect(judged.status == 0, "\(judged.all)")
    let remote = ["--calling", "PW", "--port", node.port, "--cleartext-passwords"]
    let echo = try await Tool.run(Tool.collimator, ["echo", "--user", "weber"] + remote, input: Self.right + "\n")
    #expect(echo.status == 0, "\(echo.all)")
    let wrong = try await Tool.run(Tool.collimator, ["echo", "--user", "weber"] + remote, input: "planted-wrong\n")
    #expect(wrong.status == 1 && wrong.errors.contains("does not take 'PW' at its word"), "\(wrong.all)")
    let token = try await Tool.run(Tool.collimator, ["echo", "--token", tokens.path + "/good.jwt"] + remote)
    #expect(token.status == 0, "\(token.all)")
    #expect(node.stop() == 0)
    try requireNoSecret(node, ["planted"])
  }

  /// Five wrong ones lock a user out, over a restart, until an administrator says otherwise.
  @Test(.enabled(if: Tool.hasDCMTK && Tool.hasPynetdicom, "needs DCMTK's tools and Python"))
  func aLockSurvivesARestart() async throws {
    let tokens = try TemporaryFolder()
    let node = try await world(tokens)
    func isLetIn(_ passcode: String) async throws -> Bool {
      let options = ["-R", "-xe", "-usr", "weber", "-pwd", passcode]
      return try await node.dcmtk("storescu", as: "PW", options, files: [Tool.fixture("ct-1.dcm")]).status == 0
    }
    #expect(try await isLetIn(Self.right))
    for _ in 0..<5 { #expect(try await !isLetIn("planted-wrong")) }
    #expect(try await !isLetIn(Self.right))
    #expect(try await node.command("user", "list").output.contains("locked until"))
    #expect(node.stop() == 0)
    try node.start()
    #expect(try await !isLetIn(Self.right))
    #expect(try await node.command("user", "unlock", "weber").status == 0)
    #expect(try await isLetIn(Self.right))
    #expect(try await node.command("user", "lock", "weber").status == 0)
    #expect(try await !isLetIn(Self.right))
    #expect(node.stop() == 0)
  }
}
