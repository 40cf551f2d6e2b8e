// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct TLSRenewalTests {
  /// What stands in the files is what a node starts with, or it says what is wrong with which file.
  @Test(
    arguments: [
      ("missing.pem", "server.key", "cannot be read: No such file"), ("server.pem", "missing.key", "cannot be read"),
      ("server.key", "server.key", "has no certificate in PEM form"),
      ("server.pem", "server.pem", "has no private key in PEM form"),
      ("server-expired.pem", "server-expired.key", "expired on"),
      ("server.pem", "server-2.key", "is not the key of the certificate in"),
      ("client.pem", "client.key", "its extended key usage lacks serverAuth"),
      ("server.pem", "server-encrypted.key", "is encrypted; keep the key without a passphrase"),
      ("server.pem", "open.key", "can be read by others (mode 644): chmod 600"),
      (".", "server.key", "is no regular file"),
    ] as [(String, String, String)])
  func aNodeDoesNotStartWithWrongFiles(certificate: String, key: String, why: String) async throws {
    let certificates = try await TestCertificates()
    try FileManager.default.copyItem(atPath: certificates.file("server.key"), toPath: certificates.file("open.key"))
    chmod(certificates.file("open.key"), 0o644)
    try await expectNoStart(
      ["--tls-port", "0", "--tls-certificate", certificates.file(certificate), "--tls-key", certificates.file(key)], why
    )
  }

  @Test(
    arguments: [
      (["--tls-certificate", "x"], "there is no TLS port"),
      (["--tls-port", "0"], "tlsPort needs tlsCertificate and tlsKey"),
      (["--tls-port", "x"], "--tls-port"), (["--tls-minimum-version", "1.1"], "not one of 1.2, 1.3"),
      (["--tls-client-certificates", "maybe"], "not one of none, accept, require"),
      (["--tls-handshake-timeout", "0"], "not 1 to 600"),
    ] as [([String], String)])
  func settingsThatContradictAreRefused(flags: [String], why: String) async throws {
    try await expectNoStart(flags, why)
  }

  @Test func clientAuthoritiesAndListsGoTogether() async throws {
    let certificates = try await TestCertificates()
    let server = certificates.server()
    try await expectNoStart(server + ["--tls-client-certificates", "require"], "whose? Set tlsClientCA")
    try await expectNoStart(server + ["--tls-client-ca", certificates.file("ca.pem")], "set tlsClientCertificates to")
    try await expectNoStart(server + ["--tls-revocation-list", "x"], "none are asked for")
    for (list, why) in [
      ("other.crl", "is signed by none of the client authorities: its issuer is"),
      ("ca.pem", "is no certificate revocation list"), ("missing.crl", "cannot be read"),
    ] {
      try await expectNoStart(server + certificates.clients("accept", revocationList: list), why)
    }
  }

  private func expectNoStart(_ flags: [String], _ why: String) async throws {
    let folder = try TemporaryFolder()
    let data = URL(filePath: folder.path).appending(path: "data").path
    let result = try await Tool.run(Tool.collimator, ["serve", "--data", data, "--port", "0"] + flags)
    #expect(result.status != 0)
    #expect(result.errors.contains(why), "\(result.all)")
  }

  @Test func settingsComeFromTheFileToo() async throws {
    let folder = try TemporaryFolder()
    let data = URL(filePath: folder.path)
    try Data(#"{"tlsPort": 2762, "tlsMinimumVersion": "1.3", "tlsClientCertificates": "require"}"#.utf8).write(
      to: data.appending(path: "collimator.json"))
    let result = try await Tool.run(Tool.collimator, ["config", "--data", folder.path, "--tls-port", "2763"])
    let lines = result.output.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    func line(_ name: String) -> [Substring] { Array(lines.first { $0.first == name[...] }?.prefix(3) ?? []) }
    #expect(line("tlsPort") == ["tlsPort", "2763", "flag"])
    #expect(line("tlsMinimumVersion").prefix(2) == ["tlsMinimumVersion", "1.3"])
    #expect(line("tlsMinimumVersion").last?.hasSuffix("collimator.json") == true)
    #expect(line("tlsHandshakeTimeout") == ["tlsHandshakeTimeout", "10", "default"])
  }

  /// The way in which the node is told: by a command, by a signal, or not at all.
  @Test(arguments: ["reload", "SIGHUP", "nothing"])
  func aRenewedCertificateIsServedWithoutARestart(told: String) async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server())
    try await node.addPeer("MOD", may: "store")
    #expect(try await subject(node) == "CN = localhost")
    try certificates.replace("server.pem", by: "server-2.pem")
    try certificates.replace("server.key", by: "server-2.key")
    switch told {
    case "reload":
      let result = try await node.command("reload")
      #expect(result.status == 0 && result.output.contains("were read anew"), "\(result.all)")
      #expect(try await subject(node) == "CN = localhost renewed")
    case "SIGHUP": kill(node.processIdentifier, SIGHUP)
    default: break
    }
    var served = ""
    let end = Date() + 10
    while served != "CN = localhost renewed", Date() < end { served = try await subject(node) }
    #expect(served == "CN = localhost renewed")
    #expect(try await node.says("TLS certificates were read anew"))
    let echo = try await node.echo(certificates.client())
    #expect(echo.status == 0, "\(echo.all)")
    #expect(node.stop() == 0)
  }

  @Test func aWrongNewPairLeavesTheOldOneInUse() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server())
    try await node.addPeer("MOD", may: "store")
    for (name, by, why) in [
      ("server.key", "server-2.key", "is not the key of the certificate in"),
      ("server.pem", "server-expired.pem", "expired on"),
      ("server.pem", "server.key", "has no certificate in PEM form"),
    ] {
      try certificates.replace(name, by: by)
      let result = try await node.command("reload")
      #expect(result.status != 0 && result.errors.contains(why), "\(result.all)")
      #expect(node.logged.contains("new TLS files are not taken, the old ones stay in use: "))
      #expect(try await subject(node) == "CN = localhost")
      let echo = try await node.echo(certificates.client())
      #expect(echo.status == 0, "\(echo.all)")
    }
  }

  @Test func aNewRevocationListHoldsFromTheNextCallOn() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(
      certificates.server("server", certificates.clients("require", revocationList: "nobody.crl")))
    try await node.addPeer("MOD", may: "store")
    #expect(try await node.echo(certificates.client("client-revoked")).status == 0)
    try certificates.replace("nobody.crl", by: "revoked.crl")
    #expect(try await node.command("reload").status == 0)
    #expect(try await node.echo(certificates.client("client-revoked")).status != 0)
    #expect(try await node.echo(certificates.client("client")).status == 0)
  }

  @Test func statusSaysWhereTLSIsAndHowLong() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server())
    let said = try await node.command("status").output
    #expect(said.contains("TLS on port \(node.tlsPort), its certificate expires 20"))
    let plain = try RunningNode()
    #expect(try await !plain.command("status").output.contains("TLS"))
    #expect(try await plain.command("reload").output.contains("There is no TLS port"))
  }

  /// What OpenSSL sees of the certificate that is served.
  private func subject(_ node: RunningNode) async throws -> String {
    let result = try await Tool.run("/usr/bin/env", ["openssl", "s_client", "-connect", "127.0.0.1:\(node.tlsPort)"])
    let line = result.output.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
    return String(line.dropFirst("subject=".count))
  }
}

extension RunningNode {
  /// Our own C-ECHO as MOD on the TLS port.
  func echo(_ options: [String]) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, ["echo", "--calling", "MOD", "--timeout", "5", "--port", tlsPort] + options)
  }
}
