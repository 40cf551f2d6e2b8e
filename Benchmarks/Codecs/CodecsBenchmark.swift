// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import Foundation
import PixelCodecs

/// codecs-benchmark measure SECONDS: decoding in this process, through a worker, through all workers.
/// codecs-benchmark write FOLDER: 200 frames in a file for each of DCMTK's tools.
/// codecs-benchmark study FOLDER: a CT study of 300 slices, half of them compressed.
@main
struct CodecsBenchmark {
  struct Kind {
    let name: String
    let layout: FrameLayout
  }

  /// It is its own worker; so its `main` may start no thread before it knows.
  static func main() {
    if CodecWorkerProcess.isAsked { CodecWorkerProcess.run() }
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { exit(64) }
    Task {
      do {
        switch arguments[1] {
        case "measure":
          try await measureReplacement()
          try await measureThumbnail()
          try await measure(seconds: Double(arguments[2]) ?? 3)
        case "write": try await write(to: arguments[2])
        case "study": try await writeStudy(to: arguments[2])
        default: exit(64)
        }
        exit(0)
      } catch {
        print(error)
        exit(1)
      }
    }
    dispatchMain()
  }

  private static let codecs: [PixelCodec] = [.rle, .jpeg, .jpegLS, .jpeg2000, .deflatedFrame]

  private static func layout(_ side: Int, samples: Int = 1, bits: Int = 16) throws(PixelError) -> FrameLayout {
    try FrameLayout(
      rows: side, columns: side, samplesPerPixel: samples, bitsAllocated: bits, bitsStored: bits == 16 ? 12 : 8,
      photometric: samples == 3 ? .rgb : .monochrome2)
  }

  /// Rings with noise in the lowest three bits, as detectors have it.
  private static func frame(_ layout: FrameLayout, number: Int) -> DecodedFrame {
    var noise = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
    let side = layout.columns
    var bytes: [UInt8] = []
    bytes.reserveCapacity(layout.byteCount)
    for index in 0..<layout.pixelCount {
      let (y, x) = index.quotientAndRemainder(dividingBy: side)
      let distance = Double((x - side / 2) * (x - side / 2) + (y - side / 2) * (y - side / 2)).squareRoot()
      for sample in 0..<layout.samplesPerPixel {
        noise ^= noise << 13
        noise ^= noise >> 7
        noise ^= noise << 17
        let most = layout.bitsAllocated == 16 ? 2000.0 : 110
        let value = Int(most + most * sin(distance / 40 + Double(number + sample))) + Int(noise & 7)
        for byte in 0..<layout.bytesPerSample { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
      }
    }
    return DecodedFrame(layout: layout, bytes: bytes)
  }

  private static func measure(seconds: Double) async throws {
    let kinds = [
      Kind(name: "512x512x16", layout: try layout(512)), Kind(name: "2048x2048x16", layout: try layout(2048)),
      Kind(name: "512x512x3x8", layout: try layout(512, samples: 3, bits: 8)),
    ]
    let direct = UnconfinedCodecs()
    var settings = CodecPool.Settings()
    let all = CodecPool(settings)
    let workers = settings.workers
    settings.workers = 1
    let one = CodecPool(settings)
    try await all.warm()
    try await one.warm()
    print("frame         codec             in process          one worker   cost     \(workers) workers")
    for kind in kinds {
      for codec in codecs {
        var encoded: [EncodedFrame] = []
        for number in 0..<4 {
          let bytes = try await direct.encode(frame(kind.layout, number: number), with: codec)
          encoded.append(EncodedFrame(codec: codec, layout: kind.layout, bytes: Bytes(bytes)))
        }
        // In turns, so that a noisy neighbour disturbs both alike.
        _ = try await rate(of: direct, encoded, seconds: seconds / 30, atOnce: 1)
        _ = try await rate(of: one, encoded, seconds: seconds / 30, atOnce: 1)
        _ = try await rate(of: all, encoded, seconds: seconds / 30, atOnce: workers)
        var rates: (direct: [Double], worker: [Double]) = ([], [])
        for _ in 0..<9 {
          rates.direct.append(try await rate(of: direct, encoded, seconds: seconds / 18, atOnce: 1))
          rates.worker.append(try await rate(of: one, encoded, seconds: seconds / 18, atOnce: 1))
        }
        let parallel = try await rate(of: all, encoded, seconds: seconds / 2, atOnce: workers)
        // The best of each is what the machine can do when others leave it alone.
        let (inProcess, worker) = (rates.direct.max() ?? 0, rates.worker.max() ?? 0)
        let megabytes = Double(kind.layout.byteCount) / 1_000_000
        let cost = (inProcess / worker - 1) * 100
        print(
          kind.name.padded(13), codec.description.padded(15), figure(inProcess, megabytes), figure(worker, megabytes),
          String(format: "%5.1f %%", cost), figure(parallel, megabytes))
      }
    }
  }

  /// From the death of a worker until another has done its work, that work included.
  private static func measureReplacement() async throws {
    var settings = CodecPool.Settings()
    settings.workers = 1
    let pool = CodecPool(settings)
    let frame = frame(try layout(16), number: 1)
    let bytes = try await UnconfinedCodecs().encode(frame, with: .rle)
    let encoded = EncodedFrame(codec: .rle, layout: frame.layout, bytes: Bytes(bytes))
    var times: [Duration] = []
    for _ in 0..<20 {
      _ = try await pool.decode(encoded)
      guard let process = await pool.statistics().processes.first else { continue }
      kill(process, SIGKILL)
      let began = ContinuousClock.now
      // Tried on the dead one, then on its successor.
      guard try await pool.decode(encoded) == frame else { continue }
      times.append(ContinuousClock.now - began)
    }
    let sorted = times.sorted().map { $0 / .milliseconds(1) }
    guard let worst = sorted.last else { return }
    print(
      String(format: "a killed worker is replaced within %.1f ms (median), %.1f ms (worst of 20)", sorted[10], worst))
  }

  /// A JPEG-LS slice of 512 x 512 to a JPEG of 192 x 192, from cold workers on; without reading it from the archive.
  private static func measureThumbnail() async throws {
    var times: [Double] = []
    let slice = frame(try layout(512), number: 1)
    let syntax = TransferSyntax(uid: "1.2.840.10008.1.2.4.80") ?? .explicitVRLittleEndian
    var builder = description(of: slice.layout, sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "2.25.4711")
    builder.setEncapsulatedPixelData(frames: [try await UnconfinedCodecs().encode(slice, with: .jpegLS)])
    let encoded = builder.encoded(as: syntax)
    for _ in 0..<20 {
      var settings = CodecPool.Settings()
      settings.workers = 1
      let pool = CodecPool(settings)
      for _ in 0..<2 {
        let began = ContinuousClock.now
        let dataSet = try DataSet(reading: encoded, transferSyntax: syntax)
        let source = try FrameSource(dataSet)
        var options = RenderingOptions()
        options.size = 192
        let decoded = try await pool.decode(try source.frame(0))
        let image = try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0)
        _ = try await pool.jpeg(image, quality: 80)
        times.append((ContinuousClock.now - began) / .milliseconds(1))
      }
    }
    let cold = stride(from: 0, to: times.count, by: 2).map { times[$0] }.sorted()
    let warm = stride(from: 1, to: times.count, by: 2).map { times[$0] }.sorted()
    print(
      String(
        format: "a thumbnail of a JPEG-LS slice takes %.1f ms (median; worst of 20 %.1f), its worker's start included,",
        cold[10], cold[19]), String(format: "%.1f ms (%.1f) without", warm[10], warm[19]))
  }

  private static func figure(_ rate: Double, _ megabytes: Double) -> String {
    String(format: "%7.1f/s %6.0f MB/s", rate, rate * megabytes)
  }

  /// Frames a second.
  private static func rate(
    of codecs: some FrameCoding, _ frames: [EncodedFrame], seconds: Double, atOnce: Int, together: Int = 8
  ) async throws -> Double {
    let clock = ContinuousClock()
    let begin = clock.now
    let end = begin + .seconds(seconds)
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for lane in 0..<atOnce {
        group.addTask {
          var done = 0
          while clock.now < end || done == 0 {
            // As an object's frames are decoded: some together.
            for result in await codecs.decode((0..<together).map { frames[(lane + done + $0) % frames.count] }) {
              _ = try result.get()
            }
            done += together
          }
          return done
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(done) / ((clock.now - begin) / .seconds(1))
  }

  private static func writeStudy(to folder: String) async throws {
    let layout = try layout(512)
    guard let jpegLS = TransferSyntax(uid: "1.2.840.10008.1.2.4.80") else { return }
    for number in 1...300 {
      let image = frame(layout, number: number)
      let uid = "2.25.4711.\(number)"
      var builder = description(of: layout, sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: uid)
      builder.set(.studyInstanceUID, .ui, "2.25.4711")
      builder.set(.seriesInstanceUID, .ui, "2.25.4712")
      builder.set(.patientID, .lo, "4711")
      let syntax: TransferSyntax = number % 2 == 0 ? .explicitVRLittleEndian : jpegLS
      if syntax == jpegLS {
        builder.setEncapsulatedPixelData(frames: [try await UnconfinedCodecs().encode(image, with: .jpegLS)])
      } else {
        builder.setBytes(.pixelData, .ow, image.bytes)
      }
      try write(builder, in: syntax, "1.2.840.10008.5.1.4.1.1.2", uid, to: "\(folder)/\(number).dcm")
    }
  }

  private static func description(
    of layout: FrameLayout, sopClassUID: String, sopInstanceUID: String
  ) -> DataSetBuilder {
    var builder = DataSetBuilder()
    builder.set(.sopClassUID, .ui, sopClassUID)
    builder.set(.sopInstanceUID, .ui, sopInstanceUID)
    builder.setIntegers(.samplesPerPixel, .us, [1])
    builder.set(.photometricInterpretation, .cs, "MONOCHROME2")
    for (tag, value) in [
      (Tag.rows, layout.rows), (.columns, layout.columns), (.bitsAllocated, 16), (.bitsStored, 12), (.highBit, 11),
      (.pixelRepresentation, 0),
    ] { builder.setIntegers(tag, .us, [value]) }
    return builder
  }

  private static func write(
    _ builder: DataSetBuilder, in syntax: TransferSyntax, _ sopClassUID: String, _ sopInstanceUID: String,
    to path: String
  ) throws {
    let meta = FileMetaInformation.encoded(
      sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID, transferSyntaxUID: syntax.uid, sourceAETitle: "")
    try Data(meta + builder.encoded(as: syntax)).write(to: URL(filePath: path))
  }

  private static func write(to folder: String) async throws {
    let layout = try layout(512)
    let syntaxes = [
      (PixelCodec.rle, "rle", "1.2.840.10008.1.2.5"), (.jpeg, "jpeg", "1.2.840.10008.1.2.4.70"),
      (.jpegLS, "jpegLS", "1.2.840.10008.1.2.4.80"),
    ]
    for (codec, name, uid) in syntaxes {
      guard let syntax = TransferSyntax(uid: uid) else { continue }
      var frames: [[UInt8]] = []
      for number in 0..<4 {
        frames.append(try await UnconfinedCodecs().encode(frame(layout, number: number), with: codec))
      }
      let sopClass = "1.2.840.10008.5.1.4.1.1.7.3"
      var builder = description(of: layout, sopClassUID: sopClass, sopInstanceUID: "2.25.4711")
      builder.set(.numberOfFrames, .is, "200")
      builder.setEncapsulatedPixelData(frames: (0..<200).map { frames[$0 % 4] })
      try write(builder, in: syntax, sopClass, "2.25.4711", to: "\(folder)/\(name).dcm")
    }
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { padding(toLength: width, withPad: " ", startingAt: 0) }
}
