// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// An object in another transfer syntax with the same samples: never with loss.
package struct Transcoder<Coding: FrameCoding>: Sendable {
  private let codecs: Coding
  private let longestObject: Int

  /// `longestObject`: bytes of all frames together, decoded or encoded anew, which are held at once; what has more is refused,
  /// for a few bytes of some codecs make as many frames as they like.
  package init(_ codecs: Coding, longestObject: Int = .max) {
    self.codecs = codecs
    self.longestObject = longestObject
  }

  /// What can be written, whatever the object: native syntaxes of either byte order, and the encoders at hand.
  package static var targets: [TransferSyntax] { Target.codecs.keys.compactMap { TransferSyntax(uid: $0) } }

  /// The data set, to be written in `syntax`. Samples are those that decoding gives; of a lossy stream they stay what it made
  /// of them, and (0028,2110) says so. Throws `.unsupported` for a syntax that would lose something.
  package func transcoded(
    _ dataSet: DataSet, named: TransferSyntax? = nil, to syntax: TransferSyntax
  ) async throws(PixelError) -> DataSetBuilder {
    guard let codec = Target.codecs[syntax.uid] else {
      throw .unsupported(syntax, why: "objects are transcoded without loss only, and to what an encoder is at hand for")
    }
    var builder: DataSetBuilder
    do throws(ReadingError) { builder = try DataSetBuilder(dataSet) } catch { throw .noPixelData }
    guard dataSet.hasPixelData else { return builder }
    // Between native syntaxes, and from one to itself, no sample moves.
    let source = try FrameSource(dataSet, named: named)
    if syntax == source.transferSyntax || (codec == .native && source.codec == .native) { return builder }
    guard source.description.samples == .integers || codec == .native else {
      throw .cannotEncode(codec, why: "floating point samples have no compressed form")
    }
    // Others decode no stream whose samples mean nothing.
    guard codec == .native || source.description.layout.photometric != .unknown else {
      throw .missing(.photometricInterpretation)
    }
    try await replacePixels(in: &builder, from: source, with: codec)
    if source.transferSyntax.isLossy, dataSet.string(.lossyImageCompression) != "01" {
      builder.set(.lossyImageCompression, .cs, "01")
    }
    return builder
  }

  /// The data set of a file that nobody else truncates, written in `syntax`; without preamble and group 0002.
  package func transcoded(fileAt path: String, to syntax: TransferSyntax) async throws -> [UInt8] {
    let file = try Part10File(mapping: path)
    return try await transcoded(file.dataSet, named: file.meta.transferSyntax, to: syntax).encoded(as: syntax)
  }

  private func replacePixels(
    in builder: inout DataSetBuilder, from source: FrameSource, with codec: PixelCodec
  ) async throws(PixelError) {
    let decoded = source.decodedLayout
    // Streams are colour by pixel; RLE and what is not compressed may be either.
    let isPlanar = decoded.isPlanar && (codec == .native || codec == .rle || codec == .encapsulatedUncompressed)
    let layout = decoded.with(photometric: decoded.photometric, isPlanar: isPlanar)
    let isDecoded = codec == .native || codec == .encapsulatedUncompressed
    let (decodedCount, overflow) = layout.byteCount.multipliedReportingOverflow(by: source.count)
    guard !isDecoded || (!overflow && decodedCount <= longestObject) else {
      throw .objectTooLarge(bytes: overflow ? .max : decodedCount, limit: longestObject)
    }
    var frames: [DecodedFrame] = []
    var encoded: [[UInt8]] = []
    var encodedCount = 0
    let atOnce = Self.framesAtOnce(of: decoded)
    for start in stride(from: 0, to: source.count, by: atOnce) {
      let indices = start..<min(start + atOnce, source.count)
      let part = try await codecs.decodeAll(indices, of: source, atOnce: atOnce).map {
        $0.arranged(isPlanar: isPlanar)
      }
      guard !isDecoded else {
        frames += part
        continue
      }
      let streams = try await codecs.encodeAll(part, with: codec)
      encodedCount += streams.reduce(0) { $0 + $1.count }
      guard encodedCount <= longestObject else { throw .objectTooLarge(bytes: encodedCount, limit: longestObject) }
      encoded += streams
    }
    describe(layout, with: codec, in: &builder)
    switch codec {
    case .native: builder.setNativePixelData(frames, layout: layout)
    case .encapsulatedUncompressed: builder.setEncapsulatedPixelData(frames: frames.map(\.bytes))
    default: builder.setEncapsulatedPixelData(frames: encoded)
    }
  }

  /// Enough to keep the workers busy, and no more than memory should hold of large ones.
  private static func framesAtOnce(of layout: FrameLayout) -> Int {
    min(max((64 << 20) / max(layout.byteCount, 1), 1), 32)
  }

  private func describe(_ layout: FrameLayout, with codec: PixelCodec, in builder: inout DataSetBuilder) {
    // OpenJPEG's reversible colour transform is on for RGB (PS3.5 §8.2.4).
    let photometric =
      codec == .jpeg2000 && layout.photometric == .rgb ? PhotometricInterpretation.ybrRCT : layout.photometric
    if photometric != .unknown { builder.set(.photometricInterpretation, .cs, photometric.rawValue) }
    if layout.samplesPerPixel > 1 { builder.setIntegers(.planarConfiguration, .us, [layout.isPlanar ? 1 : 0]) }
    builder.remove(.extendedOffsetTable)
    builder.remove(.extendedOffsetTableLengths)
  }
}

private enum Target {
  static let codecs: [String: PixelCodec] = [
    "1.2.840.10008.1.2": .native, "1.2.840.10008.1.2.1": .native, "1.2.840.10008.1.2.2": .native,
    "1.2.840.10008.1.2.1.99": .native, "1.2.840.10008.1.2.1.98": .encapsulatedUncompressed,
    "1.2.840.10008.1.2.5": .rle, "1.2.840.10008.1.2.4.57": .jpeg, "1.2.840.10008.1.2.4.70": .jpeg,
    "1.2.840.10008.1.2.4.80": .jpegLS, "1.2.840.10008.1.2.4.90": .jpeg2000, "1.2.840.10008.1.2.8.1": .deflatedFrame,
  ]
}

extension DataSet {
  fileprivate var hasPixelData: Bool {
    self[.pixelData] != nil || self[.floatPixelData] != nil || self[.doubleFloatPixelData] != nil
  }
}

extension DataSetBuilder {
  /// OW for words, OB for bytes and for what does not divide into either (PS3.5 §A.1, A.2).
  fileprivate mutating func setNativePixelData(_ frames: [DecodedFrame], layout: FrameLayout) {
    let bytes = DecodedFrame.joined(frames)
    setBytes(.pixelData, layout.bitsAllocated > 8 ? .ow : .ob, bytes + (bytes.count % 2 == 1 ? [0] : []))
  }
}
