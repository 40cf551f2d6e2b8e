// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation
import Testing

@testable import DICOMData

/// What is written in another transfer syntax, beside what DCMTK's dcmconv writes of the same file.
@Suite(.enabled(if: DCMTK.isThere, "needs DCMTK's dcmconv"))
struct DCMTKWritingTests {
  @Test(
    arguments: [
      ("ct-1.dcm", "+te"), ("ct-1.dcm", "+tb"), ("ct-1.dcm", "+ti"), ("ct-1.dcm", "+td"), ("sr.dcm", "+te"),
      ("sr.dcm", "+tb"),
      ("sr.dcm", "+ti"), ("ecg.dcm", "+tb"), ("ecg.dcm", "+ti"), ("mr-japanese.dcm", "+tb"), ("mr-japanese.dcm", "+ti"),
      ("us-multiframe.dcm", "+tb"), ("pt-chinese.dcm", "+te"), ("dx-dog.dcm", "+tb"), ("cr-child-2.dcm", "+te"),
    ])
  func valuesAreWhatDCMTKWrites(fixture: String, option: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "collimator-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let converted = folder.appending(path: "dcmtk.dcm").path
    try DCMTK.run("dcmconv", [option, Samples.fixture(fixture), converted])
    let theirs = try Part10File(path: converted)
    let source = try Part10File(path: Samples.fixture(fixture))
    let written = try DataSetBuilder(source.dataSet).encoded(as: theirs.transferSyntax)
    let ours = try DataSet(reading: written, transferSyntax: theirs.transferSyntax)
    #expect(ours.isTheSame(as: theirs.dataSet))
    // And DCMTK reads what is written here.
    let path = folder.appending(path: "ours.dcm").path
    let head = FileMetaInformation.encoded(
      sopClassUID: source.dataSet.string(.sopClassUID) ?? "",
      sopInstanceUID: source.dataSet.string(.sopInstanceUID) ?? "",
      transferSyntaxUID: theirs.transferSyntax.uid, sourceAETitle: "")
    try Data(head + written).write(to: URL(filePath: path))
    try DCMTK.run("dcmdump", ["-q", path])
  }
}

enum DCMTK {
  static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/dcmconv")

  static func run(_ tool: String, _ arguments: [String]) throws {
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/usr/bin/\(tool)")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(tool) \(arguments)")
  }
}

extension DataSet {
  /// Tags, VRs and the bytes of values, all the way down.
  fileprivate func isTheSame(as other: DataSet) -> Bool {
    let (left, right) = (topLevelElements, other.topLevelElements)
    guard left.map(\.tag) == right.map(\.tag), left.map(\.vr) == right.map(\.vr) else { return false }
    return zip(left, right).allSatisfy { one, two in
      guard one.vr == .sq else { return one.value == two.value }
      let (items, others) = (items(of: one), other.items(of: two))
      return items.count == others.count && zip(items, others).allSatisfy { $0.isTheSame(as: $1) }
    }
  }
}
