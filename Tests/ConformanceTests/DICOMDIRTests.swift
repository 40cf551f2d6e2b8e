// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A DICOMDIR that is written, as others judge it, and those of others, as `import` follows them.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct DICOMDIRTests {
  @Test func dcmtkFindsNothingWrong() async throws {
    let node = try RunningNode()
    let target = try TemporaryFolder()
    _ = try await node.command("import", Tool.fixtures)
    let export = try await node.command(
      "export", target.path + "/cd", "--everything", "--dicomdir", "--file-set-id", "CITY_1", "--json")
    #expect(export.status == 0, "\(export.all)")
    let directory = target.path + "/cd/DICOMDIR"
    #expect(try await Tool.dcmtk("dcmftest", [directory]).status == 0)
    let dump = try await Tool.dcmtk("dcmdump", ["+L", "-M", "+E", directory])
    #expect(dump.status == 0)
    #expect(!dump.all.contains("W:") && !dump.all.contains("E:"), "\(dump.all)")
    #expect(dump.output.contains("[CITY_1]"))
    let found = Self.types(dump.output)
    // What DCMTK makes of the same files: of some it says that its profile does not take them.
    let judged = try await Tool.dcmtk(
      "dcmmkdir", ["+r", "-W", "+I", "-nb", "+id", target.path + "/cd", "+D", target.path + "/judge", "DICOM"])
    #expect(judged.status == 0, "\(judged.all)")
    let theirs = Self.types(try await Tool.dcmtk("dcmdump", [target.path + "/judge"]).output)
    #expect(theirs.count > 10)
    for (file, type) in theirs { #expect(found[file] == type, "\(file)") }
    #expect(found.count == (try node.storedFiles().count))
    #expect(Set(found.values).isSuperset(of: ["IMAGE", "SR DOCUMENT", "WAVEFORM", "ENCAP DOC", "HANGING PROTOCOL"]))
  }

  /// Directory Record Type by Referenced File ID.
  private static func types(_ dump: String) -> [String: String] {
    var types: [String: String] = [:]
    var type = ""
    for line in dump.split(separator: "\n") {
      let value = String(line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" })
      if line.contains("(0004,1430)") { type = value }
      if line.contains("(0004,1500)") { types[value] = type }
    }
    return types
  }

  @Test(.enabled(if: Tool.hasPynetdicom, "needs pydicom in .venv, or COLLIMATOR_PYTHON"))
  func pydicomReadsTheFileSet() async throws {
    let node = try RunningNode()
    let target = try TemporaryFolder()
    _ = try await node.command("import", Tool.fixtures)
    #expect(try await node.command("export", target.path + "/cd", "--everything", "--dicomdir").status == 0)
    let result = try await Tool.script("fileset.py", [target.path + "/cd", node.directory + "/instances"])
    #expect(result.status == 0, "\(result.all)")
  }

  @Test func anImportFollowsIt() async throws {
    let node = try RunningNode()
    let other = try RunningNode()
    let target = try TemporaryFolder()
    _ = try await node.command("import", Tool.fixtures)
    #expect(try await node.command("export", target.path + "/cd", "--where", "Modality=CT", "--dicomdir").status == 0)
    // A file that the DICOMDIR does not name is not imported with it.
    try FileManager.default.copyItem(atPath: Tool.fixture("sr.dcm"), toPath: target.path + "/cd/EXTRA")
    let followed = try await other.command("import", target.path + "/cd/DICOMDIR", "--json")
    #expect(followed.status == 0, "\(followed.all)")
    let count = try FileManager.default.subpathsOfDirectory(atPath: target.path + "/cd/DICOM").filter {
      $0.split(separator: "/").count == 3
    }.count
    #expect(try other.storedFiles().count == count)
    // The folder itself is all of its files, without a complaint about the DICOMDIR.
    let all = try await other.command("import", target.path + "/cd", "--json")
    #expect(all.status == 0, "\(all.all)")
    #expect(try other.storedFiles().count == count + 1)
  }

  /// Those of pydicom's and dcm4che's test data: each object that they name and that is there is stored.
  @Test(.enabled(if: Tool.hasCorpus, "needs the corpus"))
  func thoseOfOthersAreFollowed() async throws {
    let node = try RunningNode()
    let root = Tool.corpus + "/shared/pydicom__pydicom/src/pydicom/data/test_files/dicomdirtests"
    let result = try await node.command("import", root + "/DICOMDIR", "--json")
    #expect(result.output.contains("\"stored\" : 31"), "\(result.all)")
    for name in [
      "DICOMDIR-implicit", "DICOMDIR-bigEnd", "DICOMDIR-nooffset", "DICOMDIR-reordered", "DICOMDIR-nopatient",
    ] {
      let again = try await node.command("import", "\(root)/\(name)", "--json")
      #expect(again.output.contains("\"stored\" : 0"), "\(name): \(again.all)")
      #expect(!again.output.contains("Fatal"), "\(name)")
    }
  }

  @Test(.enabled(if: Tool.hasPynetdicom, "needs pydicom in .venv, or COLLIMATOR_PYTHON"))
  func aHostileOneLeadsNowhere() async throws {
    let node = try RunningNode()
    let target = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: Tool.fixture("ct-1.dcm"), toPath: target.path + "/SECRET")
    #expect(try await Tool.script("hostile_dicomdir.py", [target.path + "/cd"]).status == 0)
    let result = try await node.command("import", target.path + "/cd/DICOMDIR", "--json")
    #expect(result.status == 1)
    #expect(result.output.contains("\"stored\" : 0"), "\(result.all)")
    #expect(try node.storedFiles().isEmpty)
  }
}
