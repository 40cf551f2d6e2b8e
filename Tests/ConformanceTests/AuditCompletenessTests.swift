// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct AuditCompletenessTests {
  private static let operations = Int(ProcessInfo.processInfo.environment["COLLIMATOR_AUDIT_OPERATIONS"] ?? "") ?? 200

  /// Mixed operations with kills between: each that was acknowledged has exactly one record, but for logins, whose record follows
  /// within 100 ms and of which each kill may take one, and those refused, which are counted where they are alike; and the chain
  /// holds.
  @Test(.enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"))
  func eachAcknowledgedOperationHasExactlyOneRecordButTheLastLogin() async throws {
    let node = try RunningNode()
    try await node.addPeer("MIX", may: "store,query,retrieve", "--cleartext-passwords")
    try await node.addPeer("DST", may: "query")
    for name in ["MIX", "DST"] { try await node.command("grant", "add", "--to", name, "--everything") }
    try await node.command("user", "add", "ann", "--with-password", input: "a right password\n")
    let folder = try TemporaryFolder()
    let log = folder.path + "/log"
    try Data().write(to: URL(filePath: log))
    let checkpoints = folder.path + "/checkpoints"
    var (round, done, kills) = (0, 0, 0)
    // Where in the log each life of the node began.
    var lives = [0]
    while done < Self.operations, round < Self.operations {
      round += 1
      // Some schedules end by themselves, the others by a kill in their midst.
      let isKilled = round % 4 != 0
      let share = min(max(Self.operations / 8, 5), Self.operations - done)
      let mixing = Task { [port = node.port, directory = node.directory, round] in
        try await Tool.script(
          "mixed.py",
          [port, Tool.fixture("sr.dcm"), "\(round)", log, "\(2 * share)", Tool.collimator, directory])
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
      if isKilled { lives.append(now) }
      let checkpoint = try await node.command("audit", "checkpoint", "--to", checkpoints)
      #expect(checkpoint.status == 0, "\(checkpoint.all)")
    }
    #expect(kills > 1)
    let acknowledged = try Self.lines(log)
    let kinds = Set(acknowledged.compactMap { $0.split(separator: " ").first.map(String.init) })
    #expect(kinds == Self.kinds, "not done: \(Self.kinds.subtracting(kinds))")
    try await Self.compare(acknowledged, lives, node)
    let verified = try await node.command("audit", "verify", "--checkpoint", checkpoints)
    #expect(verified.status == 0, "\(verified.all)")
    #expect(node.stop() == 0)
  }

  private static func lines(_ log: String) throws -> [String] {
    // A line without its end was not written in full.
    try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map(String.init)
  }

  /// Operations in which a record that holds nobody up is written in any case.
  private static let longBefore = 10

  private static let kinds: Set = [
    "store", "query", "get", "move", "commit", "login", "refused", "grant", "revoke", "peer", "delete",
  ]

  private static func compare(_ acknowledged: [String], _ lives: [Int], _ node: RunningNode) async throws {
    let records = try await AuditTests.records(node)
    var named: [String: [String]] = [:]
    for line in acknowledged {
      let words = line.split(separator: " ").map(String.init)
      if words.count == 2 { named[words[0], default: []].append(words[1]) }
    }
    // What began and never ended was not acknowledged.
    let ended = records.filter { $0.outcome == "success" }
    expectCommands(named, ended)
    expectMessages(named, ended.filter { $0.principal == "MIX" }, kills: records.count { $0.act == "node started" })
    let logins = ended.count { $0.kind == "login" && $0.principal == "ann" }
    let done = named["login"]?.count ?? 0
    // The record of a login follows its association by at most 100 ms (it holds nobody up): a kill takes the last with it.
    let kills = records.count { $0.act == "node started" }
    #expect((max(done - kills, 0)...done + kills).contains(logins), "\(logins), \(done)")
    let refused = records.filter { $0.kind == "login" && $0.outcome == "refused" }
    #expect(!refused.isEmpty && refused.allSatisfy { $0.detail.contains("no user with a password has the name") })
    let turnedAway = named["refused"]?.count ?? 0
    let counted = refused.compactMap(\.count).reduce(0, +)
    // What is alike is one record with a count; a kill may take the count of a minute with it, and never the first.
    let least = zip(lives, lives.dropFirst() + [acknowledged.count]).count { began, ended in
      acknowledged[began..<max(began, ended - longBefore)].contains { $0.hasPrefix("refused ") }
    }
    #expect(least > 1)
    #expect((least...turnedAway + 1).contains(counted), "\(counted), \(least), \(turnedAway)")
  }

  /// By commands: each names what it was about.
  private static func expectCommands(_ named: [String: [String]], _ ended: [AuditTests.Record]) {
    func expect(_ kind: String, _ act: String, _ words: (String) -> String) {
      for name in named[kind] ?? [] {
        let found = ended.filter { $0.act == act && "\($0.detail)\n".contains(words(name)) }
        #expect(found.count == 1, "\(kind) \(name): \(found)")
      }
    }
    expect("grant", "grant added") { "study \($0) to 'MIX'" }
    expect("revoke", "grant revoked") { "study \($0) to 'MIX'" }
    expect("peer", "peer added") { "'\($0)' may query" }
    expect("delete", "delete") { ": as \($0)\n" }
  }

  private static func expectMessages(_ named: [String: [String]], _ ended: [AuditTests.Record], kills: Int) {
    func uids(_ record: AuditTests.Record) -> [String] { record.subjects.flatMap { $0.instances.values.joined() } }
    let stores = Dictionary(grouping: ended.filter { $0.kind == "store" }.flatMap(uids)) { $0 }.mapValues(\.count)
    for name in named["store"] ?? [] { #expect(stores[name] == 1, "store \(name)") }
    #expect(stores.values.allSatisfy { $0 == 1 })
    let others = [("query", "query", "AccessionNumber=", ";"), ("commit", "commitment", "transaction ", ":")]
    for (kind, record, before, after) in others {
      for name in named[kind] ?? [] {
        let found = ended.filter { $0.kind == record && $0.detail.contains("\(before)\(name)\(after)") }
        #expect(found.count == 1, "\(kind) \(name): \(found)")
      }
    }
    for (kind, act) in [("get", "C-GET"), ("move", "C-MOVE")] {
      let all = Dictionary(grouping: ended.filter { $0.act == act }.flatMap(uids)) { $0 }.mapValues(\.count)
      let expected = Dictionary(grouping: named[kind] ?? []) { $0 }.mapValues(\.count)
      // One that was ended by a kill may have its record and no acknowledgement.
      for (uid, count) in expected { #expect([count, count + 1].contains(all[uid] ?? 0), "\(kind) \(uid)") }
      #expect(all.values.reduce(0, +) <= expected.values.reduce(0, +) + kills)
    }
  }
}
