// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// Our SCU over TLS against pynetdicom's and DCMTK's servers, good ones and bad ones.
@Suite(
  .enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"),
  .enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
struct TLSClientTests {
  /// Each failure says what is wrong and what to do about it.
  @Test func echoExplainsItself() async throws {
    let certificates = try await TestCertificates()
    let servers = try TLSServers(certificates, folder: try TemporaryFolder())
    let ca = certificates.client()
    let long = String(repeating: "a", count: 60) + "." + String(repeating: "b", count: 60) + ".example"
    for (server, options, why) in [
      ("good", ca, nil), ("good", ca + ["--host", "localhost"], nil), ("rsa", ca, nil), ("only 1.2", ca, nil),
      ("only 1.3", ca, nil), ("good", certificates.client("client"), nil),
      ("demanding", certificates.client("client"), nil), ("demanding 1.2", certificates.client("client"), nil),
      ("other name", ca + ["--tls-any-name"], nil), ("other name", ca + ["--tls-name", "pacs.example"], nil),
      ("long name", ca + ["--tls-name", long], nil), ("long name", ca + ["--tls-name", "a.wild.example"], nil),
      ("long name", ca + ["--tls-name", "a.b.wild.example"], "which is not 'a.b.wild.example'"),
      ("long name", ca + ["--tls-name", "wild.example"], "which is not 'wild.example'"),
      ("expired", ["--tls", "--tls-insecure"], nil), ("plain", [], nil),
      ("only 1.1", ca, "takes neither TLS 1.2 nor 1.3"),
      ("expired", ca, "expired on"), ("other name", ca, "which is not '127.0.0.1'; is it the right node? --tls-name"),
      ("other name", ca + ["--host", "localhost"], "a certificate of 'pacs.example', which is not 'localhost'"),
      ("good", ca + ["--tls-name", "pacs.example"], "a certificate of 'localhost', which is not 'pacs.example'"),
      ("other authority", ca, "does not lead to a trusted authority; if that authority is to be trusted"),
      ("other authority", ca + ["--tls-any-name"], "does not lead to a trusted authority"),
      ("good", ["--tls"], "give its certificate with --tls-ca"),
      ("wrong use", ca + ["--tls-any-name"], "its extended key usage lacks serverAuth"),
      ("demanding", ca, "requires a client certificate; give --tls-certificate and --tls-key"),
      ("demanding 1.2", ca, "requires a client certificate"),
      ("demanding", certificates.client("client-other-ca"), "does not trust this side's certificate"),
      ("plain", ca, "speaks DICOM without TLS on this port; where it is a port without TLS, leave --tls out"),
      ("good", [], "Try --tls"), ("storescp", [], "Try --tls"),
      ("silent", ca + ["--timeout", "1"], "did not complete the TLS handshake in 1 s"),
      ("good", ca + ["--tls-name", "127.0.0.1"], "--tls-name is a name"),
      ("good", ["--tls-ca", "x"], "need --tls itself"), ("good", ["--tls", "--tls-ca", "x"], "'x' cannot be read"),
      ("good", ca + ["--tls-key", "x"], "go together"),
    ] as [(String, [String], String?)] {
      let result = try await echo(servers.port(server), options)
      #expect((result.status == 0) == (why == nil), "\(server) \(options): \(result.all)")
      if let why { #expect(result.errors.contains(why), "\(server) \(options): \(result.all)") }
    }
  }

  /// Who calls a peer by its entry is told of the entry, and not of options that there are none.
  @Test func aTestOfAPeerNamesItsEntry() async throws {
    let certificates = try await TestCertificates()
    let servers = try TLSServers(certificates, folder: try TemporaryFolder())
    let folder = try TemporaryFolder()
    let data = "\(folder.path)/data"
    let ca = ["--call-tls", "--call-tls-ca", certificates.file("ca.pem")]
    for (server, settings, why) in [
      ("good", ca, nil), ("good", ["--call-tls"], "'collimator peer set P1 --call-tls-ca FILE'"),
      ("other name", ca, "is it the right node? 'collimator peer set P2 --call-tls-name NAME' expects another name"),
      ("demanding", ca, "'collimator peer set P3 --call-tls-certificate FILE --call-tls-key FILE'"),
      ("plain", ca, "'collimator peer set P4 --no-call-tls' leaves it out"),
      ("good", [], "Try 'collimator peer set P5 --call-tls'"),
    ].enumerated().map({ ($1.0, ["--name", "P\($0)"] + $1.1, $1.2) }) as [(String, [String], String?)] {
      let port = try servers.port(server)
      let added = try await Tool.run(
        Tool.collimator,
        [
          "peer", "add", "SCP-\(settings[1])", "--address", "127.0.0.1", "--port", port, "--may", "query", "--data",
          data,
        ]
          + settings)
      #expect(added.status == 0, "\(added.all)")
      let test = try await Tool.run(Tool.collimator, ["peer", "test", settings[1], "--data", data])
      #expect((test.status == 0) == (why == nil), "\(server): \(test.all)")
      if let why { #expect(test.errors.contains(why), "\(server): \(test.all)") }
      #expect(!test.errors.contains(" --tls"), "\(server): \(test.all)")
    }
  }

  @Test func filesGoToStorescpOverTLS() async throws {
    let certificates = try await TestCertificates()
    let folder = try TemporaryFolder()
    let servers = try TLSServers(certificates, folder: folder)
    let files = ["ct-1.dcm", "sr.dcm", "us-multiframe.dcm"].map(Tool.fixture)
    let port = try servers.port("storescp")
    let result = try await Tool.run(
      Tool.collimator, ["send", "--calling", "MOD", "--port", port] + certificates.client("client") + files)
    #expect(result.status == 0 && result.output.contains("3 stored"), "\(result.all)")
    let stored = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      try DataSetOfFile(path: URL(filePath: folder.path).appending(path: $0).path).bytes
    }
    #expect(stored.count == files.count)
    // Without a certificate DCMTK's storescp lets nobody in.
    let anonymous = try await echo(port, certificates.client())
    #expect(anonymous.status != 0 && anonymous.errors.contains("certificate"), "\(anonymous.all)")
  }

  private func echo(_ port: String, _ options: [String]) async throws -> Tool.Result {
    try await Tool.run(Tool.collimator, ["echo", "--calling", "MOD", "--timeout", "5", "--port", port] + options)
  }
}

/// Peers/tls_servers.py, until it is let go.
final class TLSServers {
  private let process = ChildProcess()
  private let input = Pipe()
  private let folder: TemporaryFolder
  private let ports: [String: Int]

  init(_ certificates: TestCertificates, folder: TemporaryFolder) throws {
    self.folder = folder
    let script = Tool.packageRoot.appending(path: "Tests/ConformanceTests/Peers/tls_servers.py").path
    process.executableURL = URL(filePath: Tool.python)
    process.arguments = ["-W", "ignore", script, certificates.path, folder.path]
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var said: [UInt8] = []
    var byte: UInt8 = 0
    // One line; a script that failed ends, and reading with it.
    while read(output.fileHandleForReading.fileDescriptor, &byte, 1) == 1, byte != 0x0A { said.append(byte) }
    ports = (try? JSONDecoder().decode([String: Int].self, from: Data(said))) ?? [:]
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func port(_ name: String) throws -> String { String(try #require(ports[name])) }
}
