// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Other archives as the source, and Orthanc as the one who asks and as the destination too; in the clear and over TLS.
@Suite(.enabled(if: Tool.hasDCMTK && Tool.hasPynetdicom, "needs DCMTK's tools and pynetdicom"))
struct RemoteArchiveTests {
  private static let archives = OtherNode.Kind.installed.filter(\.canBeQueried)
  private static let orthanc: ConditionTrait = .enabled(if: OtherNode.Kind.orthanc.isInstalled, "needs Orthanc")

  /// More classes of images than one association has contexts for, in as many transfer syntaxes; fetched by C-GET into a folder
  /// and into a node.
  @Test(orthanc, arguments: [false, true])
  func whatOrthancHasComesInItsOwnSyntaxes(overTLS: Bool) async throws {
    let study = try await MixedStudy()
    let originals = try await study.objects()
    #expect(Set(originals.map(\.transferSyntax)).count == 7)
    let other = try await OtherNode(.orthanc, over: overTLS ? TestCertificates() : nil)
    let sent = try await other.command("send", study.files)
    #expect(sent.status == 0, "\(sent.all)")
    for arguments in [["--study", study.studyInstanceUID], ["--patient", MixedStudy.patientID]] {
      #expect(try await Self.got(from: other, arguments) == originals, "\(arguments)")
    }
    let node = try RunningNode()
    try await node.add(other, may: "store")
    let fetched = try await node.command("remote", "fetch", other.title, "--study", study.studyInstanceUID)
    #expect(fetched.status == 0 && fetched.output.contains("9 of 9"), "\(fetched.all)")
    #expect(try await MixedStudy.objects(in: node.storedFiles()) == originals)
  }

  /// dcmqrscp takes one compressed syntax beside the plain ones, which one it is told; it says nothing of SOP classes, and sends
  /// each object in the first context of its class: among the plain syntaxes as it likes, of compressed ones nothing where it
  /// may send plain ones.
  @Test(
    .enabled(if: OtherNode.Kind.dcmqrscp.isInstalled),
    arguments: [
      ("+xy", "jpeg-baseline"), ("+xs", "jpeg-lossless"), ("+xt", "jpeg-ls"), ("+xv", "jpeg-2000"), ("+xr", "rle"),
    ] as [(String, String)])
  func whatDcmqrscpHasComesInItsOwnSyntax(option: String, encoding: String) async throws {
    let images = ["ct-1", "mr-japanese", "pt-chinese", "us-multiframe"]
    let study = try await MixedStudy(images.map { ($0, encoding) } + ["ct-scout", "sr", "ecg"].map { ($0, "") })
    let originals = try await study.objects()
    let other = try await OtherNode(.dcmqrscp, options: [option])
    let sent = try await other.command("send", study.files)
    #expect(sent.status == 0, "\(sent.all)")
    let got = try await Self.got(from: other, ["--study", study.studyInstanceUID])
    let explicit = "1.2.840.10008.1.2.1"
    #expect(
      Self.syntaxes(got) == Self.syntaxes(originals).mapValues { $0 == "1.2.840.10008.1.2" ? explicit : $0 })
    let held = try await Set(other.dataSets())
    let explicitBefore = Set(originals.filter { $0.transferSyntax != "1.2.840.10008.1.2" }.map(\.sopInstanceUID))
    #expect(got.filter { explicitBefore.contains($0.sopInstanceUID) }.allSatisfy { held.contains($0.dataSet) })
    let node = try RunningNode()
    try await node.add(other, may: "store")
    let fetched = try await node.command("remote", "fetch", other.title, "--study", study.studyInstanceUID)
    #expect(fetched.status == 0 && fetched.output.contains("7 of 7"), "\(fetched.all)")
    #expect(try await MixedStudy.objects(in: node.storedFiles()) == got)
  }

  /// Nothing says which classes there are: one association after the other takes some of them, until all is there.
  @Test(arguments: ["retrieve", "query,retrieve"])
  func whatIsNotListedIsLookedFor(rights: String) async throws {
    let study = try await MixedStudy()
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: rights)
    try await node.command("grant", "add", "--to", "WS", "--everything")
    #expect(try await node.send(study.files, as: "MOD").allSatisfy { $0.status == "0000" })
    let folder = try TemporaryFolder()
    let result = try await Tool.run(
      Tool.collimator,
      ["get", "--json", "--calling", "WS", "--port", node.port, "--study", study.studyInstanceUID, "-o", folder.path])
    #expect(result.status == 0, "\(result.all)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    #expect(answer.status == "0000" && answer.completed == 9 && answer.failed == 0)
    #expect(try await MixedStudy.objects(in: answer.files) == study.objects())
    // The same twice, with other classes each; or each series by itself, since its images need more contexts than one
    // association has.
    #expect(node.logged.components(separatedBy: "C-GET-RQ answered").count - 1 == (rights == "retrieve" ? 2 : 8))
  }

  private struct Answer: Decodable {
    let status: String
    let completed: Int
    let failed: Int
    let files: [String]
  }

  /// `collimator find` and `move`, `remote find` and `fetch`, by C-GET and by C-MOVE, of everybody's archive.
  @Test(
    arguments: archives.flatMap { kind in [(kind, false), (kind, true)] } as [(OtherNode.Kind, Bool)])
  func everybodysArchiveIsASource(kind: OtherNode.Kind, overTLS: Bool) async throws {
    let certificates = overTLS ? try await TestCertificates() : nil
    let node = try RunningNode(certificates.map { $0.server("server", $0.clients("require")) } ?? [])
    let other = try await OtherNode(kind, over: certificates, knowing: overTLS ? node.tlsPort : node.port)
    try await node.add(other, may: "store")
    let files = ["ct-1.dcm", "ct-2.dcm", "mr-japanese.dcm"].map(Tool.fixture)
    let sent = try await other.command("send", files)
    #expect(sent.status == 0, "\(sent.all)")
    let ct = try RetrieveTests.studyInstanceUID(of: files[0])
    let mr = try RetrieveTests.studyInstanceUID(of: files[2])
    let found = try await other.command("find", ["-k", "StudyInstanceUID", "-k", "PatientID=4711"])
    #expect(found.status == 0 && found.output.contains(ct) && found.output.contains("1 match"), "\(found.all)")
    let remote = try await node.command("remote", "find", other.title, "-k", "StudyInstanceUID", "-k", "PatientID=4711")
    #expect(remote.status == 0 && remote.output.contains(ct) && remote.output.contains("1 match"), "\(remote.all)")
    let moved = try await other.command("move", ["--json", "--study", ct, "--to", "COLLIMATOR"])
    #expect(moved.status == 0 && moved.output.contains("\"completed\" : 2"), "\(moved.all)\(node.logged)")
    #expect(try node.storedFiles().count == 2)
    let fetched = try await node.command("remote", "fetch", other.title, "--study", mr, "--move")
    #expect(fetched.status == 0 && fetched.output.contains("1 of 1"), "\(fetched.all)\(node.logged)")
    let held = kind == .orthanc ? try Self.dataSets(of: files) : try await other.dataSets()
    #expect(try Set(node.storedDataSets()) == Set(held))
    let empty = try RunningNode()
    try await empty.add(other, may: "store")
    let got = try await empty.command("remote", "fetch", other.title, "--study", ct, "--study", mr)
    #expect(got.status == 0 && got.output.contains("3 of 3"), "\(got.all)")
    #expect(try Set(empty.storedDataSets()) == Set(node.storedDataSets()))
    // Of a caller without TLS nothing is heard.
    guard overTLS else { return }
    let plain = try await Tool.run(Tool.collimator, ["echo", "--port", other.port, "--called", other.title])
    #expect(plain.status != 0)
  }

  /// It says so many matches at most, or is not there at all: what came is shown, then what became of the rest.
  @Test func whatCameBeforeAFailureIsShown() async throws {
    let archive = try RunningNode()
    try await archive.addPeer("MOD", may: "store")
    try await archive.addPeer("COLLIMATOR", may: "query")
    try await archive.command("grant", "add", "--to", "COLLIMATOR", "--everything")
    let files = ["ct-1.dcm", "mr-japanese.dcm"].map(Tool.fixture)
    #expect(try await archive.send(files, as: "MOD").allSatisfy { $0.status == "0000" })
    let asking = try RunningNode()
    let added = try await asking.command(
      "peer", "add", "COLLIMATOR", "--name", "NEXT", "--address", "127.0.0.1", "--port", archive.port, "--may", "query")
    #expect(added.status == 0, "\(added.all)")
    for (most, output, error) in [("1", "1 match", "more than 1 matches"), ("0", "2 matches", "")] {
      try await archive.command("peer", "answers", "COLLIMATOR", "--most", most)
      let found = try await asking.command("remote", "find", "NEXT", "-k", "StudyInstanceUID")
      #expect(found.output.contains(output) && (error.isEmpty || found.errors.contains(error)), "\(found.all)")
      #expect((found.status == 0) == error.isEmpty, "\(found.all)")
      let records = try await AuditTests.records(asking, "--kind", "query").filter { $0.act == "remote find" }
      #expect(records.last?.count == (error.isEmpty ? 2 : 1))
      #expect(records.last?.outcome == (error.isEmpty ? "success" : "partial"))
    }
    #expect(archive.stop() == 0)
    let gone = try await asking.command("remote", "find", "NEXT", "-k", "StudyInstanceUID")
    #expect(gone.status != 0 && !gone.output.contains("match"), "\(gone.all)")
  }

  /// Orthanc asks, has what it found moved to itself, and so is the destination; all arrives bit for bit.
  @Test(orthanc, arguments: [false, true])
  func orthancAsksAndIsTheDestination(overTLS: Bool) async throws {
    let study = try await MixedStudy()
    let certificates = overTLS ? try await TestCertificates() : nil
    let node = try RunningNode(certificates.map { $0.server("server", $0.clients("require")) } ?? [])
    let other = try await OtherNode(.orthanc, over: certificates, knowing: overTLS ? node.tlsPort : node.port)
    try await node.add(other, may: "query,retrieve")
    try await node.addPeer("MOD", may: "store")
    try await node.command(
      "grant", "add", "--to", other.title, "--patient", MixedStudy.patientID, "--issuer", "CITYHOSPITAL")
    #expect(
      try await node.send(study.files + [Tool.fixture("dx-dog.dcm")], as: "MOD").allSatisfy { $0.status == "0000" })
    let made = try await other.rest(
      "POST", "/modalities/node/query",
      "{\"Level\": \"Study\", \"Query\": {\"PatientID\": \"\(MixedStudy.patientID)\"}}")
    let query = try #require(
      (try JSONSerialization.jsonObject(with: Data(made.utf8)) as? [String: Any])?["ID"] as? String, "\(made)")
    let answers = try await other.rest("GET", "/queries/\(query)/answers")
    #expect(try (JSONSerialization.jsonObject(with: Data(answers.utf8)) as? [Any])?.count == 1, "\(answers)")
    let retrieved = try await other.rest(
      "POST", "/queries/\(query)/retrieve", "{\"TargetAet\": \"\(other.title)\", \"Synchronous\": true}")
    #expect(!retrieved.contains("HttpError"), "\(retrieved)\(node.logged)")
    #expect(try await Set(other.dataSets()) == Set(study.objects().map(\.dataSet)), "\(node.logged)")
  }

  private static func got(from other: OtherNode, _ arguments: [String]) async throws -> Set<MixedStudy.Object> {
    let folder = try TemporaryFolder()
    let result = try await other.command("get", ["--json", "--output", folder.path] + arguments)
    #expect(result.status == 0, "\(result.all)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    #expect(answer.failed == 0 && answer.completed == answer.files.count)
    return try await MixedStudy.objects(in: answer.files)
  }

  private static func syntaxes(_ objects: Set<MixedStudy.Object>) -> [String: String] {
    Dictionary(objects.map { ($0.sopInstanceUID, $0.transferSyntax) }, uniquingKeysWith: { first, _ in first })
  }

  private static func dataSets(of files: [String]) throws -> [Data] {
    try files.map { try DataSetOfFile(path: $0).bytes }
  }
}

extension RunningNode {
  /// Somebody else's server as a peer that is called as it listens.
  func add(_ other: OtherNode, may: String) async throws {
    let result = try await Tool.run(
      Tool.collimator, ["peer", "add", other.title, "--may", may] + other.address + ["--data", directory])
    #expect(result.status == 0, "\(result.all)")
  }
}
