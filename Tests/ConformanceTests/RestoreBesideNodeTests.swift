// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// `restore` where a node runs on the directory: it stands aside, and serves what is there then.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct RestoreBesideNodeTests {
  private struct World {
    let node: RunningNode
    let vault: TemporaryFolder

    /// One object is in the backup and its study was opened; another came after it, and the grant was revoked.
    init(_ certificates: TestCertificates? = nil) async throws {
      node = try RunningNode(certificates?.server() ?? [])
      vault = try TemporaryFolder()
      try await node.addPeer("MOD", may: "store")
      try await node.addPeer("DOC", may: "query")
      #expect(try await node.dcmtk("storescu", as: "MOD", [], files: [Tool.fixture("ct-1.dcm")]).status == 0)
      #expect(try await node.command("grant", "add", "--to", "DOC", "--everything").status == 0)
      #expect(try await node.command("backup", path).status == 0)
      #expect(try await node.dcmtk("storescu", as: "MOD", [], files: [Tool.fixture("sr.dcm")]).status == 0)
    }

    var path: String { vault.path + "/vault" }

    /// How many series there are for DOC.
    func seen() async throws -> Int {
      try await node.find(
        "SeriesInstanceUID", tag: "0020,000e", at: "SERIES", as: "DOC",
        ["StudyInstanceUID=2.25.1084618266578605348067271917457398350"], model: "-S"
      ).count
    }
  }

  @Test func theNodeStandsAsideAndServesWhatIsThereThen() async throws {
    let certificates = try await TestCertificates()
    let world = try await World(certificates)
    let node = world.node
    let (port, tlsPort, process) = (node.port, node.tlsPort, node.processIdentifier)
    #expect(try await node.command("grant", "revoke", "1").status == 0)
    let restored = try await node.command("restore", world.path, "--json")
    #expect(restored.status == 0, "\(restored.all)")
    #expect(restored.output.contains("The node serves this now."), "\(restored.output)")
    // The same process on the same port; nothing that came later is lost, and what was revoked stays so.
    #expect(node.port == port && node.tlsPort == tlsPort && node.processIdentifier == process)
    #expect(try await node.secureDCMTK("echoscu", certificates.dcmtk()).status == 0)
    #expect(try await world.seen() == 0)
    #expect(try await node.command("grant", "add", "--to", "DOC", "--everything").status == 0)
    #expect(try await world.seen() == 2)
    #expect(try await node.dcmtk("storescu", as: "MOD", [], files: [Tool.fixture("ct-2.dcm")]).status == 0)
    #expect(try await node.command("check").status == 0)
    #expect(try await node.command("audit", "verify").status == 0)
    let acts = try await node.command("audit", "list", "--limit", "50")
    #expect(acts.output.contains("node stood aside for a restore") && acts.output.contains("restore"), "\(acts.all)")
    #expect(node.stop() == 0)
  }

  /// A backup that is no good changes nothing: the node takes up again where it was.
  @Test(arguments: ["nowhere", "empty", "damaged"])
  func aRestoreThatFailsLeavesTheNodeServing(what: String) async throws {
    let world = try await World()
    var path = world.path
    switch what {
    case "nowhere": path += "-nowhere"
    case "empty":
      path = world.vault.path + "/empty"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    default:
      let files = try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.hasSuffix(".sqlite") }
      #expect(files.count == 1, "\(files)")
      for file in files { try Data(repeating: 7, count: 9000).write(to: URL(filePath: "\(path)/\(file)")) }
    }
    let refused = try await world.node.command("restore", path)
    #expect(refused.status == 1, "\(refused.all)")
    try await returns(world.node)
    #expect(try await world.seen() == 2)
    #expect(world.node.stop() == 0)
  }

  /// Whoever it stands aside for may be killed: then it serves what is there. Told to stop meanwhile, it stops.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python: see .ci/run"), arguments: [true, false])
  func itWaitsForTheEndOfWhoeverAsked(isStopped: Bool) async throws {
    let world = try await World()
    let node = world.node
    let asker = try Asker(node.directory)
    // Nobody else may: and nobody is served.
    let refused = try await node.command("restore", world.path)
    #expect(refused.status == 1 && refused.errors.contains("another command brings"), "\(refused.all)")
    #expect(try await node.dcmtk("echoscu", as: "DOC", []).status != 0)
    if isStopped { #expect(node.stop() == 0) }
    asker.end()
    guard !isStopped else { return }
    try await returns(node)
    #expect(try await world.seen() == 2)
    #expect(node.stop() == 0)
  }

  /// A node that is killed while it stands aside takes nothing with it: the restore goes on, and the next start serves.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs Python: see .ci/run"))
  func aNodeThatIsKilledMeanwhileChangesNothing() async throws {
    let world = try await World()
    let asker = try Asker(world.node.directory)
    world.node.kill()
    // Who asked still has the directory for itself.
    let refused = try await world.node.command("restore", world.path)
    #expect(refused.status == 1 && refused.errors.contains("another command brings"), "\(refused.all)")
    asker.end()
    #expect(try await world.node.command("restore", world.path).status == 0)
    try world.node.start()
    #expect(try await world.seen() == 2)
    #expect(world.node.stop() == 0)
  }

  /// Who opens the directory in the moment in which the node would, and what a killed restore leaves, keep it waiting only.
  @Test func itWaitsForWhateverIsInTheWay() async throws {
    let world = try await World()
    let node = world.node
    let mark = "\(node.directory)/restoring"
    let listing = ["peer", "list", "--data", node.directory]
    async let others: Void = {
      for _ in 0..<40 { _ = try await Tool.run(Tool.collimator, listing) }
    }()
    for _ in 0..<3 {
      let restored = try await node.command("restore", world.path)
      #expect([0, 2].contains(restored.status), "\(restored.all)")
    }
    try await others
    try await returns(node)
    // As one that is killed in the midst of it leaves it.
    let asker = try Asker(node.directory)
    try "".write(toFile: mark, atomically: false, encoding: .utf8)
    asker.end()
    #expect(try await node.says("did not come to its end"))
    #expect(try await node.dcmtk("echoscu", as: "DOC", []).status != 0)
    #expect(try await node.command("restore", world.path).status == 0)
    try await returns(node)
    #expect(try await world.seen() == 2)
    #expect(node.stop() == 0)
  }

  /// Within six hundred times of asking.
  private func returns(_ node: RunningNode) async throws {
    for _ in 0..<600 {
      if try await node.command("status").status == 0 { return }
    }
    Issue.record("it does not serve again: \(node.logged)")
  }
}

/// Whoever makes the node stand aside, and does nothing more.
private struct Asker {
  private let process = ChildProcess()

  /// Returns when the node has left the directory.
  init(_ directory: String) throws {
    let said = Pipe()
    process.executableURL = URL(filePath: Tool.python)
    process.arguments = [Tool.peer("aside.py"), directory]
    (process.standardInput, process.standardOutput) = (Pipe(), said)
    try process.run()
    #expect(try said.fileHandleForReading.read(upToCount: 6) == Data("aside\n".utf8))
  }

  func end() { process.endAtOnce() }
}
