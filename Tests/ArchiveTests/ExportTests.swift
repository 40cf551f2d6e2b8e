// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation
import Testing

@testable import Archive

@Suite struct ExportTests {
  @Test(arguments: [false, true])
  func copiesAreTheSameToTheByte(writesDICOMDIR: Bool) async throws {
    let test = TestArchive()
    let target = TestArchive()
    let archive = try test.open()
    try await archive.storeFixtures()
    let operations = archive.operations(as: .current)
    let order = ExportOrder(selection: .everything, folder: target.directory, writesDICOMDIR: writesDICOMDIR)
    let report = try await operations.export(order)
    let stored = try Self.contents(of: "\(test.directory)/instances")
    #expect(report.exported == stored.count && report.isClean)
    #expect(Set(try Self.contents(of: target.directory).values) == Set(stored.values))
    // Again: nothing is written.
    let again = try await operations.export(order)
    #expect(again.exported == 0 && again.alreadyThere == stored.count)
    #expect(!FileManager.default.fileExists(atPath: target.directory + "/.collimator-export"))
    try await archive.close()
  }

  @Test func whatIsThereIsNeverWrittenOver() async throws {
    let test = TestArchive()
    let target = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    let folder = "\(target.directory)/1.2.3/1.2.3.1"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("somebody's".utf8).write(to: URL(filePath: "\(folder)/1.1.dcm"))
    let order = ExportOrder(selection: .study(uid: "1.2.3"), folder: target.directory, writesDICOMDIR: false)
    for expected in [(1, 0), (0, 1)] {
      let report = try await archive.operations(as: .current).export(order)
      #expect(report.exported == expected.0 && report.alreadyThere == expected.1)
    }
    #expect(try Data(contentsOf: URL(filePath: "\(folder)/1.1.dcm")) == Data("somebody's".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    try await archive.close()
  }

  /// What an administrator chose is what goes out, as to callers; where that is damaged, what is served instead.
  @Test func theVersionThatIsServedIsExported() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1", comment: "first"))
    try await archive.store(TestObject(instance: "1.1", comment: "second"))
    try await archive.store(TestObject(instance: "1.2", comment: "third"))
    let versions = try await archive.conflicts(as: .current).versions(of: "1.1")
    let second = try #require(versions.last)
    func exported() async throws -> String? {
      let target = TestArchive()
      let report = try await archive.operations(as: .current).export(
        ExportOrder(selection: .everything, folder: target.directory, writesDICOMDIR: false))
      #expect(report.exported == 2 && report.otherVersions == 1 && report.isClean)
      let file = try Part10File(path: "\(target.directory)/1.2.3/1.2.3.1/1.1.dcm", stoppingBefore: .pixelData)
      return file.dataSet.string(.patientComments)
    }
    #expect(try await exported() == "first")
    try await archive.conflicts(as: .current).choose(second.number, of: "1.1", reason: "the first was cut off")
    #expect(try await exported() == "second")
    let path = "\(test.directory)/instances/\(second.object.name.prefix(2))/\(second.object.name).dcm"
    try FileManager.default.removeItem(atPath: path)
    _ = try await archive.operations(as: .current).check(CheckOrder())
    #expect(try await exported() == "first")
    try await archive.close()
  }

  /// A folder that was made for nothing is not left with something in it.
  @Test func whereThereIsNothingToExportNothingIsWritten() async throws {
    let test = TestArchive()
    let target = TestArchive()
    let archive = try test.open()
    await #expect(throws: ArchiveError.self) {
      _ = try await archive.operations(as: .current).export(
        ExportOrder(selection: .study(uid: "9"), folder: target.directory, writesDICOMDIR: false))
    }
    #expect(try target.files(in: "").isEmpty)
    try await archive.close()
  }

  /// V1: what a peer writes for a UID names no file.
  @Test(arguments: [
    "../../../etc", "/etc/passwd", "..", "1.2/../../3", "1..2", "a b", "~", String(repeating: "1", count: 65),
  ])
  func aUIDThatIsNoneNamesNoPath(uid: String) async throws {
    let test = TestArchive()
    let target = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: uid, series: uid, study: uid))
    for writesDICOMDIR in [false, true] {
      let report = try await archive.operations(as: .current).export(
        ExportOrder(
          selection: .everything, folder: "\(target.directory)\(writesDICOMDIR)", writesDICOMDIR: writesDICOMDIR))
      #expect(report.exported == 1)
      let files = try Self.contents(of: "\(target.directory)\(writesDICOMDIR)").keys
      #expect(files.count == 1)
      for file in files {
        #expect(file.split(separator: "/").allSatisfy { $0 != ".." && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
        #expect(file.split(separator: "/").count == (writesDICOMDIR ? 4 : 3))
      }
      try FileManager.default.removeItem(atPath: "\(target.directory)\(writesDICOMDIR)")
    }
    try await archive.close()
  }

  @Test func linksAndForeignPlacesAreRefused() async throws {
    let test = TestArchive()
    let target = TestArchive()
    let elsewhere = TestArchive()
    let archive = try test.open()
    try await archive.store(TestObject(instance: "1.1"))
    for folder in [target.directory, elsewhere.directory] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(target.directory)/1.2.3", withDestinationPath: elsewhere.directory)
    let operations = archive.operations(as: .current)
    for folder in [target.directory, test.directory, test.directory + "/instances", "relative"] {
      await #expect(throws: (any Error).self, "\(folder)") {
        try await operations.export(
          ExportOrder(selection: .everything, folder: folder, writesDICOMDIR: false))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.directory).isEmpty)
    try await archive.close()
  }

  @Test func damagedFilesAreNamedAndNotExported() async throws {
    let test = TestArchive()
    let target = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let victim = try await CheckTests.path(of: "1.3", in: test)
    var bytes = try Data(contentsOf: URL(filePath: victim))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: victim))
    let report = try await archive.operations(as: .current).export(
      ExportOrder(selection: .everything, folder: target.directory, writesDICOMDIR: false))
    #expect(report.exported == all - 1)
    #expect(report.failures.count == 1 && report.failures.allSatisfy { $0.hasPrefix("1.3:") })
    #expect(try Self.contents(of: target.directory).count == all - 1)
    // Named, and served to nobody from then on.
    #expect(try await !archive.instanceUIDs().contains("1.3"))
    #expect(try test.files(in: "quarantine").count == 1)
    #expect(try await archive.store(TestObject(instance: "1.3", series: "1.2.3.2")) == .stored)
    #expect(try await archive.operations(as: .current).check(CheckOrder()).isClean)
    try await archive.close()
  }

  @Test(arguments: [
    ("..\\..\\ETC\\PASSWD", false), ("DICOM\\..\\..\\X", false), (".\\A", false), ("", false), ("A/B", false),
    ("LINK\\SECRET", false), ("LINKFILE", false), ("NOTHERE", false), ("SUB", false), ("SUB\\FILE", true),
    ("sub\\file", true), ("SUB\\LOWER", true), ("SUB\\VERSION", true),
  ])
  func aFileIDNeverLeavesTheFolder(fileID: String, isFound: Bool) throws {
    let root = TestArchive()
    let medium = root.directory + "/medium"
    try FileManager.default.createDirectory(atPath: medium + "/SUB", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: root.directory + "/X", withIntermediateDirectories: true)
    for name in ["medium/SUB/FILE", "medium/SUB/lower", "medium/SUB/VERSION.;1", "SECRET"] {
      try Data("x".utf8).write(to: URL(filePath: "\(root.directory)/\(name)"))
    }
    try FileManager.default.createSymbolicLink(atPath: medium + "/LINK", withDestinationPath: root.directory)
    try FileManager.default.createSymbolicLink(
      atPath: medium + "/LINKFILE", withDestinationPath: root.directory + "/SECRET")
    try Self.directory(naming: fileID).write(to: URL(filePath: medium + "/DICOMDIR"))
    let directory = try MediaDirectory(path: medium + "/DICOMDIR")
    for entry in directory.entries {
      let path = try? directory.path(of: entry)
      #expect((path != nil) == isFound)
    }
    #expect(directory.entries.count == (fileID.isEmpty ? 0 : 1))
  }

  private static func directory(naming fileID: String) throws -> Data {
    var record = DataSetBuilder()
    record.setIntegers(.recordInUseFlag, .us, [0xFFFF])
    record.set(.directoryRecordType, .cs, "IMAGE")
    record.set(.referencedFileID, .cs, fileID)
    var directory = DataSetBuilder()
    directory.setSequence(.directoryRecordSequence, [record])
    return Data(
      FileMetaInformation.encoded(
        sopClassUID: MediaDirectory.storageSOPClassUID, sopInstanceUID: "1.2",
        transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, sourceAETitle: "")
        + directory.encoded(as: .explicitVRLittleEndian))
  }

  /// Files by their path below a folder; a DICOMDIR is not among them.
  private static func contents(of folder: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path != "DICOMDIR" {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isDirectory),
        !isDirectory.boolValue
      else { continue }
      contents[path] = try Data(contentsOf: URL(filePath: "\(folder)/\(path)"))
    }
    return contents
  }
}
