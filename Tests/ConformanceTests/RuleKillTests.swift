// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// No crash comes between what arrives and what rules give for it.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools"))
struct RuleKillTests {
  private struct Listing: Decodable {
    let what: String
    let state: String
  }

  private struct Referred: Decodable {}

  @Test(arguments: [1, 4, 9])
  func eachAcknowledgedStudyIsOpen(killedAfter count: Int) async throws {
    let node = try RunningNode()
    let folder = try TemporaryFolder()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("DOCTOR", may: "query")
    let rule = try await node.command("rule", "add", "all", "--calling", "MOD", "--to", "DOCTOR", "--for", "1d")
    #expect(rule.status == 0, "\(rule.all)")
    let files = try await Self.studies(16, in: folder.path)
    let sending = Task { [node = (port: node.port, path: folder.path)] in
      var acknowledged: [Int] = []
      for (number, file) in files.enumerated() {
        let result = try await Tool.dcmtk(
          "storescu", ["-aet", "MOD", "-aec", "COLLIMATOR", "127.0.0.1", node.port, file])
        guard result.status == 0 else { break }
        acknowledged.append(number)
        try Data().write(to: URL(filePath: "\(node.path)/acknowledged.\(number)"))
      }
      return acknowledged
    }
    let end = Date(timeIntervalSinceNow: 400)
    while !FileManager.default.fileExists(atPath: "\(folder.path)/acknowledged.\(count)"), Date() < end {
      await Task.yield()
    }
    node.kill()
    let acknowledged = try await sending.value
    #expect(acknowledged.count > count)
    try node.start()
    let grants = try JSONDecoder().decode(
      [Listing].self, from: Data(try await node.command("grant", "list", "--json").output.utf8))
    let open = Set(grants.filter { $0.state == "active" }.map(\.what))
    #expect(open.isSuperset(of: acknowledged.map { "study 2.25.\(1000 + $0)" }))
    #expect(open.count == grants.count)
    // Whatever reached the index has its grant: there is nothing to make up for.
    let rest = try await node.command("rule", "backfill", "--json")
    #expect(try JSONDecoder().decode([Referred].self, from: Data(rest.output.utf8)).isEmpty, "\(rest.all)")
    #expect(node.stop() == 0)
  }

  private static func studies(_ count: Int, in folder: String) async throws -> [String] {
    var files: [String] = []
    for number in 0..<count {
      let text = """
        (0008,0016) UI [1.2.840.10008.5.1.4.1.1.7]
        (0008,0018) UI [2.25.\(3000 + number)]
        (0008,0060) CS [OT]
        (0010,0010) PN [Doe^John]
        (0010,0020) LO [P\(number)]
        (0020,000d) UI [2.25.\(1000 + number)]
        (0020,000e) UI [2.25.\(2000 + number)]

        """
      let path = "\(folder)/\(number)"
      try text.write(toFile: path + ".txt", atomically: false, encoding: .utf8)
      let made = try await Tool.dcmtk("dump2dcm", [path + ".txt", path + ".dcm"])
      #expect(made.status == 0, "\(made.all)")
      files.append(path + ".dcm")
    }
    return files
  }
}
