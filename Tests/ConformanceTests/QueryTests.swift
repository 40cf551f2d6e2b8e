// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Everybody else's queries, answered by this node.
@Suite struct QueryTests {
  /// Peers/queries.py, in the clear and over TLS.
  @Test(
    .enabled(if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON"), arguments: [false, true])
  func pynetdicomIsAnsweredInFull(overTLS: Bool) async throws {
    let certificates = try await TestCertificates()
    let node = try await Self.filled(certificates)
    try await node.command("peer", "answers", "LIMITED", "--most", "2", "--character-set", "ISO_IR 100")
    let result =
      overTLS
      ? try await Tool.script("queries.py", [node.tlsPort, Tool.fixtures, certificates.path])
      : try await Tool.script("queries.py", [node.port, Tool.fixtures])
    #expect(result.status == 0, "\(result.all)")
    #expect(node.stop() == 0)
  }

  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"), arguments: [false, true])
  func findscuIsAnswered(overTLS: Bool) async throws {
    let certificates = try await TestCertificates()
    let node = try await Self.filled(certificates)
    for (model, level) in [("-S", "STUDY"), ("-P", "PATIENT"), ("-O", "PATIENT")] {
      let keys = ["QueryRetrieveLevel=\(level)", "PatientName=MAIER*", "PatientID"]
      let arguments = [model] + keys.flatMap { ["-k", $0] }
      let result =
        overTLS
        ? try await node.secureDCMTK("findscu", certificates.dcmtk("client") + arguments)
        : try await node.dcmtk("findscu", as: "MOD", arguments)
      #expect(result.status == 0, "\(result.all)")
      // One patient with one study.
      let count = result.all.components(separatedBy: "(Pending)").count - 1
      #expect(count == 1, "\(result.all)")
      #expect(result.all.contains("ISO_IR 192") && result.all.contains("ONLINE"))
    }
  }

  /// Orthanc's REST interface asks this node over DICOM.
  @Test(.enabled(if: OtherNode.Kind.orthanc.isInstalled, "needs Orthanc"))
  func orthancIsAnswered() async throws {
    let node = try await Self.filled(try await TestCertificates())
    let other = try await OtherNode(.orthanc)
    try await node.addPeer(other.title, may: "query")
    try await node.command("grant", "add", "--to", other.title, "--everything")
    let base = "http://127.0.0.1:\(other.httpPort)"
    try await Self.curl("PUT", "\(base)/modalities/node", "[\"COLLIMATOR\", \"127.0.0.1\", \(node.port)]")
    for (query, count) in [
      ("{\"Level\": \"Study\", \"Query\": {\"PatientID\": \"4711\"}}", 2),
      ("{\"Level\": \"Study\", \"Query\": {\"PatientName\": \"YAMADA*\", \"ModalitiesInStudy\": \"MR\"}}", 1),
      ("{\"Level\": \"Patient\", \"Query\": {\"PatientName\": \"lindqvist*\"}}", 3),
    ] {
      let made = try await Self.curl("POST", "\(base)/modalities/node/query", query)
      let id = try #require(
        (try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])?["ID"] as? String,
        "\(made.all)")
      let answers = try await Self.curl("GET", "\(base)/queries/\(id)/answers")
      let listed = try JSONSerialization.jsonObject(with: Data(answers.output.utf8)) as? [Any]
      #expect(listed?.count == count, "\(query): \(answers.output)")
    }
  }

  @discardableResult
  private static func curl(_ method: String, _ url: String, _ body: String? = nil) async throws -> Tool.Result {
    try await Tool.run("/usr/bin/curl", ["-s", "-X", method, url] + (body.map { ["-d", $0] } ?? []))
  }

  private static func filled(_ certificates: TestCertificates) async throws -> RunningNode {
    let node = try RunningNode(certificates.server("server"))
    for name in ["MOD", "LIMITED"] {
      try await node.addPeer(name, may: "store,query")
      try await node.command("grant", "add", "--to", name, "--everything")
    }
    _ = try await node.send([Tool.fixtures], as: "MOD")
    return node
  }
}
