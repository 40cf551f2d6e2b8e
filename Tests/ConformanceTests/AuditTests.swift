// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

/// What a node records of what others' programs ask of it, and what others' programs make of the records.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk")) struct AuditTests {
  struct Record: Decodable {
    struct Subject: Decodable {
      let patientID: String
      let studyInstanceUID: String
      let instances: [String: [String]]
    }

    let number: Int
    let kind: String
    let act: String
    let outcome: String
    let actor: String
    let principal: String
    let aeTitle: String
    let address: String
    let destination: String?
    let grants: [Int]
    let count: Int?
    let detail: String
    let subjects: [Subject]
  }

  static func records(_ node: RunningNode, _ more: String...) async throws -> [Record] {
    let result = try await Tool.run(
      Tool.collimator, ["audit", "list", "--json", "--limit", "1000000", "--data", node.directory] + more)
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode([Record].self, from: Data(result.output.utf8)).reversed()
  }

  /// Two studies' worth of files, somebody who may do all, and somebody who has no grant.
  private static func world(_ arguments: [String] = []) async throws -> RunningNode {
    let node = try RunningNode(arguments)
    try await node.addPeer("ALL", may: "store,query,retrieve")
    try await node.addPeer("NONE", may: "query,retrieve")
    try await node.command("grant", "add", "--to", "ALL", "--everything")
    return node
  }

  @Test func eachOperationIsOneRecord() async throws {
    let node = try await Self.world()
    _ = try await node.dcmtk("storescu", as: "ALL", [], files: [Tool.fixture("ct-1.dcm"), Tool.fixture("ct-2.dcm")])
    let studies = try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "ALL", model: "-S")
    let study = try #require(studies.first)
    #expect(try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "NONE", model: "-S").isEmpty)
    let folder = try TemporaryFolder()
    for title in ["ALL", "NONE"] {
      _ = try await node.dcmtk(
        "getscu", as: title,
        ["-S", "-od", folder.path, "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)"])
    }
    _ = try await node.dcmtk(
      "movescu", as: "ALL",
      ["-S", "-aem", "NOWHERE", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)"])
    _ = try await node.dcmtk("echoscu", as: "STRANGER", [])
    let records = try await Self.records(node)
    func acts(_ kind: String) -> [String] {
      records.filter { $0.kind == kind }.map { "\($0.act) \($0.principal) \($0.outcome) \($0.count ?? -1)" }
    }
    #expect(acts("store") == ["C-STORE ALL success 1", "C-STORE ALL success 1"])
    #expect(acts("query") == ["C-FIND ALL success 1", "C-FIND NONE success 0"])
    #expect(
      acts("retrieve") == ["C-GET ALL success 2", "C-GET NONE success 0", "C-MOVE ALL refused 0"])
    #expect(acts("association").last == "association refused  refused 1")
    #expect(acts("association").count == 7)
    // What is hidden from somebody stands in no record of theirs.
    #expect(records.filter { $0.principal == "NONE" }.allSatisfy { $0.subjects.isEmpty && $0.grants.isEmpty })
    let shown = records.filter {
      $0.principal == "ALL" && ["query", "retrieve"].contains($0.kind) && $0.outcome == "success"
    }
    #expect(shown.allSatisfy { $0.subjects.map(\.studyInstanceUID) == [study] && $0.grants == [1] })
    #expect(shown.last?.subjects.first?.instances.values.joined().count == 2)
    let patient = try #require(shown.last?.subjects.first?.patientID)
    let saw = try await node.command("audit", "who-saw", patient)
    #expect(saw.output.contains("ALL") && !saw.output.contains("NONE"))
    // The same when no node runs.
    #expect(node.stop() == 0)
    #expect(try await node.command("audit", "verify").status == 0)
    #expect(try await Self.records(node, "--who", "NONE").count == 4)
    #expect(try await Self.records(node, "--kind", "store", "--outcome", "refused").isEmpty)
  }

  @Test func aCheckpointTellsWhatWasCutOff() async throws {
    let node = try await Self.world()
    let folder = try TemporaryFolder()
    let checkpoints = folder.path + "/checkpoints"
    #expect(try await node.command("audit", "checkpoint", "--to", node.directory + "/x").status != 0)
    #expect(try await node.command("audit", "checkpoint", "--to", checkpoints).status == 0)
    _ = try await node.dcmtk("storescu", as: "ALL", [], files: [Tool.fixture("ct-1.dcm")])
    #expect(try await node.command("audit", "checkpoint", "--to", checkpoints).status == 0)
    let whole = try await node.command("audit", "verify", "--checkpoint", checkpoints)
    #expect(whole.status == 0 && whole.output.contains("2 of 2 checkpoints"), "\(whole.all)")
    #expect(node.stop() == 0)
    // With the means of whoever owns the machine.
    let script =
      "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('DELETE FROM audit WHERE kind=\"store\"'); d.commit()"
    #expect(
      try await Tool.run("/usr/bin/env", ["python3", "-c", script, node.directory + "/index.sqlite"]).status == 0)
    let cut = try await node.command("audit", "verify", "--checkpoint", checkpoints)
    #expect(cut.status == 2, "\(cut.all)")
    try node.start()
    #expect(try await node.command("audit", "verify").status == 2)
    #expect(node.stop() == 0)
  }

  /// PS3.15 A.5.1.1, judged by libxml2.
  @Test(.enabled(if: Tool.hasXMLLint, "needs xmllint: apt-get install libxml2-utils"))
  func messagesAreValidByTheStandardsSchema() async throws {
    let node = try await Self.world()
    _ = try await node.dcmtk("storescu", as: "ALL", [], files: [Tool.fixture("ct-1.dcm")])
    _ = try await node.dcmtk(
      "findscu", as: "ALL", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=<&\"'*"])
    _ = try await node.dcmtk(
      "getscu", as: "ALL", ["-S", "-od", "/tmp", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2"])
    _ = try await node.dcmtk("echoscu", as: "<STRANGER&\">", [])
    let folder = try TemporaryFolder()
    let study = try #require(
      try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "ALL", model: "-S").first)
    for arguments in [
      ["grant", "emergency", "--as", "ALL", "--patient", "a<b", "--reason", "<trauma>"], ["grant", "revoke", "2"],
      ["user", "add", "dr <weber>"], ["group", "add", "clinic & co", "--member", "dr <weber>"],
      ["import", Tool.fixture("sr.dcm")], ["export", "--everything", folder.path + "/files"],
      ["hold", "add", "--patient", "x<y", "--reason", "<court>"], ["check"], ["user", "remove", "dr <weber>"],
      ["explain", "--as", "ALL", "--patient", "a<b"], ["access", "--patient", "a<b"], ["grant", "list"],
      ["query", "--as", "ALL", "-k", "StudyInstanceUID"], ["query", "--as", "ALL", "-k", "PatientName=<&>"],
      ["render", "--study", study, "-o", folder.path + "/picture.png"],
      ["delete", "--everything", "--reason", "a & b", "--yes"], ["audit", "who-saw", "a<b"],
    ] { _ = try await Tool.run(Tool.collimator, arguments + ["--data", node.directory]) }
    #expect(node.stop() == 0)
    let export = try await node.command("audit", "export", "--folder", folder.path + "/messages")
    #expect(export.status == 0, "\(export.all)")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/messages")
    #expect(files.count > 15)
    let paths = files.map { "\(folder.path)/messages/\($0)" }
    let judged = try await Tool.run(
      "/usr/bin/xmllint", ["--noout", "--relaxng", Tool.peer("audit-message.rng")] + paths)
    #expect(judged.status == 0, "\(judged.errors.split(separator: "\n").filter { !$0.hasSuffix("validates") })")
    let all = try paths.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
    for code in [
      "110100", "110101", "110102", "110104", "110105", "110103", "110106", "110107", "110110", "110112", "110113",
      "110114", "110127", "110128",
    ]
    where code != "110102" {
      #expect(all.contains("csd-code=\"\(code)\""), "\(code)")
    }
    // Planted: a message that is not valid is noticed.
    let broken = folder.path + "/broken.xml"
    try #require(all.components(separatedBy: "<?xml").dropFirst().first).replacingOccurrences(
      of: "EventID", with: "Event"
    )
    .write(toFile: broken, atomically: true, encoding: .utf8)
    #expect(
      try await Tool.run("/usr/bin/xmllint", ["--noout", "--relaxng", Tool.peer("audit-message.rng"), broken]).status
        != 0)
  }
}
