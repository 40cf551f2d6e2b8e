// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// storescu with several transfer syntaxes, judged by what DCMTK says was accepted and by the bytes that are stored: within a context
/// the requestor's order, but never a lossy one beside a native or lossless one.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct TransferSyntaxChoiceTests {
  private static let native = "=LittleEndianExplicit"
  private static let jpeg = "=JPEGLossless:Non-hierarchical-1stOrderPrediction"

  /// What storescu proposes (`+C` puts all into one context), what is accepted of each context, and which of its files can be sent then.
  @Test(
    arguments: [
      (["-xs"], [jpeg, native], ["lossless", "native"]), (["+C", "-xs"], [jpeg], ["lossless"]),
      (["-xt"], ["=JPEGLSLossless", native], ["jls", "native"]), (["+C", "-xt"], ["=JPEGLSLossless"], ["jls"]),
      (["-xr"], ["=RLELossless", native], ["rle", "native"]), (["+C", "-xr"], ["=RLELossless"], ["rle"]),
      (["-xv"], ["=JPEG2000LosslessOnly", native], ["native"]), (["+C", "-xv"], ["=JPEG2000LosslessOnly"], []),
      (["-xy"], ["=JPEGBaseline", native], ["lossy", "native"]), (["+C", "-xy"], [native], ["native"]),
      (["-xx"], ["=JPEGExtended:Process2+4", native], ["lossy12", "native"]), (["+C", "-xx"], [native], ["native"]),
      (["-xw"], ["=JPEG2000", native], ["native"]), (["+C", "-xw"], [native], ["native"]),
      (["-xu"], ["=JPEGLSLossy", native], ["native"]), (["+C", "-xu"], [native], ["native"]),
    ] as [([String], [String], [String])])
  func whatIsChosenAndKept(options: [String], accepted: [String], sendable: [String]) async throws {
    let folder = try TemporaryFolder()
    try await Self.write(into: folder.path)
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    for name in ["native", "lossless", "jls", "rle", "lossy", "lossy12"] {
      let path = "\(folder.path)/\(name).dcm"
      let before = try node.storedDataSets()
      let result = try await node.dcmtk("storescu", as: "MOD", ["-d", "-R"] + options, files: [path])
      #expect(Self.accepted(in: result.all) == accepted, "\(options) \(name): \(result.all)")
      guard sendable.contains(name) else { continue }
      #expect(result.status == 0, "\(options) \(name): \(result.all)")
      let stored = try node.storedDataSets().filter { !before.contains($0) }
      #expect(stored == [try DataSetOfFile(path: path).bytes], "\(options) \(name) is not kept as it came")
    }
    #expect(node.stop() == 0)
  }

  /// The same pictures natively and in each compressed syntax that DCMTK writes, each a SOP instance of its own.
  private static func write(into folder: String) async throws {
    let (slice, colour) = (Tool.fixture("ct-1.dcm"), Tool.fixture("us-multiframe.dcm"))
    try FileManager.default.copyItem(atPath: slice, toPath: "\(folder)/native.dcm")
    for (tool, options, source, name) in [
      ("dcmcjpeg", ["+e1"], slice, "lossless"), ("dcmcjpls", [], slice, "jls"), ("dcmcrle", [], slice, "rle"),
      ("dcmcjpeg", ["+eb"], colour, "lossy"), ("dcmcjpeg", ["+ee"], slice, "lossy12"),
    ] as [(String, [String], String, String)] {
      let made = try await Tool.dcmtk(tool, options + ["+ua", source, "\(folder)/\(name).dcm"])
      #expect(made.status == 0, "\(made.all)")
    }
  }

  /// What stands in storescu's account of the A-ASSOCIATE-AC.
  private static func accepted(in words: String) -> [String] {
    let answer = words.components(separatedBy: "BEGIN A-ASSOCIATE-AC").last ?? ""
    return answer.components(separatedBy: "Accepted Transfer Syntax: ").dropFirst().map {
      String($0.prefix { !$0.isWhitespace })
    }
  }
}
