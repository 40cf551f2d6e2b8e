// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// Records on their way to a syslog server that judges each message by RFC 5424 and the count of its octets.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON")) struct AuditForwardingTests {
  /// Ends when it has what it waits for.
  private final class Server {
    let port: String
    private let process = ChildProcess()

    init(
      _ transport: String, folder: String, _ files: [String] = [], messages: Int, port: String = "0",
      _ more: [String] = []
    ) throws {
      process.executableURL = URL(filePath: Tool.python)
      process.arguments =
        [Tool.peer("syslog_server.py"), transport, folder] + files + ["--messages", "\(messages)", "--port", port]
        + more
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      var room = [UInt8](repeating: 0, count: 16)
      let count = read(output.fileHandleForReading.fileDescriptor, &room, room.count)
      self.port = String(decoding: room.prefix(max(count, 0)), as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
    }

    deinit {
      if process.isRunning { process.endAtOnce() }
    }

    /// Its exit code, when it has ended; it gives up after two minutes.
    func ended() -> Int32 {
      process.waitUntilExit()
      return process.terminationStatus
    }

    func kill() {
      process.endAtOnce()
    }
  }

  private static func messages(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      try String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8)
    }
  }

  @Test(arguments: ["tls", "tcp", "udp"]) func recordsReachTheServer(_ transport: String) async throws {
    let certificates = try await TestCertificates()
    let folder = try TemporaryFolder()
    let files = transport == "tls" ? ["server.pem", "server.key", "ca.pem"].map(certificates.file) : []
    // Node started, peer added, grant added, three users.
    let server = try Server(transport, folder: folder.path, files, messages: 6)
    let node = try RunningNode([
      "--audit-forward", "\(transport)://127.0.0.1:\(server.port)", "--audit-forward-ca", certificates.file("ca.pem"),
      "--audit-forward-certificate", certificates.file("client.pem"), "--audit-forward-key",
      certificates.file("client.key"),
    ])
    try await node.addPeer("ALL", may: "query")
    try await node.command("grant", "add", "--to", "ALL", "--everything")
    for name in ["a", "b", "c"] { try await node.command("user", "add", name) }
    #expect(server.ended() == 0, "\(node.logged)")
    let status = try await node.command("status")
    #expect(status.output.contains("audit records go to \(transport)://127.0.0.1:\(server.port)"), "\(status.all)")
    #expect(try Self.messages(folder).contains { $0.contains("user added") })
    if Tool.hasXMLLint {
      let paths = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { "\(folder.path)/\($0)" }
      let judged = try await Tool.run(
        "/usr/bin/xmllint", ["--noout", "--relaxng", Tool.peer("audit-message.rng")] + paths)
      #expect(judged.status == 0, "\(judged.errors)")
    }
    #expect(node.stop() == 0)
  }

  /// What is wrong with a server's certificate names the settings that could mend it.
  @Test func aServerThatIsNotTrustedIsExplained() async throws {
    let certificates = try await TestCertificates()
    let folder = try TemporaryFolder()
    let server = try Server(
      "tls", folder: folder.path, ["server.pem", "server.key", "ca.pem"].map(certificates.file), messages: 1)
    let node = try RunningNode([
      "--audit-forward", "tls://127.0.0.1:\(server.port)", "--audit-forward-ca", certificates.file("other-ca.pem"),
    ])
    for words in ["the server showed a certificate that is not trusted: ", ", set auditForwardCA to its certificate's"]
    {
      #expect(try await node.says(words, times: 1), "\(node.logged)")
    }
    #expect(node.stop() == 0)
  }

  /// What was recorded while the server was away, and before the node was killed, comes when both are back.
  @Test func theQueueSurvivesThatEitherIsAway() async throws {
    let folder = try TemporaryFolder()
    let first = try Server("tcp", folder: folder.path, messages: 1000, ["--hang-up-after", "3"])
    let port = first.port
    let node = try RunningNode(["--audit-forward", "tcp://127.0.0.1:\(port)"])
    for number in 0..<5 { try await node.command("user", "add", "early-\(number)") }
    first.kill()
    for number in 0..<5 { try await node.command("user", "add", "away-\(number)") }
    node.kill()
    try await node.command("user", "add", "without")
    let later = try TemporaryFolder()
    let second = try Server("tcp", folder: later.path, messages: 1000, port: port)
    try node.start()
    // Some come twice, so that their number tells nothing; they come in their order.
    let end = Date(timeIntervalSinceNow: 400)
    while try !Self.messages(later).joined().contains("'without'"), Date() < end { await Task.yield() }
    second.kill()
    let all = try (Self.messages(folder) + Self.messages(later)).joined()
    #expect(all.contains("'without'"), "\(node.logged)")
    for name in (0..<5).map({ "away-\($0)" }) { #expect(all.contains("'\(name)'"), "\(name)") }
    #expect(node.stop() == 0)
  }

  @Test func anUnknownServerIsToldApart() async throws {
    let node = try RunningNode(["--audit-forward", "tcp://127.0.0.1:1"])
    #expect(try await node.command("audit", "list").status == 0)
    let status = try await node.command("status")
    #expect(status.output.contains("audit records go to tcp://127.0.0.1:1"), "\(status.all)")
    #expect(node.stop() == 0)
    for wrong in ["127.0.0.1:514", "http://x:1", "tcp://x", "tls://x:0", "udp://:5"] {
      let result = try await Tool.run(
        Tool.collimator, ["serve", "--data", node.directory, "--port", "0", "--audit-forward", wrong])
      #expect(result.status != 0 && result.errors.contains("syslog server"), "\(wrong): \(result.all)")
    }
  }
}
