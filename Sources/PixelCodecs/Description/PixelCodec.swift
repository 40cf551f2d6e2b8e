// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// How a frame's samples became bytes (PS3.5 §8.2, annex A.4).
package enum PixelCodec: UInt32, Sendable, Hashable, CaseIterable {
  case native = 0
  /// Fragments that hold native frames (PS3.5 §A.4.11).
  case encapsulatedUncompressed
  case rle
  /// ISO/IEC 10918-1: baseline, extended, lossless.
  case jpeg
  /// ISO/IEC 14495-1.
  case jpegLS
  /// ISO/IEC 15444-1 and -15.
  case jpeg2000
  /// RFC 1951, a frame at a time (PS3.5 §A.4.13).
  case deflatedFrame

  package init(_ syntax: TransferSyntax) throws(PixelError) {
    guard syntax.isEncapsulated else {
      self = .native
      return
    }
    switch syntax.uid {
    case "1.2.840.10008.1.2.5": self = .rle
    case "1.2.840.10008.1.2.1.98": self = .encapsulatedUncompressed
    case "1.2.840.10008.1.2.8.1": self = .deflatedFrame
    default:
      guard let process = Self.process(of: syntax) else {
        throw .unsupported(syntax, why: "no codec for it is at hand")
      }
      self = try Self.codec(ofProcess: process, syntax)
    }
  }

  /// The last component of 1.2.840.10008.1.2.4.x.
  private static func process(of syntax: TransferSyntax) -> Int? {
    let root = "1.2.840.10008.1.2.4."
    return syntax.uid.hasPrefix(root) ? Int(syntax.uid.dropFirst(root.count)) : nil
  }

  private static func codec(ofProcess process: Int, _ syntax: TransferSyntax) throws(PixelError) -> PixelCodec {
    switch process {
    case 50...70: return .jpeg
    case 80, 81: return .jpegLS
    case 90, 91, 201, 202, 203: return .jpeg2000
    case 92, 93: throw .unsupported(syntax, why: "multi-component transformations of JPEG 2000 Part 2 are not decoded")
    case 100...108: throw .unsupported(syntax, why: "it is video: it is stored and served as it came, not decoded")
    case 110...112:
      throw .unsupported(syntax, why: "JPEG XL is stored and served as it came; no decoder for it is at hand")
    default: throw .unsupported(syntax, why: "no codec for it is at hand")
    }
  }

  /// What the samples mean once they are decoded.
  func decoded(_ photometric: PhotometricInterpretation) -> PhotometricInterpretation {
    switch (self, photometric) {
    case (.jpeg2000, .ybrRCT), (.jpeg2000, .ybrICT): .rgb
    case (.jpeg, .ybrFull422), (.jpegLS, .ybrFull422), (.rle, .ybrFull422), (.jpeg2000, .ybrFull422): .ybrFull
    default: photometric
    }
  }

  /// Decoded bytes that one byte of the stream can stand for, where the coding sets a limit: a longer claim is a lie.
  var largestExpansion: Int? {
    switch self {
    case .native, .encapsulatedUncompressed: 1
    // A replicate run of two bytes is 128 long.
    case .rle: 64
    // A block of 64 samples of 16 bits has a Huffman code of its own, of a bit or more; progressive scans may end earlier.
    case .jpeg: 2048
    case .deflatedFrame: 1032
    case .jpegLS, .jpeg2000: nil
    }
  }
}

extension PixelCodec: CustomStringConvertible {
  package var description: String {
    switch self {
    case .native: "native"
    case .encapsulatedUncompressed: "encapsulated uncompressed"
    case .rle: "RLE"
    case .jpeg: "JPEG"
    case .jpegLS: "JPEG-LS"
    case .jpeg2000: "JPEG 2000"
    case .deflatedFrame: "deflated frame"
    }
  }
}
