// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// C-GET and C-MOVE, asked for by DCMTK and pynetdicom, and delivered to everybody's servers.
@Suite struct RetrieveTests {
  /// One of each: what the servers of the field all take.
  static let files = ["ct-1.dcm", "ct-2.dcm", "dx-dog.dcm", "mr-japanese.dcm", "us-multiframe.dcm"]

  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"), arguments: [false, true])
  func getscuGetsWhatItsGrantOpens(overTLS: Bool) async throws {
    let certificates = try await TestCertificates()
    let node = try await filled(certificates.server("server", certificates.clients("require")))
    let tunnel = overTLS ? try await Tunnel(.client, certificates, to: node.tlsPort) : nil
    for name in ["CITY", "LAKE"] { try await node.addPeer(name, may: "retrieve") }
    try await node.command("grant", "add", "--to", "CITY", "--patient", "4711", "--issuer", "CITYHOSPITAL")
    try await node.command("grant", "add", "--to", "LAKE", "--patient", "4711", "--issuer", "LAKECLINIC")
    let originals = Set(try node.storedDataSets())
    var seen: [Set<Data>] = []
    for (name, count, unchanged) in [("CITY", 5, 4), ("LAKE", 1, 0)] {
      let folder = try TemporaryFolder()
      // The same ID names one patient for each of them: who the other one is, neither learns.
      let arguments = ["--bit-preserving", "-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=4711"]
      let result = try await node.dcmtk("getscu", as: name, arguments + ["-od", folder.path], through: tunnel)
      #expect(result.status == 0, "\(result.all)")
      let got = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
        try DataSetOfFile(path: "\(folder.path)/\($0)").bytes
      }
      #expect(got.count == count)
      // getscu prefers Explicit VR, and has what is stored in Implicit VR written anew.
      #expect(got.count { originals.contains($0) } == unchanged)
      seen.append(Set(got))
    }
    #expect(seen[0].isDisjoint(with: seen[1]))
  }

  @Test(
    .enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"),
    arguments: OtherNode.Kind.installed, [false, true])
  func movescuMovesToEverybodysServer(kind: OtherNode.Kind, overTLS: Bool) async throws {
    let certificates = try await TestCertificates()
    let node = try RunningNode(certificates.server("server", certificates.clients("require")))
    let tunnel = overTLS ? try await Tunnel(.client, certificates, to: node.tlsPort) : nil
    let other = try await OtherNode(kind, over: overTLS ? certificates : nil)
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "retrieve")
    try await node.add(other, may: "query")
    for name in ["WS", other.title] { try await node.command("grant", "add", "--to", name, "--everything") }
    let sent = try await node.send(Self.files.map(Tool.fixture), as: "MOD")
    #expect(sent.allSatisfy { $0.status == "0000" })
    let studies = Set(try Self.files.map { try Self.studyInstanceUID(of: Tool.fixture($0)) }).joined(separator: "\\")
    let result = try await node.dcmtk(
      "movescu", as: "WS",
      ["-v", "-aem", other.title, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(studies)"],
      through: tunnel)
    #expect(result.status == 0 && result.all.contains("Final Move Response (Success)"), "\(result.all)\(node.logged)")
    let arrived = try await other.dataSets()
    #expect(arrived.count == Self.files.count)
    guard kind != .dcmqrscp && (kind != .pynetdicom || overTLS) else { return }
    #expect(Set(arrived) == Set(try Self.files.map { try DataSetOfFile(path: Tool.fixture($0)).bytes }))
  }

  /// The caller may have all, the destination one patient: it gets that one, and the caller is told of the others.
  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
  func aDestinationGetsWhatItsOwnGrantOpens() async throws {
    let node = try await filled()
    let other = try await OtherNode(.storescp)
    try await node.addPeer("WS", may: "retrieve")
    try await node.addPeer(other.title, may: "query", "--port", other.port)
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let studies = Set(try ["ct-1.dcm", "dx-dog.dcm"].map { try Self.studyInstanceUID(of: Tool.fixture($0)) })
    let arguments = [
      "-v", "-aem", other.title, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k",
      "StudyInstanceUID=\(studies.joined(separator: "\\"))",
    ]
    let nothing = try await node.dcmtk("movescu", as: "WS", arguments)
    #expect(nothing.all.contains("OutOfResourcesSubOperations"), "\(nothing.all)")
    #expect(try await other.dataSets().isEmpty)
    let dog = try Self.studyInstanceUID(of: Tool.fixture("dx-dog.dcm"))
    try await node.command("grant", "add", "--to", other.title, "--study", dog)
    let some = try await node.dcmtk("movescu", as: "WS", arguments)
    #expect(some.all.contains("Final Move Response (Warning"), "\(some.all)")
    #expect(try await other.dataSets() == [try DataSetOfFile(path: Tool.fixture("dx-dog.dcm")).bytes])
    #expect(try await node.says("the destination has no grant for it"))
  }

  /// A file that is gone is one failed sub-operation; the others arrive.
  /// What a caller may find and not have, or have and not send on, is refused, and not passed over; what is hidden is not there.
  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
  func aRightThatIsLackingIsSaid() async throws {
    let node = try await filled()
    for name in ["VIEWER", "GETTER", "NOBODY"] { try await node.addPeer(name, may: "query,retrieve") }
    try await node.addPeer("DEST", may: "query", "--port", "\(OtherNode.freePort())")
    let study = try Self.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    try await node.command("grant", "add", "--to", "VIEWER", "--study", study, "--may", "view-only")
    try await node.command("grant", "add", "--to", "GETTER", "--study", study, "--may", "download")
    let asked = ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)"]
    for (tool, name, words) in [
      ("getscu", "VIEWER", "not to retrieve"), ("movescu", "GETTER", "to send to others"),
      ("movescu", "VIEWER", "to send to others"),
    ] {
      let folder = try TemporaryFolder()
      let result = try await node.dcmtk(
        tool, as: name, asked + (tool == "getscu" ? ["-od", folder.path] : ["-aem", "DEST"]))
      #expect(result.all.contains("0x124") || result.all.contains("NotAuthorized"), "\(result.all)")
      #expect(node.logged.contains(words), "\(node.logged)")
    }
    for tool in ["getscu", "movescu"] {
      let folder = try TemporaryFolder()
      let result = try await node.dcmtk(
        tool, as: "NOBODY", asked + (tool == "getscu" ? ["-od", folder.path] : ["-aem", "DEST"]))
      #expect(result.status == 0 && result.all.contains("Success"), "\(result.all)")
    }
  }

  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
  func aMissingFileFailsAlone() async throws {
    let node = try await filled()
    try await node.addPeer("WS", may: "query,retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let lost = try DataSetOfFile(path: Tool.fixture("ct-2.dcm")).bytes
    let path = try #require(try node.storedFiles().first { try DataSetOfFile(path: $0).bytes == lost })
    try FileManager.default.removeItem(atPath: path)
    let folder = try TemporaryFolder()
    let study = try Self.studyInstanceUID(of: Tool.fixture("ct-2.dcm"))
    let result = try await node.dcmtk(
      "getscu", as: "WS",
      ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)", "-od", folder.path])
    #expect(result.all.contains("Number of Failed Suboperations    : 1"), "\(result.all)")
    let completed = try FileManager.default.contentsOfDirectory(atPath: folder.path).count
    #expect(completed > 0)
    #expect(result.all.contains("Number of Completed Suboperations : \(completed)"))
    // Why is for the log: the peer hears nothing of this machine's folders.
    #expect(
      !result.all.contains(node.directory) && node.logged.contains("is not sent: its file"),
      "\(result.all)\(node.logged)")
    // From then on it is said beforehand.
    var answered = ""
    for _ in 0..<100 where !answered.contains("UNAVAILABLE") {
      answered = try await node.dcmtk(
        "findscu", as: "WS",
        ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)", "-k", "InstanceAvailability"]
      ).all
    }
    #expect(answered.contains("UNAVAILABLE"), "\(answered)")
  }

  /// Of one that is read at once not a byte goes out; of a long one, which is told by its end, no end.
  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"), arguments: [0, 3 << 20])
  func otherBytesThanWereReceivedAreNotSent(more: Int) async throws {
    let node = try RunningNode()
    for peer in ["CT1", "WS"] { try await node.addPeer(peer, may: "store,query,retrieve") }
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let folder = try TemporaryFolder()
    let long = folder.path + "/long.dcm"
    // Data Set Trailing Padding (PS3.10 7.2).
    let padding =
      [0xFC, 0xFF, 0xFC, 0xFF, 0x4F, 0x42, 0, 0] + withUnsafeBytes(of: UInt32(more).littleEndian) { [UInt8]($0) }
    let object = try Data(contentsOf: URL(filePath: Tool.fixture("ct-2.dcm")))
    try (object + padding + Data(repeating: 7, count: more)).write(to: URL(filePath: long))
    #expect(try await node.send([long], as: "CT1").map(\.status) == ["0000"])
    let path = try #require(try node.storedFiles().first)
    let study = try Self.studyInstanceUID(of: long)
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)"]
    // What was compared before is compared again once somebody touched it.
    let before = try TemporaryFolder()
    let whole = try await node.dcmtk("getscu", as: "WS", ["-v"] + keys + ["-od", before.path])
    #expect(try FileManager.default.contentsOfDirectory(atPath: before.path).count == 1, "\(whole.all)")
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    let got = try TemporaryFolder()
    let result = try await node.dcmtk("getscu", as: "WS", ["-v"] + keys + ["-od", got.path])
    #expect(try FileManager.default.contentsOfDirectory(atPath: got.path).isEmpty, "\(result.all)")
    #expect(more > 0 || result.all.contains("Number of Failed Suboperations    : 1"), "\(result.all)")
    #expect(try await node.says("its file is not what was received"))
    // It was read again, and is served no more.
    var answered = ""
    for _ in 0..<100 where !answered.contains("UNAVAILABLE") {
      answered = try await node.dcmtk("findscu", as: "WS", keys + ["-k", "InstanceAvailability"]).all
    }
    #expect(answered.contains("UNAVAILABLE"), "\(answered)")
    #expect(!FileManager.default.fileExists(atPath: path))
    // What is sent again takes its place.
    #expect(try await node.send([long], as: "CT1").map(\.status) == ["0000"])
    let again = try await node.dcmtk("getscu", as: "WS", ["-v"] + keys + ["-od", got.path])
    #expect(try FileManager.default.contentsOfDirectory(atPath: got.path).count == 1, "\(again.all)")
    #expect(node.stop() == 0)
  }

  /// What an administrator corrected leaves corrected, and says nothing of who it was taken for; the file stays as it came.
  @Test(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
  func aCorrectedPatientLeavesCorrected() async throws {
    let node = try await filled()
    try await node.addPeer("WS", may: "retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let merge = try await node.command(
      "patient", "merge", "V7", "X1", "--issuer", "PAWSVET", "--name", "Right^Dog", "--reason", "a slip", "--yes")
    #expect(merge.status == 0, "\(merge.all)")
    let folder = try TemporaryFolder()
    let study = try Self.studyInstanceUID(of: Tool.fixture("dx-dog.dcm"))
    let result = try await Tool.run(
      Tool.collimator,
      ["get", "--calling", "WS", "--port", node.port, "--study", study, "--output", folder.path])
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.count == 1)
    let dump = try await Tool.dcmtk("dcmdump", ["\(folder.path)/\(names.first ?? "")"])
    #expect(dump.output.contains("[X1]") && dump.output.contains("[Right^Dog]"), "\(dump.all)")
    #expect(!dump.output.contains("[V7]") && !dump.output.contains("Schmidt^Rex"))
    #expect(try node.storedDataSets().contains(DataSetOfFile(path: Tool.fixture("dx-dog.dcm")).bytes))
  }

  /// A destination where nobody listens, or one that wants no association: said within seconds, with the objects that did not
  /// arrive.
  @Test(arguments: [(false, "cannot be reached"), (true, "rejects associations")])
  func anUnreachableDestinationIsSaidToBeOne(isThere: Bool, why: String) async throws {
    let node = try await filled()
    // The node itself, which is called otherwise.
    try await node.addPeer("WS", may: "retrieve", "--port", isThere ? node.port : "1")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let study = try Self.studyInstanceUID(of: Tool.fixture("dx-dog.dcm"))
    let result = try await Tool.run(
      Tool.collimator, ["move", "--json", "--calling", "WS", "--port", node.port, "--study", study, "--to", "WS"])
    #expect(result.status != 0)
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    #expect(answer.status == "A702" && answer.failed == 1 && answer.failedSOPInstanceUIDs.count == 1)
    #expect(answer.comment?.contains(why) == true)
  }

  private struct Answer: Decodable {
    let status: String
    let comment: String?
    let completed: Int
    let failed: Int
    let failedSOPInstanceUIDs: [String]
    let files: [String]
  }

  /// `collimator get` and `move` as people call them, of this node and of others.
  @Test func theCommandsRetrieve() async throws {
    let node = try await filled()
    let receiving = try RunningNode()
    try await receiving.addPeer("COLLIMATOR", may: "store")
    try await node.addPeer("WS", may: "retrieve")
    try await node.command(
      "peer", "add", "COLLIMATOR", "--address", "127.0.0.1", "--port", receiving.port, "--may", "query")
    for name in ["WS", "COLLIMATOR"] { try await node.command("grant", "add", "--to", name, "--everything") }
    let patient = ["--calling", "WS", "--port", node.port, "--patient", "4711", "--issuer", "CITYHOSPITAL", "--json"]
    let moved = try await Tool.run(Tool.collimator, ["move", "--to", "COLLIMATOR"] + patient)
    #expect(moved.status == 0, "\(moved.all)\(node.logged)")
    #expect(try JSONDecoder().decode(Answer.self, from: Data(moved.output.utf8)).completed == 5)
    #expect(try Set(receiving.storedDataSets()).isSubset(of: Set(node.storedDataSets())))
    #expect(try receiving.storedFiles().count == 5)
    let folder = try TemporaryFolder()
    let got = try await Tool.run(Tool.collimator, ["get", "--output", folder.path] + patient)
    #expect(got.status == 0, "\(got.all)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(got.output.utf8))
    #expect(answer.files.count == 5)
    for path in answer.files { #expect(try await Tool.run(Tool.collimator, ["dump", path]).status == 0) }
  }

  @Test(arguments: OtherNode.Kind.installed.filter(\.canBeQueried))
  func theCommandGetsFromOthers(kind: OtherNode.Kind) async throws {
    let other = try await OtherNode(kind)
    let sent = try await other.command("send", Self.files.map(Tool.fixture))
    #expect(sent.status == 0, "\(sent.all)")
    let folder = try TemporaryFolder()
    let study = try Self.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    let result = try await other.command("get", ["--json", "--study", study, "--output", folder.path])
    #expect(result.status == 0, "\(result.all)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    #expect(answer.completed == 2 && answer.files.count == 2)
    let originals = Set(try ["ct-1.dcm", "ct-2.dcm"].map { try DataSetOfFile(path: Tool.fixture($0)).bytes })
    guard kind == .orthanc else { return }
    #expect(Set(try answer.files.map { try DataSetOfFile(path: $0).bytes }) == originals)
  }

  private static let pynetdicom: ConditionTrait = .enabled(
    if: Tool.hasPynetdicom, "needs pynetdicom in .venv, or COLLIMATOR_PYTHON")

  /// Peers/retrieve.py: bytes, counts, refusals, the originator, and destinations that are none.
  @Test(pynetdicom, arguments: ["identical", "converted", "refused", "moved", "composite"], [false, true])
  func pynetdicomIsServed(task: String, overTLS: Bool) async throws {
    let certificates = overTLS ? try await TestCertificates() : nil
    let node = try await filled(certificates.map { $0.server("server", $0.clients("require")) } ?? [])
    let port = try OtherNode.freePort()
    let own = ["peer", "add", "WS", "--address", "127.0.0.1", "--may", "query,retrieve", "--port", "\(port)"]
    let added = try await Tool.run(
      Tool.collimator, own + (certificates?.callOfAPeer ?? []) + ["--data", node.directory])
    #expect(added.status == 0, "\(added.all)")
    try await node.command("peer", "add", "LAN", "--address", "127.0.0.0/8", "--port", "104", "--may", "query")
    try await node.command("peer", "add", "NOPORT", "--address", "127.0.0.1", "--may", "query")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    try await retrieve(node, task, [Tool.fixtures, "\(port)"], over: certificates)
  }

  /// A43: by its exact UID, what is hidden is what is nowhere, byte for byte; by C-GET and by C-MOVE.
  @Test(pynetdicom) func theHiddenIsTheNonexistent() async throws {
    let node = try await filled()
    let other = try await OtherNode(.pynetdicom)
    try await node.addPeer("WS", may: "retrieve")
    try await node.addPeer(other.title, may: "query", "--port", other.port)
    try await node.command("grant", "add", "--to", other.title, "--everything")
    let study = try Self.studyInstanceUID(of: Tool.fixture("ct-1.dcm"))
    try await retrieve(node, "transcripts", [Tool.fixtures, study, "WS", other.title])
    #expect(try await other.dataSets().isEmpty)
  }

  /// A45.
  @Test(pynetdicom) func aRevocationStopsARetrieveBeforeTheNextObject() async throws {
    let (node, study, count) = try await nodeWithMany(40)
    try await retrieve(node, "revoked", [study, "1", "\(count)"])
  }

  @Test(pynetdicom) func aRevocationOfTheDestinationStopsAMove() async throws {
    let (node, study, count) = try await nodeWithMany(40)
    let port = try OtherNode.freePort()
    try await node.addPeer("DEST", may: "query", "--port", "\(port)")
    try await node.command("grant", "add", "--to", "DEST", "--everything")
    try await retrieve(node, "destination_revoked", [study, "2", "\(count)", "\(port)"])
  }

  @Test(pynetdicom) func aCancelledRetrieveEndsAtOnce() async throws {
    let (node, study, count) = try await nodeWithMany(300)
    try await retrieve(node, "cancelled", [study, "\(count)", "0.4"])
  }

  @Test(pynetdicom, arguments: ["assumed", "proposed"])
  func rolesAreAssumedWhereTheNodeIsToldTo(roles: String) async throws {
    let node = try await filled(["--get-roles", roles])
    // With the right to store the storage classes are accepted whoever is to be their SCP.
    try await node.addPeer("WS", may: roles == "assumed" ? "retrieve" : "store,retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    try await retrieve(node, "without_roles", [Tool.fixtures, roles])
  }

  /// What the node asks of its peer within a C-GET keeps it from hearing nothing else: neither an end, nor C-CANCEL.
  @Test(
    .enabled(if: Tool.hasPynetdicom, "needs python in .venv, or COLLIMATOR_PYTHON"), arguments: ["closed", "cancelled"])
  func aGetThatWaitsKeepsNothingElseWaiting(how: String) async throws {
    let (node, study, _) = try await nodeWithMany(20)
    let result = try await Tool.script("entangled.py", [node.port, study, how])
    #expect(result.status == 0, "\(result.all)\(node.logged)")
    var isLive = true
    for _ in 0..<500 where isLive { isLive = try await node.command("associations").output.contains("WS") }
    #expect(!isLive)
    #expect(node.stop() == 0)
  }

  private func retrieve(
    _ node: RunningNode, _ task: String, _ arguments: [String], over certificates: TestCertificates? = nil
  ) async throws {
    let port = certificates.map { "\(node.tlsPort)@\($0.path)" } ?? node.port
    let result = try await Tool.script("retrieve.py", [port, Tool.collimator, node.directory, task] + arguments)
    #expect(result.status == 0, "\(result.all)\(node.logged)")
  }

  private func filled(_ arguments: [String] = []) async throws -> RunningNode {
    let node = try RunningNode(arguments)
    try await node.addPeer("MOD", may: "store")
    let files = try FileManager.default.contentsOfDirectory(atPath: Tool.fixtures).filter { $0.hasSuffix(".dcm") }
    let sent = try await node.send(files.map(Tool.fixture), as: "MOD")
    #expect(sent.allSatisfy { $0.status == "0000" })
    return node
  }

  private func nodeWithMany(_ count: Int) async throws -> (node: RunningNode, study: String, count: Int) {
    let many = try ManyObjects(count: count)
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let sent = try await node.send([many.path], as: "MOD")
    #expect(sent.allSatisfy { $0.status == "0000" } && sent.count == count)
    return (node, try Self.studyInstanceUID(of: Tool.fixture("ct-1.dcm")), count)
  }

  /// As DCMTK reads it.
  static func studyInstanceUID(of path: String) throws -> String {
    let file = try Data(contentsOf: URL(filePath: path))
    // (0020,000D) UI in Explicit VR Little Endian: every fixture's syntax but that of the deflated.
    let found = try #require(file.range(of: Data([0x20, 0, 0x0D, 0, 0x55, 0x49])))
    let length = Int(file[found.upperBound]) | Int(file[found.upperBound + 1]) << 8
    let value = file.subdata(in: found.upperBound + 2..<found.upperBound + 2 + length)
    return String(decoding: value, as: UTF8.self).trimmingCharacters(in: CharacterSet(charactersIn: "\0 "))
  }
}
