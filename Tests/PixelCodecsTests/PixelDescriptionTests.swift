// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

/// Attack lines A24 and A38: what a data set claims is judged by arithmetic, before any codec sees a byte.
struct PixelDescriptionTests {
  private static func source(
    _ syntax: TransferSyntax = .explicitVRLittleEndian, pixelBytes: Int = 256, change: (inout DataSetBuilder) -> Void
  ) throws -> Result<FrameSource, PixelError> {
    var builder = Samples.attributes(of: try Samples.layout(8, 16, allocated: 16))
    change(&builder)
    if syntax.isEncapsulated {
      builder.setEncapsulatedPixelData(frames: [[UInt8](repeating: 0x55, count: pixelBytes)])
    } else {
      builder.setBytes(.pixelData, .ow, [UInt8](repeating: 0x55, count: pixelBytes))
    }
    let dataSet = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    do throws(PixelError) {
      let source = try FrameSource(dataSet)
      for index in [0, source.count - 1] { _ = try source.frame(index) }
      return .success(source)
    } catch {
      return .failure(error)
    }
  }

  @Test func whatIsRightIsTaken() throws {
    let source = try Self.source { _ in }.get()
    #expect(source.count == 1)
    #expect(try source.frame(0).bytes.count == 256)
    #expect(throws: PixelError.noSuchFrame(number: 2, count: 1)) { try source.frame(1) }
    #expect(throws: PixelError.noSuchFrame(number: 0, count: 1)) { try source.frame(-1) }
  }

  static let claims =
    [
      ("65535 × 65535 of 256 bytes", [(Tag.rows, 65535), (.columns, 65535)]),
      ("65535 × 65535 × 65535 frames", [(.rows, 65535), (.columns, 65535), (.numberOfFrames, 65535)]),
      ("more frames than 31 bits count", [(.numberOfFrames, 1 << 31)]),
      ("no rows", [(.rows, 0)]), ("no columns", [(.columns, 0)]), ("rows of 32 bits", [(.rows, 1 << 20)]),
      ("no samples", [(.samplesPerPixel, 0)]), ("65535 samples", [(.samplesPerPixel, 65535)]),
      ("no bits", [(.bitsAllocated, 0)]), ("7 bits", [(.bitsAllocated, 7)]), ("65535 bits", [(.bitsAllocated, 65535)]),
      ("17 of 16 bits", [(.bitsStored, 17)]), ("no bits stored", [(.bitsStored, 0)]),
      ("two frames of one's bytes", [(.numberOfFrames, 2)]),
      ("twice the rows", [(.rows, 16)]),
    ] as [(String, [(DICOMData.Tag, Int)])]

  @Test(arguments: claims)
  func claimsThatCannotBeAreRefused(_ name: String, changes: [(DICOMData.Tag, Int)]) throws {
    for syntax in [TransferSyntax.explicitVRLittleEndian, try #require(TransferSyntax(uid: "1.2.840.10008.1.2.5"))] {
      // A stream may well be short: what it really holds is the codec's to say.
      if syntax.isEncapsulated, name == "twice the rows" { continue }
      let result = try Self.source(syntax) { builder in
        for (tag, value) in changes {
          switch tag {
          case .numberOfFrames: builder.set(tag, .is, "\(value)")
          case .rows where value > 65535: builder.setIntegers(tag, .ul, [value])
          default: builder.setIntegers(tag, .us, [value])
          }
        }
      }
      guard case .failure(let error) = result else {
        Issue.record("\(name) was taken")
        continue
      }
      #expect(!error.description.isEmpty)
    }
  }

  /// Where the stored bits cannot end: it is not believed, and the samples are as they stand.
  @Test(arguments: [0, 14, 16, 65535])
  func highBitsThatCannotBeChangeNothing(_ highBit: Int) throws {
    let source = try Self.source { $0.setIntegers(.highBit, .us, [highBit]) }.get()
    #expect(source.description.highBit == 15)
    #expect(try source.frame(0).bytes.count == 256)
  }

  /// UL for US, of a value that fits, is what some writers do.
  @Test func rowsAsULAreTaken() throws {
    _ = try Self.source { $0.setIntegers(.rows, .ul, [8]) }.get()
  }

  static let missing: [DICOMData.Tag] = [.rows, .columns, .bitsAllocated]

  @Test(arguments: missing)
  func whatHasToBeThereIsAskedFor(_ tag: DICOMData.Tag) throws {
    guard case .failure(.missing(tag)) = try Self.source(change: { $0.remove(tag) }) else {
      Issue.record("\(tag) is not missed")
      return
    }
  }

  @Test func withoutPixelsThereAreNone() throws {
    let builder = Samples.attributes(of: try Samples.layout(8, 16))
    let dataSet = try DataSet(
      reading: builder.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian)
    #expect(throws: PixelError.noPixelData) { try FrameSource(dataSet) }
  }

  static let undecoded = [
    "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.108", "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.4.92",
  ]

  @Test(arguments: undecoded)
  func whatNoCodecDecodesIsRefusedWithThatReason(_ uid: String) throws {
    let syntax = try #require(TransferSyntax(uid: uid))
    guard case .failure(.unsupported(syntax, let why)) = try Self.source(syntax, change: { _ in }) else {
      Issue.record("\(syntax) is taken")
      return
    }
    #expect(!why.isEmpty)
  }

  /// PS3.5 §8.1.1: what stands behind a frame's samples in its last byte is not the next frame's.
  @Test(arguments: [[0b0000_0101], [0b1111_1101], [0b1010_0101, 0xFF]] as [[UInt8]])
  func aFramesPaddingIsNotTheNextFrames(first: [UInt8]) throws {
    let layout = try Samples.layout(1, 3, allocated: 1)
    let frames = [first, [0b1111_1010], [0b0000_0001]].map { DecodedFrame(layout: layout, bytes: $0) }
    #expect(DecodedFrame.joined(frames) == [0b0101_0101, 0])
  }
}
