// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Real files of many vendors, over the network and back.
@Suite(.enabled(if: Tool.hasCorpus, "the corpus is not beside the package"))
struct CorpusTests {
  private struct Index: Decodable {
    let files: [File]
  }

  private struct File: Decodable {
    let file: String
    let verdict: String
    let transferSyntax: String?
    let sopClass: String?
    let sopInstance: String?
    let study: String?
    let series: String?

    var isStorable: Bool {
      verdict == "accept" && [sopClass, sopInstance, study, series].allSatisfy { $0?.isEmpty == false }
    }

    var path: String { URL(filePath: "\(Tool.corpus)/\(file)").standardizedFileURL.path }
  }

  private static func storable() throws -> [File] {
    let data = try Data(contentsOf: URL(filePath: "\(Tool.corpus)/oracle/shared/index.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Index.self, from: data).files.filter(\.isStorable)
  }

  @Test func everyFileIsStoredAndKeptAsItWas() async throws {
    let node = try RunningNode()
    let add = try await node.command(
      "peer", "add", "MOD", "--address", "127.0.0.1", "--may", "store", "--private-sop-classes")
    #expect(add.status == 0)
    let files = try Self.storable()
    #expect(files.count > 200)
    var stored = 0
    var uids: [String: String] = [:]
    for _ in 0..<2 {
      let sent = try await node.send(files.map(\.path), as: "MOD")
      #expect(sent.count == files.count)
      for file in sent {
        #expect(file.status == "0000", "\(file.path): \(file.comment ?? "")")
        uids[file.path] = file.sopInstanceUID
      }
      // The second time everything is there already.
      let count = try node.storedFiles().count
      #expect(stored == 0 || stored == count)
      stored = count
    }
    let kept = Dictionary(grouping: try node.storedDataSets(), by: \.count)
    let (whole, others) = try files.reduce(into: ([File](), [File]())) { parts, file in
      // What was kept is the end of the file, all but a preamble and group 0002: found without any reader of ours.
      let source = try Data(contentsOf: URL(filePath: file.path))
      let isKept = (0..<min(source.count, 8192)).contains { offset in
        kept[source.count - offset]?.contains { source.suffix($0.count) == $0 } == true
      }
      if isKept { parts.0.append(file) } else { parts.1.append(file) }
    }
    // The corpus has a few objects in several encodings, native and compressed without loss: the same object is kept once.
    let keptUIDs = Set(whole.compactMap { uids[$0.path] })
    for file in others { #expect(uids[file.path].map(keptUIDs.contains) == true, "\(file.file)") }
    #expect(others.count < 20)
    #expect(node.stop() == 0)
  }

  /// Stored over TLS, and moved on to another node over TLS: each as it was kept, in its own transfer syntax.
  @Test func everyStudyMovesOverTLSAsItIs() async throws {
    let certificates = try await TestCertificates()
    let receiving = try RunningNode(certificates.server("server", certificates.clients("require")))
    let node = try RunningNode(certificates.server("server"))
    let open = ["--may", "store,retrieve", "--private-sop-classes", "--address", "127.0.0.1"]
    for (node, peer) in [
      (receiving, ["COLLIMATOR", "--tls"]), (node, ["MOD", "--tls"]),
      (
        node,
        [
          "COLLIMATOR", "--name", "NEXT", "--port", receiving.tlsPort, "--call-tls", "--call-tls-ca",
          certificates.file("ca.pem"), "--call-tls-certificate", certificates.file("client.pem"), "--call-tls-key",
          certificates.file("client.key"), "--call-tls-name", "localhost",
        ]
      ),
    ] {
      let added = try await Tool.run(
        Tool.collimator, ["peer", "add"] + peer + open + ["--data", node.directory])
      #expect(added.status == 0, "\(added.all)")
    }
    for name in ["MOD", "NEXT"] { try await node.command("grant", "add", "--to", name, "--everything") }
    let files = try Self.storable()
    let call = ["--calling", "MOD", "--port", node.tlsPort] + certificates.client()
    let sent = try await Tool.run(Tool.collimator, ["send"] + call + files.map(\.path))
    #expect(sent.status == 0, "\(sent.all.suffix(500))")
    let studies = Set(files.compactMap(\.study)).sorted().flatMap { ["--study", $0] }
    let moved = try await Tool.run(
      Tool.collimator, ["move", "--json"] + call + studies + ["--to", "COLLIMATOR"])
    #expect(moved.status == 0, "\(moved.all.suffix(500))\(node.logged)")
    let (kept, arrived) = (try node.storedDataSets(), try receiving.storedDataSets())
    #expect(arrived.count > 200 && Set(arrived).isSubset(of: kept))
    #expect(moved.output.contains("\"completed\" : \(arrived.count)"), "\(moved.output.suffix(500))")
  }

  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools"))
  func storescuStoresWhatItCanRead() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let native = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]
    let files = try Self.storable().filter { native.contains($0.transferSyntax ?? "") }.map(\.path)
    let result = try await node.dcmtk("storescu", as: "MOD", ["-v", "-nh", "-R", "-xe"], files: files)
    let sent = result.all.components(separatedBy: "Received Store Response").count - 1
    let successes = result.all.components(separatedBy: "Received Store Response (Success)").count - 1
    #expect(sent > 100)
    #expect(successes == sent)
  }

  /// The parse that the corpus expects, by its own script: the figure is in the output.
  @Test func dumpAgreesWithTheOracles() async throws {
    let command = "\(Tool.collimator) dump --json --bulk-data hash {file}"
    let result = try await Tool.run(
      "/usr/bin/env", ["python3", "\(Tool.corpus)/check.py", "shared", "--cmd", command])
    #expect(result.status == 0, "\(result.all)")
  }
}
