// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct AuditCompletenessTests {
  private static let operations = Int(ProcessInfo.processInfo.environment["COLLIMATOR_AUDIT_OPERATIONS"] ?? "") ?? 200

  /// Mixed operations with kills between: each that was acknowledged has exactly one record, and the chain holds.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func eachAcknowledgedOperationHasExactlyOneRecord() async throws {
    let node = try RunningNode()
    try await node.addPeer("MIX", may: "store,query,retrieve")
    try await node.command("grant", "add", "--to", "MIX", "--everything")
    let folder = try TemporaryFolder()
    let log = folder.path + "/log"
    try Data().write(to: URL(filePath: log))
    let checkpoints = folder.path + "/checkpoints"
    var (round, done, kills) = (0, 0, 0)
    while done < Self.operations, round < Self.operations {
      round += 1
      // Some schedules end by themselves, the others by a kill in their midst.
      let isKilled = round % 4 != 0
      let share = min(max(Self.operations / 12, 5), Self.operations - done)
      let mixing = Task { [port = node.port, round] in
        try await Tool.script("mixed.py", [port, Tool.fixture("sr.dcm"), "\(round)", log, "\(2 * share)"])
      }
      if isKilled {
        let target = done + share
        let end = Date(timeIntervalSinceNow: 400)
        while try Self.lines(log).count < target, Date() < end { await Task.yield() }
        node.kill()
        kills += 1
      }
      let result = try await mixing.value
      #expect(result.status == 0, "\(result.all)")
      if isKilled { try node.start() }
      let now = try Self.lines(log).count
      try #require(now > done, "\(node.logged)")
      done = now
      let checkpoint = try await node.command("audit", "checkpoint", "--to", checkpoints)
      #expect(checkpoint.status == 0, "\(checkpoint.all)")
    }
    #expect(kills > 1)
    try await Self.compare(try Self.lines(log), node)
    let verified = try await node.command("audit", "verify", "--checkpoint", checkpoints)
    #expect(verified.status == 0, "\(verified.all)")
    #expect(node.stop() == 0)
  }

  private static func lines(_ log: String) throws -> [String] {
    // A line without its end was not written in full.
    try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
  }

  private static func compare(_ acknowledged: [String], _ node: RunningNode) async throws {
    let records = try await AuditTests.records(node)
    // What began and never ended was not acknowledged.
    let ended = records.filter { $0.outcome == "success" && $0.principal == "MIX" }
    func uids(_ record: AuditTests.Record) -> [String] { record.subjects.flatMap { $0.instances.values.joined() } }
    let stores = Dictionary(grouping: ended.filter { $0.kind == "store" }.flatMap(uids)) { $0 }.mapValues(\.count)
    let gets = Dictionary(grouping: ended.filter { $0.kind == "retrieve" }.flatMap(uids)) { $0 }.mapValues(\.count)
    var expectedGets: [String: Int] = [:]
    for line in acknowledged {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 2 else { continue }
      switch words[0] {
      case "store": #expect(stores[words[1]] == 1, "\(line)")
      case "query":
        let named = ended.filter { $0.kind == "query" && $0.detail.contains("AccessionNumber=\(words[1]);") }
        #expect(named.count == 1, "\(line): \(named)")
      default: expectedGets[words[1], default: 0] += 1
      }
    }
    // One that was ended by a kill may have its record and no acknowledgement.
    for (uid, count) in expectedGets { #expect([count, count + 1].contains(gets[uid] ?? 0), "\(uid)") }
    #expect(gets.values.reduce(0, +) <= expectedGets.values.reduce(0, +) + records.count { $0.act == "node started" })
    #expect(stores.values.allSatisfy { $0 == 1 })
  }
}
