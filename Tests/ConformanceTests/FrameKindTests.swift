// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing

/// Samples and windows beside pydicom's: what needs no image codec, in all its forms, and what DCMTK rounds otherwise.
@Suite(.enabled(if: Tool.hasPynetdicom, "needs the peers of PyPI"))
struct FrameKindTests {
  /// Native, encapsulated and deflated, with each kind of offset table; 1 bit, float, planar, all depths.
  @Test func samplesAreThoseOfPydicom() async throws {
    let folder = try TemporaryFolder()
    let written = try await Tool.script("frames.py", ["--write", folder.path])
    let lines = written.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(written.status == 0 && lines.count > 300, "\(written.errors)")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<4 {
        group.addTask {
          for index in stride(from: lane, to: lines.count, by: 4) {
            let (expected, path) = (lines[index][0], lines[index][1])
            let decoded = try await Tool.run(Tool.collimator, ["decode", path, "--frame", "all", "-o", path + ".raw"])
            let samples = FileManager.default.contents(atPath: path + ".raw") ?? Data()
            #expect(decoded.status == 0 && Self.hex(SHA256.hash(data: samples)) == expected, "\(path) \(decoded.all)")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Linear, linear exact, sigmoid; slopes that are no integers.
  @Test func windowsAreThoseOfPydicom() async throws {
    let folder = try TemporaryFolder()
    let written = try await Tool.script("frames.py", ["--windows", folder.path])
    let paths = written.output.split(separator: "\n").map(String.init)
    #expect(written.status == 0 && paths.count == 60, "\(written.errors)")
    var arguments = ["--difference"]
    for path in paths {
      let rendered = try await Tool.run(Tool.collimator, ["render", path, "-o", path + ".png"])
      #expect(rendered.status == 0, "\(rendered.all)")
      arguments += [path, path + ".png"]
    }
    let judged = try await Tool.script("frames.py", arguments)
    let differences = judged.output.split(separator: "\n")
    #expect(differences.count == paths.count, "\(judged.all)")
    for line in differences { #expect(line.hasPrefix("0 ") || line.hasPrefix("1 "), "\(line)") }
  }

  private static func hex(_ digest: some Sequence<UInt8>) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
