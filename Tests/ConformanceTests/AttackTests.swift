// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a hostile peer or file tries (Peers/attacks.py plays the peers), and what somebody finds who looks around afterwards.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs Python in .venv, or COLLIMATOR_PYTHON"))
struct AttackTests {
  /// A01 and A02: the ARTIM timer ends each. COLLIMATOR_SILENT says how many come at night.
  @Test func whoeverSaysNothingIsHungUpOn() async throws {
    let count = ProcessInfo.processInfo.environment["COLLIMATOR_SILENT"] ?? "600"
    let node = try await node("--request-timeout", "5")
    try await play("silence", count, node)
    #expect(node.stop() == 0)
  }

  /// A13.
  @Test func commandsThatLackOrTwistAnElementAreRefused() async throws {
    let node = try await node()
    try await play("commands", "0", node)
    #expect(try node.storedFiles().isEmpty)
    #expect(node.stop() == 0)
  }

  /// A30: whatever stood in a file's preamble, the stored one is neutral, and nobody can run it.
  @Test(arguments: [Data("MZ".utf8), Data([0x7F, 0x45, 0x4C, 0x46]), Data("#!/bin/sh\ntouch /tmp/x\n".utf8)])
  func aPolyglotIsKeptWithoutItsOtherTongue(tongue: Data) async throws {
    let folder = try TemporaryFolder()
    var file = try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm")))
    file.replaceSubrange(0..<tongue.count, with: tongue)
    try file.write(to: URL(filePath: "\(folder.path)/polyglot.dcm"))
    let node = try await node()
    #expect(try await node.send(["\(folder.path)/polyglot.dcm"], as: "MOD").map(\.status) == ["0000"])
    let imported = try await node.command("import", "\(folder.path)/polyglot.dcm")
    #expect(imported.status == 0, "\(imported.all)")
    let stored = try node.storedFiles()
    #expect(stored.count == 1)
    for path in stored {
      #expect(try Data(contentsOf: URL(filePath: path)).prefix(128) == Data(count: 128))
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(try #require(mode) & 0o111 == 0)
    }
    #expect(node.stop() == 0)
  }

  /// A33 and A60: what is in an object or asked for is in no line of the log, and formats nothing.
  @Test func theLogHoldsNoPatientData() async throws {
    let node = try await node()
    try await node.command("grant", "add", "--to", "MOD", "--everything")
    let folder = try TemporaryFolder()
    let script = """
      import sys, pydicom
      ds = pydicom.dcmread(sys.argv[1])
      ds.PatientName, ds.PatientID, ds.AccessionNumber = "Seeded^Name%s%n%x", "SEEDED%n%s", "SEEDED-%x"
      ds.ReferringPhysicianName = "SEEDED^REFERRER"
      ds.save_as(sys.argv[2])
      """
    let made = try await Tool.run(Tool.python, ["-c", script, Tool.fixture("ct-1.dcm"), "\(folder.path)/seeded.dcm"])
    #expect(made.status == 0, "\(made.all)")
    #expect(try await node.send(["\(folder.path)/seeded.dcm"], as: "MOD").map(\.status) == ["0000"])
    for key in ["PatientID=SEEDED%n%s", "PatientName=SEEDED*%x"] {
      #expect(
        try await node.find("PatientName", tag: "0010,0010", at: "STUDY", as: "MOD", [key], model: "-S").count == 1)
    }
    _ = try await node.dcmtk(
      "findscu", as: "NOBODY", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=SEEDED"])
    #expect(node.stop() == 0)
    #expect(node.logged.contains("MOD"))
    #expect(!node.logged.uppercased().contains("SEEDED"), "\(node.logged)")
  }

  /// A58: nobody listens beyond this machine, and nobody is let in, before somebody says so.
  @Test func aFreshNodeIsClosed() async throws {
    let node = try RunningNode()
    let listening = try await Tool.run("/bin/sh", ["-c", "ss -Hltnp 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6"])
    let port = try #require(UInt16(node.port))
    let lines = listening.output.split(separator: "\n").filter {
      $0.contains(":\(node.port) ") || $0.contains(":" + String(format: "%04X", port) + " ")
    }
    #expect(!lines.isEmpty)
    for line in lines { #expect(line.contains("127.0.0.1:") || line.contains("0100007F:"), "\(line)") }
    let echo = try await node.dcmtk("echoscu", as: "ANY", [])
    #expect(echo.status != 0 && echo.all.contains("Rejected Permanent"), "\(echo.all)")
    #expect(node.stop() == 0)
  }

  private func node(_ arguments: String...) async throws -> RunningNode {
    let node = try RunningNode(arguments)
    for name in ["MOD", "OTHER"] { try await node.addPeer(name, may: "store,query") }
    return node
  }

  private func play(_ attack: String, _ count: String, _ node: RunningNode) async throws {
    let result = try await Tool.script("attacks.py", [node.port, attack, count] + node.watched)
    #expect(result.status == 0, "\(result.all)")
  }
}
