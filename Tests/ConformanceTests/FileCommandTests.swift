// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `collimator dump` and `collimator validate` as a person runs them.
@Suite struct FileCommandTests {
  @Test func dumpFindsElementsByNameAndTag() async throws {
    let file = Tool.fixture("ct-1.dcm")
    let named = try await Tool.run(Tool.collimator, ["dump", file, "--tag", "PatientName", "--tag", "(0008,0060)"])
    #expect(named.output == "(0008,0060) CS [CT]  # 2, Modality\n(0010,0010) PN [Maier^Jürgen]  # 12, Patient's Name\n")
    let unknown = try await Tool.run(Tool.collimator, ["dump", file, "--tag", "NoSuchThing"])
    #expect(unknown.status == 64)
  }

  @Test func dumpOpensSequencesAsDeepAsAsked() async throws {
    let file = Tool.fixture("sr.dcm")
    let all = try await Tool.run(Tool.collimator, ["dump", file])
    let flat = try await Tool.run(Tool.collimator, ["dump", file, "--depth", "0"])
    #expect(all.output.contains("item 1"))
    #expect(!flat.output.contains("item 1"))
    #expect(flat.output.contains("SQ ("))
    #expect(!all.output.contains("\u{1B}["))
    let coloured = try await Tool.run(Tool.collimator, ["dump", file, "--color", "always"])
    #expect(coloured.output.contains("\u{1B}[36m(0008,0016)\u{1B}[0m"))
  }

  @Test func dumpTakesFilesAndFolders() async throws {
    let folder = try TemporaryFolder()
    for name in ["ct-1.dcm", "ct-2.dcm"] {
      try FileManager.default.copyItem(atPath: Tool.fixture(name), toPath: "\(folder.path)/\(name)")
    }
    try Data("hello".utf8).write(to: URL(filePath: "\(folder.path)/readme.txt"))
    let dump = try await Tool.run(Tool.collimator, ["dump", folder.path, "--json", "--bulk-data", "omit"])
    #expect(dump.status == 0)
    let objects = try JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [[String: Any]]
    #expect(objects?.count == 2)
    // What was named has to be DICOM.
    let named = try await Tool.run(Tool.collimator, ["dump", "\(folder.path)/readme.txt"])
    #expect(named.status == 1)
    #expect(named.errors.contains("readme.txt: not DICOM"))
  }

  /// Everything readable before the error, the error on standard error, exit status 1; as text and as JSON.
  @Test func dumpShowsABrokenFileUpToTheError() async throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm")))
    let path = "\(folder.path)/broken.dcm"
    try whole.prefix(whole.count - 100).write(to: URL(filePath: path))
    for arguments in [[], ["--json"]] {
      let dump = try await Tool.run(Tool.collimator, ["dump", path] + arguments)
      #expect(dump.status == 1)
      #expect(dump.output.contains("Maier^J"))
      #expect(dump.errors.contains("the data end inside an element"))
      #expect(dump.errors.contains("(7FE0,0010)"))
    }
  }

  /// A file must not drive the terminal.
  @Test func dumpPrintsNoControlCharacters() async throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm"))))
    let name = Array("Maier".utf8)
    let place = try #require(bytes.indices.first { Array(bytes[$0...].prefix(5)) == name })
    bytes[place..<place + 4] = [0x1B, 0x5B, 0x32, 0x4A]
    try Data(bytes).write(to: URL(filePath: "\(folder.path)/escape.dcm"))
    let dump = try await Tool.run(Tool.collimator, ["dump", "\(folder.path)/escape.dcm"])
    #expect(!dump.output.contains("\u{1B}"))
  }

  /// Nor may what a refusal quotes from it, nor its name.
  @Test func validatePrintsNoControlCharacters() async throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm"))))
    let name = Array("1.2.840.10008.1.2.1\0".utf8)
    let place = try #require(bytes.indices.first { Array(bytes[$0...].prefix(20)) == name })
    bytes[place..<place + 4] = [0x1B, 0x5B, 0x32, 0x4A]
    let path = "\(folder.path)/\u{1B}[31m.dcm"
    try Data(bytes).write(to: URL(filePath: path))
    for command in ["validate", "dump"] {
      let said = try await Tool.run(Tool.collimator, [command, folder.path, path])
      #expect(!said.output.contains("\u{1B}"))
      #expect(!said.errors.contains("\u{1B}"))
    }
  }

  /// A name that is no UTF-8, and a width beyond all values, are no reason to end.
  @Test func dumpBearsOddNamesAndWidths() async throws {
    let folder = try TemporaryFolder()
    _ = try await Tool.run("/bin/bash", ["-c", "touch '\(folder.path)/'$'M\\xfc.dcm'"])
    try FileManager.default.copyItem(atPath: Tool.fixture("ct-1.dcm"), toPath: "\(folder.path)/b.dcm")
    let dump = try await Tool.run(Tool.collimator, ["dump", folder.path, "--width", "\(Int.max)"])
    #expect(dump.output.contains("Maier^J"))
    #expect(dump.status == 1)
    #expect(dump.errors.contains("cannot be read"))
  }

  @Test func validateSaysWhatDeviatesAndWhetherTheNodeWouldTakeIt() async throws {
    let fine = try await Tool.run(Tool.collimator, ["validate", Tool.fixture("ct-1.dcm")])
    #expect(fine.status == 0)
    #expect(fine.output.contains("no deviations; the node would accept it"))
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm"))))
    let modality = try #require(
      bytes.indices.first { Array(bytes[$0...].prefix(10)) == [8, 0, 0x60, 0, 0x43, 0x53, 2, 0, 0x43, 0x54] })
    bytes[modality + 8] = UInt8(ascii: "c")
    try Data(bytes).write(to: URL(filePath: "\(folder.path)/lower.dcm"))
    let odd = try await Tool.run(Tool.collimator, ["validate", "\(folder.path)/lower.dcm"])
    #expect(odd.status == 1)
    #expect(
      odd.output.contains(
        "byte \(modality) (0008,0060): a character that the VR does not allow: U+0063 in a CS [PS3.5 §6.1, §6.2]"))
    try Data(bytes.prefix(900)).write(to: URL(filePath: "\(folder.path)/cut.dcm"))
    let cut = try await Tool.run(Tool.collimator, ["validate", "--json", folder.path])
    #expect(cut.status == 2)
    let reports = try JSONSerialization.jsonObject(with: Data(cut.output.utf8)) as? [[String: Any]]
    #expect(reports?.compactMap { $0["isAccepted"] as? Bool } == [false, true])
  }

  /// What `validate` says of the corpus is what the node does: the ones it accepts are read, the index says the same.
  @Test(.enabled(if: Tool.hasCorpus, "the corpus is not beside the package"))
  func validateAgreesWithTheCorpusIndex() async throws {
    let report = try await Tool.run(Tool.collimator, ["validate", "--json", "\(Tool.corpus)/shared"])
    let files = try #require(try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: Any]])
    let index =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: "\(Tool.corpus)/oracle/shared/index.json"))) as? [String: Any]
    let rejected = Set(
      ((index?["files"] as? [[String: Any]]) ?? []).filter { $0["verdict"] as? String == "reject" }
        .compactMap { $0["file"] as? String })
    var judged = 0
    for file in files {
      guard let path = file["path"] as? String, let name = rejected.first(where: { path.hasSuffix($0) }) else {
        continue
      }
      #expect(file["isAccepted"] as? Bool == false, "\(name)")
      judged += 1
    }
    #expect(judged > 0)
  }

  /// A 4 GiB object takes a header's time and memory: its pixels are never read.
  @Test func dumpOfAHugeFileTakesLittleMemory() async throws {
    let folder = try TemporaryFolder()
    let source = [UInt8](try Data(contentsOf: URL(filePath: Tool.fixture("ct-1.dcm"))))
    let pixels: [UInt8] = [0xE0, 0x7F, 0x10, 0, 0x4F, 0x57, 0, 0]
    let place = try #require(source.indices.last { Array(source[$0...].prefix(8)) == pixels })
    let path = "\(folder.path)/huge.dcm"
    let size: UInt32 = 0xFFFF_FF00
    try Data(source[..<(place + 8)] + (0..<4).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }).write(
      to: URL(filePath: path))
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(place + 12) + UInt64(size))
    try handle.close()
    let dump = try await Tool.run(
      "/bin/bash", ["-c", "ulimit -d 400000; '\(Tool.collimator)' dump '\(path)' --tag PixelData"])
    #expect(dump.output == "(7FE0,0010) OW (not read)  # 4294967040, Pixel Data\n")
    #expect(dump.status == 0)
  }
}
