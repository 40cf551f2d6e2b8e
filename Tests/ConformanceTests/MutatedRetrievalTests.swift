// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// Attack line A35 from outside: compressed objects, broken at random, that a node stores and then has to decompress for
/// somebody who takes nothing else. By day some hundred; COLLIMATOR_MUTATIONS says otherwise.
@Suite(.enabled(if: Tool.hasDCMTK, "needs DCMTK's tools: apt-get install dcmtk"))
struct MutatedRetrievalTests {
  private static let count = ProcessInfo.processInfo.environment["COLLIMATOR_MUTATIONS"].flatMap { Int($0) } ?? 240
  private static let batch = 120

  private struct Seed {
    let file: Data
    let instance: Data
    /// Where the fragments' bytes begin.
    let pixels: Int
  }

  @Test(.timeLimit(.minutes(60)))
  func brokenObjectsFailAlone() async throws {
    let node = try RunningNode()
    try await node.addPeer("MOD", may: "store")
    try await node.addPeer("WS", may: "retrieve")
    try await node.command("grant", "add", "--to", "WS", "--everything")
    let seeds = try await Self.seeds()
    var random = SplitMix(state: 8)
    var (number, failures, completions) = (0, 0, 0)
    var resident: [Int] = []
    while number < Self.count {
      let folder = try TemporaryFolder()
      var paths: [String] = []
      for _ in 0..<min(Self.batch, Self.count - number) {
        number += 1
        // One in ten is whole.
        let seed = seeds[number % seeds.count]
        let file = Self.named(seed, number, number % 10 == 0 ? seed.file : Self.mutated(seed, &random))
        paths.append("\(folder.path)/\(number).dcm")
        try file.write(to: URL(filePath: paths[paths.count - 1]))
      }
      let sent = try await node.send(paths, as: "MOD")
      // What is no data set any more is not sent, or refused; no association ends over it.
      let unsent = sent.filter { $0.status == nil && $0.comment?.contains("at byte") != true }
      #expect(sent.count == paths.count && unsent.isEmpty, "\(unsent)")
      let stored = sent.filter { $0.status == "0000" || $0.status?.hasPrefix("B") == true }
      let outcome = try await Self.retrieve(stored.compactMap(\.sopInstanceUID), port: node.port)
      #expect(outcome.completed + outcome.failed == stored.count, "\(outcome)")
      failures += outcome.failed
      completions += outcome.completed
      resident.append(try Self.residentBytes(of: node.processIdentifier))
    }
    // Some were broken for good, some only looked so, and the whole ones are among the completed.
    #expect(failures > Self.count / 20 && completions > Self.count / 10, "\(failures) failed, \(completions) completed")
    #expect(!node.logged.contains("no worker can be started") && !node.logged.contains("are waiting for a worker"))
    if let first = resident.first, let last = resident.last { #expect(last - first < 64 << 20, "\(resident)") }
    try await Self.expectAllSlots(of: node, seeds)
    print("mutated retrieval:", completions, "completed,", failures, "failed, resident MiB:", resident.map { $0 >> 20 })
    #expect(node.stop() == 0)
  }

  /// More at once than there are workers: were one lost, they would not all come.
  private static func expectAllSlots(of node: RunningNode, _ seeds: [Seed]) async throws {
    let folder = try TemporaryFolder()
    let paths = try seeds.enumerated().map { index, seed in
      let path = "\(folder.path)/\(index).dcm"
      try named(seed, 8_000_000 + index, seed.file).write(to: URL(filePath: path))
      return path
    }
    let sent = try await node.send(paths, as: "MOD")
    let uids = sent.compactMap(\.sopInstanceUID)
    let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
      let port = node.port
      for _ in 0..<8 { group.addTask { try await retrieve(uids, port: port) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.allSatisfy { $0.completed == seeds.count && $0.failed == 0 }, "\(outcomes)")
    // One pool for retrieval, thumbnails and comparisons: never more workers than cores.
    let workers = try workers(of: node.processIdentifier)
    #expect((1...Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))).contains(workers), "\(workers) workers")
  }

  private static func workers(of process: Int32) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
      guard Int(name) != nil,
        let status = FileManager.default.contents(atPath: "/proc/\(name)/status"),
        let command = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
      else { return false }
      return String(decoding: status, as: UTF8.self).contains("\nPPid:\t\(process)\n")
        && String(decoding: command, as: UTF8.self).contains("codec-worker")
    }.count
  }

  private struct Outcome: Sendable {
    let completed: Int
    let failed: Int
  }

  /// By DCMTK's getscu, which asks for what is not compressed.
  private static func retrieve(_ uids: [String], port: String) async throws -> Outcome {
    let folder = try TemporaryFolder()
    let result = try await Tool.dcmtk(
      "getscu",
      [
        "-aet", "WS", "-aec", "COLLIMATOR", "-v", "-S", "-k", "QueryRetrieveLevel=IMAGE", "-k",
        "StudyInstanceUID=\(study)", "-k",
        "SeriesInstanceUID=\(series)", "-k", "SOPInstanceUID=\(uids.joined(separator: "\\"))", "-od", folder.path,
        "127.0.0.1", port,
      ])
    // The last response counts all; an association that was dropped has none.
    func number(_ name: String) -> Int {
      let lines = result.all.split(separator: "\n").filter { $0.contains("Number of \(name) Suboperations") }
      return lines.last.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? -1
    }
    let arrived = try FileManager.default.contentsOfDirectory(atPath: folder.path).count
    let outcome = Outcome(completed: number("Completed"), failed: number("Failed"))
    #expect(arrived == outcome.completed, "\(result.all.suffix(2000))")
    return outcome
  }

  private static let study = "2.25.77001"
  private static let series = "2.25.77002"

  /// Each codec's objects, of one study and series, by us and by DCMTK, who also encodes with loss.
  private static func seeds() async throws -> [Seed] {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for name in ["ct-1", "us-multiframe"] {
      let plain = "\(folder.path)/\(name).dcm"
      try FileManager.default.copyItem(atPath: Tool.fixture("\(name).dcm"), toPath: plain)
      let changed = try await Tool.dcmtk(
        "dcmodify", ["-nb", "-m", "StudyInstanceUID=\(study)", "-m", "SeriesInstanceUID=\(series)", plain])
      #expect(changed.status == 0, "\(changed.all)")
      for encoding in ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "deflated-frames"] {
        paths.append("\(folder.path)/\(name)-\(encoding).dcm")
        let result = try await Tool.run(
          Tool.collimator, ["transcode", plain, "--to", encoding, "-o", paths[paths.count - 1]])
        #expect(result.status == 0, "\(result.all)")
      }
    }
    let lossy = "\(folder.path)/lossy.dcm"
    #expect(
      try await Tool.dcmtk("dcmcjpeg", ["+eb", "+un", "\(folder.path)/us-multiframe.dcm", lossy]).status == 0)
    return try (paths + [lossy]).map { path in
      let file = try Data(contentsOf: URL(filePath: path))
      let text = String(decoding: file, as: Unicode.ASCII.self)
      // Media Storage SOP Instance UID is the first of ours under 2.25.
      let instance = Data(String(try #require(text.firstMatch(of: /2\.25\.\d+/)).output).utf8)
      let pixels = try #require(file.range(of: Data([0xE0, 0x7F, 0x10, 0x00, 0x4F]), options: .backwards)).upperBound
      return Seed(file: file, instance: instance, pixels: pixels + 7)
    }
  }

  /// Under a SOP Instance UID of its own, of the same length.
  private static func named(_ seed: Seed, _ number: Int, _ file: Data) -> Data {
    var file = file
    let other = seed.instance.dropLast(7) + Data("\(1_000_000 + number)".utf8)
    for _ in 0..<2 {
      if let found = file.range(of: seed.instance) { file.replaceSubrange(found, with: other) }
    }
    return file
  }

  private static func mutated(_ seed: Seed, _ random: inout SplitMix) -> Data {
    var file = seed.file
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let place = Int.random(in: seed.pixels..<file.count - 8, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1: file[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: file[place] = UInt8.random(in: .min ... .max, using: &random)
      case 3: file.replaceSubrange(place..<place + 2, with: [0xFF, UInt8.random(in: .min ... .max, using: &random)])
      case 4: file.replaceSubrange(place..<place + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
      default: file.replaceSubrange(place..<place + 8, with: Data(count: 8))
      }
    }
    return file
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  private static func residentBytes(of process: Int32) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
