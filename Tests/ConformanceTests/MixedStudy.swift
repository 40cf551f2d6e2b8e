// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One study of one patient whose objects are of several SOP classes and in several transfer syntaxes, compressed by DCMTK's
/// encoders (JPEG 2000, for which it has none, by ours).
struct MixedStudy {
  static let patientID = "MIXED"

  struct Object: Hashable {
    let sopInstanceUID: String
    let transferSyntax: String
    let dataSet: Data
  }

  /// As archives of the field have them: four classes of images, each compressed otherwise, and three of documents.
  static let everything = [
    ("ct-1", "jpeg-ls"), ("ct-2", "jpeg-2000"), ("ct-scout", ""), ("mr-japanese", "jpeg-baseline"),
    ("pt-chinese", "rle"),
    ("us-multiframe", "jpeg-lossless"), ("sr", ""), ("ecg", ""), ("doc-pdf", ""),
  ]

  let studyInstanceUID: String
  let files: [String]
  private let folder: TemporaryFolder

  /// Names of fixtures, each with how it is to be compressed.
  init(_ objects: [(fixture: String, encoding: String)] = everything) async throws {
    folder = try TemporaryFolder()
    studyInstanceUID = "2.25.\(UInt64.random(in: 1 << 60...UInt64.max))"
    var files: [String] = []
    for (name, encoding) in objects {
      let path = "\(folder.path)/\(name).dcm"
      try await Self.encode(Tool.fixture("\(name).dcm"), as: encoding, to: path)
      let result = try await Tool.dcmtk(
        "dcmodify",
        [
          "-nb", "-i", "StudyInstanceUID=\(studyInstanceUID)", "-i", "PatientID=\(Self.patientID)", "-i",
          "IssuerOfPatientID=CITYHOSPITAL", "-i", "PatientName=Mixed^Study", path,
        ])
      guard result.status == 0 else { throw Failure(description: result.all) }
      files.append(path)
    }
    self.files = files
  }

  func objects() async throws -> Set<Object> { try await Self.objects(in: files) }

  /// What is in some files, as DCMTK reads it.
  static func objects(in files: [String]) async throws -> Set<Object> {
    var objects: Set<Object> = []
    for path in files {
      let dump = try await Tool.dcmtk("dcmdump", ["-q", "-Un", "+P", "0002,0010", "+P", "0008,0018", path])
      let values = dump.output.split(separator: "\n").map { line in
        line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      }
      guard values.count == 2 else { throw Failure(description: "\(path): \(dump.all)") }
      objects.insert(
        Object(
          sopInstanceUID: String(values[1]), transferSyntax: String(values[0]),
          dataSet: try DataSetOfFile(path: path).bytes))
    }
    return objects
  }

  private static func encode(_ original: String, as encoding: String, to path: String) async throws {
    let result: Tool.Result
    switch encoding {
    case "": return try FileManager.default.copyItem(atPath: original, toPath: path)
    case "jpeg-baseline": result = try await Tool.dcmtk("dcmcjpeg", ["+eb", original, path])
    case "jpeg-lossless": result = try await Tool.dcmtk("dcmcjpeg", ["+e1", original, path])
    case "jpeg-ls": result = try await Tool.dcmtk("dcmcjpls", [original, path])
    case "rle": result = try await Tool.dcmtk("dcmcrle", [original, path])
    default:
      result = try await Tool.run(Tool.collimator, ["transcode", original, "--to", encoding, "-o", path])
    }
    guard result.status == 0 else { throw Failure(description: result.all) }
  }

  struct Failure: Error {
    let description: String
  }
}
