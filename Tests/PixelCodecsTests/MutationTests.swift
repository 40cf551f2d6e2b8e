// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import Foundation
import PixelCodecs
import Testing

/// Attack line A35 and the 10,000 objects: compressed objects, broken at random, through the workers. By day a few
/// hundred; COLLIMATOR_MUTATIONS says otherwise.
struct MutationTests {
  private static let count = ProcessInfo.processInfo.environment["COLLIMATOR_MUTATIONS"].flatMap { Int($0) } ?? 400
  private static let syntaxes = [
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.8.1",
  ]

  /// Whole objects: our own, and of the corpus what is small, so that lossy and HTJ2K streams are among them.
  private static func seeds() async throws -> [(bytes: [UInt8], syntax: TransferSyntax)] {
    var seeds: [(bytes: [UInt8], syntax: TransferSyntax)] = []
    for uid in syntaxes {
      let syntax = try #require(TransferSyntax(uid: uid))
      for layout in [try Samples.layout(24, 20, stored: 12), try Samples.layout(16, 18, samples: 3, allocated: 8)] {
        let native = try Samples.native([Samples.frame(layout, seed: 1), Samples.frame(layout, seed: 2)])
        let builder = try await Transcoder(UnconfinedCodecs()).transcoded(native, to: syntax)
        seeds.append((builder.encoded(as: syntax), syntax))
      }
    }
    for file in PixelOracle.files where file.status == "lossless" || file.status == "lossy" {
      guard let part10 = try? Part10File(path: file.path), let source = try? FrameSource(part10),
        source.decodedLayout.byteCount < 600_000, let builder = try? DataSetBuilder(part10.dataSet)
      else { continue }
      seeds.append((builder.encoded(as: part10.transferSyntax), part10.transferSyntax))
    }
    return seeds
  }

  private static func mutated(_ bytes: [UInt8], _ random: inout Samples.Random) -> [UInt8] {
    var bytes = bytes
    // The end is pixel data, mostly; sometimes the header too is broken.
    let start = Bool.random(using: &random) ? bytes.count / 2 : Int.random(in: 0..<bytes.count, using: &random)
    for _ in 0..<Int.random(in: 1...8, using: &random) where bytes.count > start + 8 {
      let place = Int.random(in: start..<bytes.count - 4, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      case 3: bytes.replaceSubrange(place..<place + 2, with: [0xFF, UInt8.random(in: .min ... .max, using: &random)])
      case 4: bytes.removeSubrange(place..<min(place + Int.random(in: 1...64, using: &random), bytes.count))
      case 5: bytes.insert(contentsOf: bytes[max(0, place - 16)..<place], at: place)
      case 6: bytes.replaceSubrange(place..<place + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
      default: bytes.removeLast(min(Int.random(in: 1...256, using: &random), bytes.count - start - 8))
      }
    }
    return bytes
  }

  @Test(.timeLimit(.minutes(60)))
  func brokenObjectsCostNobodyElse() async throws {
    let pool = CodecPoolTests.pool(workers: 4, deadline: .seconds(60))
    try await pool.warm()
    let seeds = try await Self.seeds()
    #expect(seeds.count >= 10)
    let (good, goodEncoded) = try await CodecPoolTests.encoded()
    let before = Self.residentBytes()
    let outcomes = await withTaskGroup(of: [String: Int].self) { group in
      for part in 0..<8 {
        group.addTask {
          var random = Samples.Random(seed: UInt64(part) + 1)
          var outcomes: [String: Int] = [:]
          for round in 0..<Self.count / 8 {
            let seed = seeds[(round * 8 + part) % seeds.count]
            outcomes[await Self.outcome(seed, &random, pool), default: 0] += 1
            // Others are served meanwhile.
            if round % 50 == 0, (try? await pool.decode(goodEncoded)) != good { outcomes["others", default: 0] += 1 }
          }
          return outcomes
        }
      }
      return await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    }
    let statistics = await pool.statistics()
    print("mutations:", outcomes, "workers replaced:", statistics.replaced, "longest start:", statistics.longestStart)
    #expect(outcomes["others"] == nil && outcomes["wrong size"] == nil && outcomes["pool"] == nil, "\(outcomes)")
    #expect((outcomes["decoded"] ?? 0) + (outcomes["refused"] ?? 0) > Self.count / 2)
    #expect(try await pool.decode(goodEncoded) == good)
    #expect(Self.residentBytes() - before < 256 << 20)
  }

  /// Three times of four the stream of a frame is broken, else the object around it.
  private static func outcome(
    _ seed: (bytes: [UInt8], syntax: TransferSyntax), _ random: inout Samples.Random, _ pool: CodecPool
  ) async -> String {
    do {
      let breaksStream = Int.random(in: 0..<4, using: &random) > 0
      let bytes = breaksStream ? seed.bytes : mutated(seed.bytes, &random)
      let dataSet = try DataSet(reading: bytes, transferSyntax: seed.syntax)
      let source = try FrameSource(dataSet)
      if breaksStream {
        let whole = try source.frame(0)
        let stream = mutated(Array(whole.bytes), &random)
        let broken = EncodedFrame(codec: whole.codec, layout: whole.layout, bytes: Bytes(stream))
        return try await pool.decode(broken).bytes.count == whole.layout.byteCount ? "decoded" : "wrong size"
      }
      // A header that now claims much is no more than slow: that is the arithmetic's to test.
      guard source.decodedLayout.byteCount < 16 << 20 else { return "large" }
      for index in 0..<min(source.count, 2) {
        let frame = try await pool.decode(try source.frame(index))
        guard frame.bytes.count == source.decodedLayout.byteCount else { return "wrong size" }
        _ = try? Renderer(dataSet, source: source).image(of: frame, index: index)
      }
      return "decoded"
    } catch let error as PixelError {
      switch error {
      case .workerEnded: return "worker ended"
      case .deadlineExceeded: return "late"
      case .workerUnavailable, .tooManyWaiting: return "pool"
      default: return "refused"
      }
    } catch {
      return "unreadable"
    }
  }

  private static func residentBytes() -> Int {
    let text = String(decoding: FileManager.default.contents(atPath: "/proc/self/statm") ?? Data(), as: UTF8.self)
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
