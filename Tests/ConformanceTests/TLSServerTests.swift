// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct TLSServerTests {
  /// PS3.15 B.12: what OpenSSL is told to speak, and whether the node speaks it.
  @Test(
    arguments: [
      ("1.2", "server", ["-tls1"], nil), ("1.2", "server", ["-tls1_1"], nil),
      ("1.2", "server", ["-tls1_2"], "TLSv1.2"), ("1.2", "server", ["-tls1_3"], "TLSv1.3"),
      ("1.2", "server", [], "TLSv1.3"), ("1.2", "server-rsa", ["-tls1_2"], "TLSv1.2"),
      ("1.3", "server", ["-tls1_2"], nil), ("1.3", "server", ["-tls1_3"], "TLSv1.3"),
      ("1.2", "server-rsa", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "TLSv1.2"),
      ("1.2", "server-rsa", ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], nil),
      ("1.2", "server-rsa", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], nil),
      ("1.2", "server-rsa", ["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"], nil),
      ("1.2", "server", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], nil),
    ] as [(String, String, [String], String?)])
  func versionsAndSuites(minimum: String, certificate: String, options: [String], agreed: String?) async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server(certificate, ["--tls-minimum-version", minimum]))
    // Without its security level OpenSSL would not try what is weak.
    let options = options.contains("-cipher") ? options : options + ["-cipher", "DEFAULT:@SECLEVEL=0"]
    let result = try await openssl(node, certificates, options)
    if let agreed {
      #expect(result.status == 0)
      #expect(result.output.contains("New, \(agreed), Cipher is") && result.output.contains("Verify return code: 0"))
      #expect(!result.output.contains("Secure Renegotiation IS NOT supported") || agreed == "TLSv1.3")
    } else {
      #expect(result.output.contains("Cipher is (NONE)"), "\(result.all)")
      #expect(try await node.says("connection refused: the peer offers", times: 1), "\(node.logged)")
    }
  }

  /// Whose certificate is taken; each refusal says why in one line.
  @Test(
    arguments: [
      ("none", nil, nil), ("none", "client", nil), ("none", "client-other-ca", nil),
      ("accept", nil, nil), ("accept", "client", nil), ("accept", "client-expired", "expired on"),
      ("accept", "client-other-ca", "does not lead to a trusted authority"),
      ("require", nil, "showed no certificate, and one is required"), ("require", "client", nil),
      ("require", "client-any-use", nil), ("require", "client-of-department", nil),
      ("require", "client-expired", "expired on"),
      ("require", "client-wrong-use", "its extended key usage lacks clientAuth"),
      ("require", "client-other-ca", "does not lead to a trusted authority"),
      ("require", "client-self-signed", "is self-signed"),
      ("require", "client-revoked", "was revoked: 'O=City Hospital, CN=CT4'"),
    ] as [(String, String?, String?)])
  func clientCertificates(mode: String, certificate: String?, why: String?) async throws {
    let certificates = try await TestCertificates()
    let more = mode == "none" ? [] : certificates.clients(mode, revocationList: "revoked.crl")
    let node = try RunningNode(certificates.server("server", more))
    try await node.addPeer("MOD", may: "store")
    let result = try await node.secureDCMTK("echoscu", certificates.dcmtk(certificate))
    #expect((result.status == 0) == (why == nil), "\(result.all)")
    #expect(try await node.says("connection refused: the peer ", times: why == nil ? 0 : 1), "\(node.logged)")
    if let why { #expect(node.logged.contains(why), "\(node.logged)") }
    // Whoever was turned away is the only one.
    #expect(try await node.secureDCMTK("echoscu", certificates.dcmtk("client")).status == 0)
  }

  @Test(arguments: ["revoked.crl", "revoked.der.crl", "outdated.crl", "nobody.crl"])
  func revocationLists(list: String) async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server("server", certificates.clients("accept", revocationList: list)))
    try await node.addPeer("MOD", may: "store")
    let revoked = try await node.secureDCMTK("echoscu", certificates.dcmtk("client-revoked"))
    #expect((revoked.status == 0) == (list == "nobody.crl"))
    #expect(try await node.secureDCMTK("echoscu", certificates.dcmtk("client")).status == 0)
    #expect(node.logged.contains("the revocation list is out of date") == (list == "outdated.crl"))
  }

  @Test func whatStorescuSendsOverTLSIsKeptAsItCame() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server("server", certificates.clients("require")))
    try await node.addPeer("MOD", may: "store")
    let files = ["ct-1.dcm", "sr.dcm", "us-multiframe.dcm"].map(Tool.fixture)
    let result = try await node.secureDCMTK("storescu", certificates.dcmtk("client") + ["-R", "-xe"], files: files)
    #expect(result.status == 0, "\(result.all)")
    let kept = try node.storedDataSets()
    #expect(kept.count == files.count)
    for file in files { #expect(kept.contains(try DataSetOfFile(path: file).bytes)) }
    #expect(node.stop() == 0)
  }

  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func pynetdicomIsServedOverTLS() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server("server", certificates.clients("require")))
    try await node.addPeer("MOD", may: "store,query")
    try await node.command("grant", "add", "--to", "MOD", "--everything")
    let result = try await Tool.script("services.py", [node.tlsPort, Tool.fixtures, certificates.path])
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }

  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
  func aResumedSessionIsTheSameCaller() async throws {
    let certificates = try await TestCertificates()
    let clients = certificates.clients("require", revocationList: "nobody.crl")
    let node = try RunningNode(certificates.server("server", clients + ["--log-level", "info"]))
    try await node.addPeer("MOD", may: "store")
    let result = try await Tool.script(
      "tls_resumption.py", [node.tlsPort, certificates.path, Tool.collimator, node.directory])
    #expect(result.status == 0, "\(result.all)")
    #expect(try await node.says("was revoked: 'O=City Hospital, CN=CT4'", times: 2), "\(node.logged)")
    let accepted = node.logged.split(separator: "\n").filter { $0.contains("association accepted") }
    #expect(accepted.count == 4 && accepted.allSatisfy { $0.contains("CN=CT4, SHA-256 ") }, "\(node.logged)")
  }

  @Test func aPeerThatHasToUseTLSIsNotLetInWithoutIt() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server())
    #expect(
      try await node.command("peer", "add", "MOD", "--address", "127.0.0.1", "--may", "store", "--tls").status == 0)
    #expect(try await node.command("peer", "list").output.contains("over TLS alone"))
    #expect(try await node.dcmtk("echoscu", as: "MOD", []).status != 0)
    #expect(try await node.says("the peer 'MOD' has to call over TLS, and called in the clear"))
    #expect(try await node.command("peer", "knocks").output.contains("has to call over TLS"))
    #expect(try await node.secureDCMTK("echoscu", certificates.dcmtk()).status == 0)
  }

  @Test func whoeverTakesTheWrongPortIsTold() async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server())
    try await node.addPeer("MOD", may: "store")
    let clear = try await Tool.dcmtk("echoscu", ["-aet", "MOD", "-aec", "COLLIMATOR", "127.0.0.1", node.tlsPort])
    #expect(clear.status != 0 && clear.all.contains("Peer aborted Association"), "\(clear.all)")
    #expect(try await node.says("the peer speaks DICOM without TLS on the TLS port"))
    let secure = try await node.dcmtk("echoscu", as: "MOD", certificates.dcmtk())
    #expect(secure.status != 0 && secure.all.contains("wrong version number"), "\(secure.all)")
    #expect(try await node.says("speaks TLS on the port without it: this node's TLS port is \(node.tlsPort)"))
    #expect(try await node.says("connection refused", times: 2))
  }

  /// A18 of the attacks: Peers/tls_attacks.py. COLLIMATOR_HALF_DONE says how many handshakes are left half done at night.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func attacksBeforeThereIsAnAssociation() async throws {
    let halfDone = Int(ProcessInfo.processInfo.environment["COLLIMATOR_HALF_DONE"] ?? "") ?? 1000
    // All have to be open at once, on a machine that runs all tests too.
    let seconds = max(20, halfDone / 100)
    let deadline = "\(seconds)"
    let certificates = try await TestCertificates()
    let node = try RunningNode(
      certificates.server(
        "server", ["--tls-handshake-timeout", deadline, "--request-timeout", "\(max(30, 2 * seconds))"]))
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store") }
    let result = try await Tool.script(
      "tls_attacks.py",
      [node.port, node.tlsPort, certificates.path, "\(halfDone)", deadline] + node.watched)
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }

  private func openssl(
    _ node: RunningNode, _ certificates: TestCertificates, _ options: [String]
  ) async throws -> Tool.Result {
    try await Tool.run(
      "/usr/bin/env",
      ["openssl", "s_client", "-connect", "127.0.0.1:\(node.tlsPort)", "-CAfile", certificates.file("ca.pem")] + options
    )
  }
}

extension RunningNode {
  /// A tool of DCMTK's as MOD on the TLS port.
  func secureDCMTK(_ tool: String, _ options: [String], files: [String] = []) async throws -> Tool.Result {
    try await Tool.dcmtk(tool, ["-aet", "MOD", "-aec", "COLLIMATOR"] + options + ["127.0.0.1", tlsPort] + files)
  }
}
