// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The same object again, compressed by us or by DCMTK: a repeat where nothing was lost, a conflict where something was.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct OtherEncodingTests {
  /// Grey of 16 bits, signed, colour in several frames, and 8 bits that came compressed.
  private static let objects = ["ct-1", "pt-chinese", "us-multiframe", "cr-child-1", "xa-greek-rle"]
  private static let encodings = [
    "implicit", "big-endian", "deflated", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "deflated-frames",
    "encapsulated",
  ]

  @Test(arguments: objects)
  func whatLosesNothingIsARepeat(_ name: String) async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let folder = try TemporaryFolder()
    var files = [Tool.fixture("\(name).dcm")]
    for encoding in Self.encodings {
      let path = "\(folder.path)/\(encoding).dcm"
      let result = try await Tool.run(Tool.collimator, ["transcode", files[0], "--to", encoding, "-o", path])
      #expect(result.status == 0, "\(result.all)")
      files.append(path)
    }
    // The judge's own encoders, which make colour by plane of colour by pixel in RLE.
    let plain = "\(folder.path)/implicit.dcm"
    for (tool, arguments) in [("dcmcrle", []), ("dcmcjpls", []), ("dcmcjpeg", ["+e1"])] as [(String, [String])] {
      let path = "\(folder.path)/\(tool).dcm"
      let result = try await Tool.dcmtk(tool, arguments + [plain, path])
      #expect(result.status == 0, "\(tool): \(result.all)")
      // dcmcjpeg says in Derivation Description what it did: that is something else than was there before.
      if tool == "dcmcjpeg" { try await Tool.dcmtk("dcmodify", ["-nb", "-e", "(0008,2111)", path]) }
      files.append(path)
    }
    // In either order, and with another first.
    for path in files + files.reversed() {
      let sent = try await node.send([path], as: "MOD")
      #expect(sent.map(\.status) == ["0000"], "\(path): \(sent)")
    }
    let conflicts = try await node.command("conflicts", "list", "--json")
    #expect(conflicts.output.filter { !$0.isWhitespace } == "[]", "\(conflicts.all)")
    #expect(try node.storedFiles().count == 1)
  }

  @Test func whatLosesSomethingIsAConflict() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    let folder = try TemporaryFolder()
    let original = Tool.fixture("cr-child-1.dcm")
    let lossless = "\(folder.path)/lossless.dcm"
    #expect(
      try await Tool.run(Tool.collimator, ["transcode", original, "--to", "jpeg-ls", "-o", lossless]).status == 0)
    // One sample is another, one bit away, and only a decoder sees it.
    var changed = try Data(contentsOf: URL(filePath: original))
    changed[changed.count - 40] ^= 1
    let other = "\(folder.path)/other.dcm"
    try changed.write(to: URL(filePath: other))
    let compressed = "\(folder.path)/compressed.dcm"
    #expect(
      try await Tool.run(Tool.collimator, ["transcode", other, "--to", "jpeg-2000", "-o", compressed]).status == 0)
    let lossy = "\(folder.path)/lossy.dcm"
    let encoded = try await Tool.dcmtk("dcmcjpls", ["+en", "+md", "3", "+un", original, lossy])
    #expect(encoded.status == 0, "\(encoded.all)")
    for path in [lossless, compressed, lossy] {
      let sent = try await node.send([path], as: "MOD")
      #expect(sent.first?.status == "0000", "\(path): \(sent)")
    }
    #expect(try node.storedFiles().count == 3)
    for path in [original, other, lossy, compressed] { _ = try await node.send([path], as: "MOD") }
    #expect(try node.storedFiles().count == 3)
  }
}
