// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct DCMTKTests {
  @Test func aStrangerIsRejectedAndAKnownPeerIsAnswered() async throws {
    let node = try RunningNode()
    let stranger = try await node.dcmtk("echoscu", as: "STRANGER", [])
    #expect(stranger.status != 0)
    #expect(stranger.all.contains("Calling AE Title Not Recognized"))
    let misled = try await Tool.dcmtk("echoscu", ["-aet", "MOD", "-aec", "OTHER", "127.0.0.1", node.port])
    #expect(misled.all.contains("Called AE Title Not Recognized"))
    try await node.addPeer("MOD", may: "store")
    #expect(try await node.dcmtk("echoscu", as: "MOD", []).status == 0)
    let knocks = try await node.command("peer", "knocks", "--json")
    #expect(knocks.output.contains("STRANGER"))
    #expect(knocks.output.contains("OTHER"))
    #expect(node.stop() == 0)
  }

  @Test func aPeerFromElsewhereIsRejected() async throws {
    let node = try RunningNode()
    #expect(try await node.command("peer", "add", "FAR", "--address", "192.0.2.0/24", "--may", "query").status == 0)
    let result = try await node.dcmtk("echoscu", as: "FAR", [])
    #expect(result.all.contains("Calling AE Title Not Recognized"))
  }

  @Test func whatStorescuSendsIsKeptAsItCame() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    // Proposed with their own transfer syntax: DCMTK sends these as they are.
    let files = ["ct-1.dcm", "ct-scout.dcm", "sr.dcm", "us-multiframe.dcm", "mr-japanese.dcm"].map(Tool.fixture)
    for _ in 0..<2 {
      let result = try await node.dcmtk("storescu", as: "MOD", ["-R", "-xe"], files: files)
      #expect(result.status == 0, "\(result.all)")
    }
    #expect(try node.storedDataSets().count == files.count)
    for name in ["ct-1.dcm", "us-multiframe.dcm", "mr-japanese.dcm"] {
      #expect(try node.storedDataSets().contains(try DataSetOfFile(path: Tool.fixture(name)).bytes), "\(name)")
    }
  }

  @Test func aPeerThatMayStoreMayNotQuery() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query")
    let query = try await node.dcmtk("findscu", as: "MOD", ["-S", "-k", "QueryRetrieveLevel=STUDY"])
    #expect(query.all.contains("No Acceptable Presentation Contexts"))
    let store = try await node.dcmtk("storescu", as: "WS", [], files: [Tool.fixture("ct-1.dcm")])
    #expect(store.status != 0)
    #expect(try node.storedDataSets().isEmpty)
  }

  @Test func twoCallersGetTwoDifferentCorrectAnswers() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    for name in ["CITY", "LAKE", "ALL", "NONE"] { try await node.addPeer(name, may: "query") }
    #expect(
      try await node.send([Tool.fixtures], as: "MOD").allSatisfy { $0.status == "0000" || !$0.path.hasSuffix(".dcm") })
    try await node.command("grant", "add", "--to", "CITY", "--patient", "4711", "--issuer", "CITYHOSPITAL")
    try await node.command("grant", "add", "--to", "LAKE", "--patient", "4711", "--issuer", "LAKECLINIC")
    try await node.command("grant", "add", "--to", "ALL", "--everything")
    for (level, keyword, tag, count) in [
      ("PATIENT", "PatientName", "0010,0010", 1), ("STUDY", "StudyInstanceUID", "0020,000d", 1),
    ] {
      let city = try await node.find(keyword, tag: tag, at: level, as: "CITY", ["PatientID=4711"])
      let lake = try await node.find(keyword, tag: tag, at: level, as: "LAKE", ["PatientID=4711"])
      let all = try await node.find(keyword, tag: tag, at: level, as: "ALL", ["PatientID=4711"])
      #expect(city.count == count)
      #expect(lake.count == count)
      #expect(Set(city).isDisjoint(with: lake))
      #expect(Set(all) == Set(city + lake))
      #expect(try await node.find(keyword, tag: tag, at: level, as: "NONE", ["PatientID=4711"]).isEmpty)
    }
    try await lowerLevelsAndCounts(node)
    #expect(node.stop() == 0)
  }

  private func lowerLevelsAndCounts(_ node: RunningNode) async throws {
    for model in ["-P", "-S"] {
      let city = try await below(node, "CITY", model)
      let lake = try await below(node, "LAKE", model)
      let all = try await below(node, "ALL", model)
      #expect(city.series.count == 3 && city.images.count == 5)
      #expect(lake.series.count == 1 && lake.images.count == 1)
      #expect(city.images.isDisjoint(with: lake.images))
      #expect(all.series == city.series.union(lake.series))
      #expect(all.images == city.images.union(lake.images))
      // Asked for by its UID, what is hidden is as if it were not there.
      for series in city.series {
        #expect(try await images(node, "LAKE", model, study: city.study[series] ?? "", series: series).isEmpty)
      }
    }
    for (caller, count) in [("CITY", ["5"]), ("LAKE", ["1"]), ("ALL", ["1", "5"])] {
      let counts = try await node.find(
        "NumberOfPatientRelatedInstances", tag: "0020,1204", at: "PATIENT", as: caller, ["PatientID=4711"])
      #expect(counts.sorted() == count)
    }
  }

  /// All series and images of patient 4711 that a caller is shown, and the study of each series.
  private func below(
    _ node: RunningNode, _ caller: String, _ model: String
  ) async throws -> (series: Set<String>, images: Set<String>, study: [String: String]) {
    var study: [String: String] = [:]
    var found: Set<String> = []
    let keys = ["PatientID=4711"]
    for uid in try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: caller, keys, model: model) {
      let one = keys + ["StudyInstanceUID=\(uid)"]
      for series in try await node.find(
        "SeriesInstanceUID", tag: "0020,000e", at: "SERIES", as: caller, one, model: model)
      {
        study[series] = uid
        found.formUnion(try await images(node, caller, model, study: uid, series: series))
      }
    }
    return (Set(study.keys), found, study)
  }

  private func images(
    _ node: RunningNode, _ caller: String, _ model: String, study: String, series: String
  ) async throws -> [String] {
    let keys = ["PatientID=4711", "StudyInstanceUID=\(study)", "SeriesInstanceUID=\(series)"]
    return try await node.find("SOPInstanceUID", tag: "0008,0018", at: "IMAGE", as: caller, keys, model: model)
  }

  @Test func aRevocationIsSeenAtTheNextQuery() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query")
    _ = try await node.send([Tool.fixture("ct-1.dcm")], as: "MOD")
    try await node.command("grant", "add", "--to", "WS", "--everything", "--until", "2099-01-01")
    #expect(try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "WS", model: "-S").count == 1)
    try await node.command("grant", "revoke", "1")
    #expect(try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "WS", model: "-S").isEmpty)
    let again = try await node.command("grant", "revoke", "1")
    #expect(again.status != 0)
    #expect(again.errors.contains("grant 1 was revoked by"))
  }

  /// A grant that ends in a few seconds: every answer that came before its end has the study, none asked for after it.
  @Test func anExpiryIsSeenAtTheNextQuery() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "query")
    _ = try await node.send([Tool.fixture("ct-1.dcm")], as: "MOD")
    let end = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down) + 4)
    let until = end.formatted(.iso8601)
    #expect(try await node.command("grant", "add", "--to", "WS", "--everything", "--until", until).status == 0)
    var isOver = false
    while !isOver {
      let asked = Date()
      let count = try await node.find("StudyInstanceUID", tag: "0020,000d", at: "STUDY", as: "WS", model: "-S").count
      isOver = asked >= end
      if Date() < end { #expect(count == 1) }
      if isOver { #expect(count == 0) }
    }
    #expect(try await node.command("grant", "list").output.contains("expired"))
  }

  @Test func filesThatAreNoObjectsAreRefusedByName() async throws {
    let node = try RunningNode()
    let result = try await node.command(
      "import", "--json", Tool.fixture("ct-1.dcm"), Tool.fixture("PROVENANCE.md"), Tool.fixture("ct-1.dcm"))
    #expect(result.status != 0)
    #expect(result.output.contains("\"stored\" : 1"))
    #expect(result.output.contains("\"alreadyStored\" : 1"))
    #expect(result.output.contains("PROVENANCE.md"))
    #expect(result.output.contains("not DICOM"))
  }

  @Test func identifiersThatAreWrongAreRefused() async throws {
    let node = try RunningNode()
    try await node.addPeer("WS", may: "query")
    for (model, keys) in [
      ("-S", ["QueryRetrieveLevel=PATIENT"]), ("-S", ["QueryRetrieveLevel=NONSENSE"]), ("-S", ["PatientID=1"]),
      ("-P", ["QueryRetrieveLevel=STUDY"]), ("-S", ["QueryRetrieveLevel=SERIES", "StudyInstanceUID"]),
      ("-S", ["QueryRetrieveLevel=SERIES", "StudyInstanceUID=1\\2"]),
    ] {
      let result = try await node.dcmtk("findscu", as: "WS", ["-d", model] + keys.flatMap { ["-k", $0] })
      #expect(result.all.lowercased().contains("0xa900"), "\(keys)")
    }
  }
}
