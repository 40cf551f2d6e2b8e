// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import Foundation
import PixelCodecs
import Synchronization
import Testing

/// Each encoder without loss: what comes back is what went in, bit for bit. One at a time: codecs without walls keep a thread of
/// the cooperative pool busy, and other tests need those too.
@Suite(.serialized)
struct RoundTripTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let layout: FrameLayout
    var fillsUnused = false

    var testDescription: String {
      "\(layout.columns)×\(layout.rows)×\(layout.samplesPerPixel) \(layout.bitsStored)/\(layout.bitsAllocated)"
        + (layout.isSigned ? " signed" : "") + (layout.isPlanar ? " planar" : "") + (fillsUnused ? " overlay" : "")
    }
  }

  static let cases: [Case] = {
    do {
      return [
        Case(layout: try Samples.layout(64, 48, allocated: 8)), Case(layout: try Samples.layout(1, 1, allocated: 8)),
        Case(layout: try Samples.layout(3, 7, allocated: 8)), Case(layout: try Samples.layout(1, 200, allocated: 8)),
        Case(layout: try Samples.layout(64, 48)), Case(layout: try Samples.layout(33, 31, stored: 12)),
        Case(layout: try Samples.layout(33, 31, stored: 12, isSigned: true)),
        Case(layout: try Samples.layout(33, 31, stored: 12), fillsUnused: true),
        Case(layout: try Samples.layout(200, 3, stored: 10)), Case(layout: try Samples.layout(64, 64, isSigned: true)),
        Case(layout: try Samples.layout(16, 16, allocated: 8, stored: 8, isSigned: true)),
        Case(layout: try Samples.layout(16, 16, allocated: 8, stored: 6)),
        Case(layout: try Samples.layout(21, 17, samples: 3, allocated: 8)),
        Case(layout: try Samples.layout(20, 30, samples: 3, allocated: 8, photometric: .ybrFull)),
        Case(layout: try Samples.layout(20, 30, samples: 3, allocated: 16)),
        Case(layout: try Samples.layout(20, 30, samples: 3, allocated: 8, isPlanar: true)),
        Case(layout: try Samples.layout(20, 30, allocated: 32)),
        Case(layout: try Samples.layout(20, 30, samples: 3, allocated: 32)),
        Case(layout: try Samples.layout(13, 11, allocated: 1)),
      ]
    } catch {
      return []
    }
  }()

  static let codecs: [PixelCodec] = [.rle, .jpeg, .jpegLS, .jpeg2000, .deflatedFrame]

  /// What no encoder is for, and only that.
  static func isRefused(_ layout: FrameLayout, _ codec: PixelCodec) -> Bool {
    switch codec {
    case .rle: layout.bitsAllocated < 8
    case .deflatedFrame: false
    default: layout.isPlanar || ![8, 16].contains(layout.bitsAllocated)
    }
  }

  @Test(arguments: cases, codecs)
  func comesBackAsItWas(_ sample: Case, codec: PixelCodec) async throws {
    let codecs = UnconfinedCodecs()
    let frame = Samples.frame(sample.layout, fillsUnused: sample.fillsUnused)
    guard !Self.isRefused(sample.layout, codec) else {
      await #expect(throws: PixelError.self) { try await codecs.encode(frame, with: codec) }
      return
    }
    let encoded = try await codecs.encode(frame, with: codec)
    let decoded = try await codecs.decode(
      EncodedFrame(codec: codec, layout: sample.layout, bytes: Bytes(encoded)))
    #expect(decoded == frame)
  }

  @Test func smoothFramesBecomeSmaller() async throws {
    let frame = Samples.frame(try Samples.layout(128, 128, stored: 12))
    for codec in Self.codecs {
      #expect(try await UnconfinedCodecs().encode(frame, with: codec).count < frame.bytes.count, "\(codec)")
    }
  }

  @Test func theSameSamplesAreKnownInAnyEncoding() async throws {
    let codecs = UnconfinedCodecs()
    let layout = try Samples.layout(12, 10, samples: 3, allocated: 8, isPlanar: true)
    let native = try Samples.native([Samples.frame(layout, seed: 1), Samples.frame(layout, seed: 2)])
    let other = try FrameSource(try Samples.native([Samples.frame(layout, seed: 1), Samples.frame(layout, seed: 3)]))
    for syntax in Transcoder<UnconfinedCodecs>.targets {
      let written = try await Transcoder(codecs).transcoded(native, to: syntax).encoded(as: syntax)
      let source = try FrameSource(try DataSet(reading: written, transferSyntax: syntax))
      #expect(try await codecs.haveSameSamples(try FrameSource(native), source), "\(syntax)")
      #expect(try await !codecs.haveSameSamples(other, source), "\(syntax)")
    }
  }

  /// Frames go to the codecs several at a time, to and fro, and never more at once than memory should hold.
  @Test(arguments: [(40, 8), (3, 3)] as [(Int, Int)])
  func framesGoTogether(count: Int, most: Int) async throws {
    let codecs = CountingCodecs()
    let layout = try Samples.layout(8, 6, allocated: 8)
    let frames = (0..<count).map { Samples.frame(layout, seed: UInt64($0 + 1)) }
    let rle = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.5"))
    let written = try await Transcoder(codecs).transcoded(try Samples.native(frames), to: rle).encoded(as: rle)
    #expect(codecs.sizes.reduce(0, +) == count && (codecs.sizes.max() ?? 0) <= most)
    #expect(codecs.sizes.count < count || count < 4, "each frame goes by itself: \(codecs.sizes)")
    let encoding = codecs.sizes.count
    let compressed = try DataSet(reading: written, transferSyntax: rle)
    let native = try await Transcoder(codecs).transcoded(compressed, to: .explicitVRLittleEndian)
    #expect(codecs.sizes.reduce(0, +) == 2 * count)
    #expect(codecs.sizes.count - encoding < count || count < 4, "each frame goes by itself: \(codecs.sizes)")
    let back = try DataSet(
      reading: native.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian)
    let source = try FrameSource(back)
    #expect(try await codecs.decodeAll(0..<count, of: source).map(\.bytes) == frames.map(\.bytes))
  }

  /// How many frames were asked for together.
  private final class CountingCodecs: FrameCoding {
    private let codecs = UnconfinedCodecs()
    private let asked = Mutex<[Int]>([])

    var sizes: [Int] { asked.withLock(\.self) }

    func perform(_ jobs: [CodecJob]) async -> [Result<[UInt8], PixelError>] {
      asked.withLock { $0.append(jobs.count) }
      return await codecs.perform(jobs)
    }
  }

  private static let isNight = ProcessInfo.processInfo.environment["COLLIMATOR_NIGHT"] != nil
  private static let largest = isNight ? 256 << 20 : 64 << 10

  /// All native files of the corpus (by day the small ones), by each encoder, as whole objects.
  @Test(
    .enabled(if: PixelOracle.isThere, "the corpus is not beside the package"),
    arguments: Transcoder<UnconfinedCodecs>.targets)
  func nativeCorpusKeepsItsSamples(in syntax: TransferSyntax) async throws {
    let transcoder = Transcoder(UnconfinedCodecs())
    var done = 0
    for file in PixelOracle.files where file.status == "native" {
      guard let part10 = try? Part10File(path: file.path), let source = try? FrameSource(part10),
        source.codec == .native,
        source.count * source.decodedLayout.byteCount < Self.largest,
        let frames = try? await UnconfinedCodecs().decodeAll(0..<source.count, of: source)
      else { continue }
      do throws(PixelError) {
        let written = try await transcoder.transcoded(part10.dataSet, to: syntax).encoded(as: syntax)
        let read = try? DataSet(reading: written, transferSyntax: syntax)
        let again = try FrameSource(try require(throwing: read))
        let back = try await UnconfinedCodecs().decodeAll(0..<again.count, of: again)
        let isPlanar = again.decodedLayout.isPlanar
        #expect(back.map(\.bytes) == frames.map { $0.arranged(isPlanar: isPlanar).bytes }, "\(file.testDescription)")
        done += 1
      } catch {
        switch error {
        case .cannotEncode, .missing(.photometricInterpretation): continue
        default: Issue.record("\(file.testDescription): \(error)")
        }
      }
    }
    #expect(done > 60, "\(done)")
  }
}

private func require<Value>(throwing value: Value?) throws(PixelError) -> Value {
  guard let value else { throw .noPixelData }
  return value
}
