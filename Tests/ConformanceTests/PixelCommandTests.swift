// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Glibc
import Testing

/// `decode`, `transcode` and `render` as people call them, judged by DCMTK's and pylibjpeg's decoders.
struct PixelCommandTests {
  private static let encoders =
    [
      ("rle", "dcmdrle"), ("jpeg-lossless", "dcmdjpeg"), ("jpeg-ls", "dcmdjpls"), ("jpeg-2000", nil),
    ] as [(String, String?)]

  private struct Index: Decodable {
    struct File: Decodable {
      let file: String
      let size: Int
      let pixels: String?
      let features: [String]
    }

    let files: [File]
  }

  /// Each encoder can say all of these.
  private static let fixtures = [
    "ct-1", "ct-scout", "us-multiframe", "cr-child-1", "cr-child-2", "mr-japanese", "pt-chinese",
  ].map { Tool.fixture("\($0).dcm") }

  /// Fixtures, and of the corpus' native files one of each kind.
  private static func natives() throws -> [String] {
    guard let data = FileManager.default.contents(atPath: "\(Tool.corpus)/oracle/shared/index.json") else {
      return fixtures
    }
    var kinds: Set<[String]> = []
    let files = try JSONDecoder().decode(Index.self, from: data).files.filter { file in
      guard file.pixels == "native", file.size < 600_000 else { return false }
      return kinds.insert(
        file.features.filter { $0.hasPrefix("pi_") || $0 == "multiframe" || $0 == "big_endian" }.sorted()
      ).inserted
    }
    return fixtures + files.map { "\(Tool.corpus)/\($0.file)" }
  }

  @Test(
    .enabled(if: Tool.hasDCMTK && Tool.hasPynetdicom, "needs DCMTK's tools and the peers of PyPI"), arguments: encoders)
  func othersDecodeWhatIsEncoded(_ encoder: String, tool: String?) async throws {
    let folder = try TemporaryFolder()
    var expected: [String: String] = [:]
    for (number, native) in try Self.natives().enumerated() {
      let path = "\(folder.path)/\(number).dcm"
      let transcoded = try await Tool.run(Tool.collimator, ["transcode", native, "--to", encoder, "-o", path])
      guard transcoded.status == 0 else {
        // Nothing but what the encoder cannot say.
        #expect(!Self.fixtures.contains(native), "\(native): \(transcoded.all)")
        #expect(
          transcoded.errors.contains("cannot be encoded") || transcoded.errors.contains("is missing"),
          "\(transcoded.all)")
        continue
      }
      let raw = "\(folder.path)/\(number).raw"
      #expect(try await Tool.run(Tool.collimator, ["decode", native, "-o", raw]).status == 0)
      expected[path] = try Self.digest(ofFile: raw)
      let back = "\(folder.path)/\(number).back.raw"
      #expect(try await Tool.run(Tool.collimator, ["decode", path, "-o", back]).status == 0)
      #expect(try Self.digest(ofFile: back) == expected[path], "\(native)")
      if let tool {
        let plain = "\(folder.path)/\(number).dcmtk.dcm"
        let decoded = try await Tool.dcmtk(tool, tool == "dcmdjpeg" ? ["+cn", path, plain] : [path, plain])
        #expect(decoded.status == 0, "\(native): \(decoded.all)")
        let samples = "\(folder.path)/\(number).dcmtk.raw"
        #expect(try await Tool.run(Tool.collimator, ["decode", plain, "-o", samples]).status == 0)
        #expect(try Self.digest(ofFile: samples) == expected[path], "\(native)")
      }
    }
    #expect(expected.count >= 6)
    let judged = try await Tool.script("pixels.py", expected.keys.sorted())
    for line in judged.output.split(separator: "\n") {
      let parts = line.split(separator: " ")
      let path = String(try #require(parts.last))
      #expect(String(try #require(parts.first)) == expected[path], "\(line)")
    }
    #expect(judged.status == 0 && judged.output.split(separator: "\n").count == expected.count, "\(judged.all)")
  }

  @Test(.enabled(if: Tool.hasDCMTK && Tool.hasPynetdicom, "needs DCMTK's tools and the peers of PyPI"))
  func picturesAreThoseOfDCMTK() async throws {
    let folder = try TemporaryFolder()
    for (name, frame) in [("ct-1", 1), ("ct-scout", 1), ("us-multiframe", 3), ("cr-child-1", 1), ("xa-greek-rle", 1)] {
      let (mine, others) = ("\(folder.path)/\(name).png", "\(folder.path)/\(name).pnm")
      let file = Tool.fixture("\(name).dcm")
      let window = name == "us-multiframe" ? [] : ["--window", "300,900"]
      let rendered = try await Tool.run(Tool.collimator, ["render", file, "--frame", "\(frame)", "-o", mine] + window)
      #expect(rendered.status == 0, "\(rendered.all)")
      let plain = "\(folder.path)/\(name).dcm"
      _ = try await Tool.dcmtk("dcmdrle", [file, plain])
      let reference = try await Tool.dcmtk(
        "dcm2pnm", ["-O", "+F", "\(frame)"] + (window.isEmpty ? [] : ["+Ww", "300", "900"]) + [plain, others])
      #expect(reference.status == 0, "\(reference.all)")
      let difference = try await Tool.script("pixels.py", ["--difference", mine, others])
      #expect(["0\n", "1\n"].contains(difference.output), "\(name): \(difference.all)")
    }
  }

  @Test func picturesAreWrittenByName() async throws {
    let folder = try TemporaryFolder()
    for (name, start) in [("a.png", [0x89, 0x50, 0x4E, 0x47]), ("a.jpg", [0xFF, 0xD8, 0xFF])] as [(String, [UInt8])] {
      let path = "\(folder.path)/\(name)"
      let result = try await Tool.run(
        Tool.collimator, ["render", Tool.fixture("ct-1.dcm"), "--window", "40,400", "--size", "64", "-o", path])
      #expect(result.status == 0, "\(result.all)")
      #expect(try #require(FileManager.default.contents(atPath: path)).starts(with: start))
    }
    let unknown = try await Tool.run(
      Tool.collimator, ["render", Tool.fixture("ct-1.dcm"), "-o", "\(folder.path)/a.gif"])
    #expect(unknown.status != 0)
  }

  @Test func whatCannotBeDecodedIsToldWhy() async throws {
    let folder = try TemporaryFolder()
    for (arguments, why) in [
      (["decode", Tool.fixture("sr.dcm"), "-o", "\(folder.path)/x"], "no pixel data"),
      (["decode", Tool.fixture("ct-1.dcm"), "--frame", "2", "-o", "\(folder.path)/x"], "no frame 2"),
      (
        ["transcode", Tool.fixture("ct-1.dcm"), "--to", "1.2.840.10008.1.2.4.50", "-o", "\(folder.path)/x"],
        "without loss"
      ),
    ] {
      let result = try await Tool.run(Tool.collimator, arguments)
      #expect(result.status != 0 && result.errors.contains(why), "\(result.all)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x"))
    }
  }

  /// A device or a pipe is written to, a link followed: neither is replaced by a file.
  @Test func whatIsNoFileStaysWhatItIs() async throws {
    let folder = try TemporaryFolder()
    let decode = ["decode", Tool.fixture("ct-1.dcm"), "-o"]
    let plain = "\(folder.path)/plain.raw"
    #expect(try await Tool.run(Tool.collimator, decode + [plain]).status == 0)
    let samples = try #require(FileManager.default.contents(atPath: plain))
    #expect(!samples.isEmpty)

    let (pipe, link, target) = ("\(folder.path)/pipe", "\(folder.path)/link", "\(folder.path)/target")
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    #expect(try await Tool.run(Tool.collimator, decode + [pipe]).status == 0)
    var received = [UInt8](repeating: 0, count: samples.count + 1)
    #expect(read(reader, &received, received.count) == samples.count)
    #expect(Data(received.dropLast()) == samples)

    try Data().write(to: URL(filePath: target))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    #expect(try await Tool.run(Tool.collimator, decode + [link]).status == 0)
    #expect(FileManager.default.contents(atPath: target) == samples)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)

    for (path, why) in [("\(folder.path)/none/x", "No such file or directory"), (folder.path, "Is a directory")] {
      let result = try await Tool.run(Tool.collimator, decode + [path])
      #expect(result.status == 1 && result.errors.contains("cannot write '\(path)': \(why)"), "\(result.all)")
    }
  }

  /// Not for people: without what the pool hands it, it ends.
  @Test func theWorkerIsNotForPeople() async throws {
    let result = try await Tool.run(Tool.collimator, ["codec-worker"])
    #expect(result.status == 2 && result.errors.contains("not for people"))
    let help = try await Tool.run(Tool.collimator, ["--help"])
    #expect(!help.output.contains("codec-worker") && help.output.contains("transcode"))
  }

  private static func digest(ofFile path: String) throws -> String {
    SHA256.hash(data: try Data(contentsOf: URL(filePath: path))).map { byte in
      let hex = String(byte, radix: 16)
      return hex.count == 1 ? "0" + hex : hex
    }.joined()
  }
}
