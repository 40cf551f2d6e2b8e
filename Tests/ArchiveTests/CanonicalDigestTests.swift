// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Testing

@testable import Archive

@Suite struct CanonicalDigestTests {
  /// Something of everything: text, numbers of each size, sequences in sequences, pixels.
  static func rich(_ change: (inout DataSetBuilder) -> Void = { _ in }) -> DataSetBuilder {
    var inner = DataSetBuilder()
    inner.set(DICOMData.Tag(0x0008, 0x0100), .sh, "T-1")
    inner.setIntegers(DICOMData.Tag(0x0028, 0x0010), .us, [513])
    var item = DataSetBuilder()
    item.set(.referencedSOPInstanceUID, .ui, "1.2.3")
    item.setSequence(.procedureCodeSequence, [inner, inner])
    var builder = DataSetBuilder(characterSet: .utf8)
    builder.set(.specificCharacterSet, .cs, "ISO_IR 192")
    builder.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
    builder.set(.sopInstanceUID, .ui, "1.2.3.4")
    builder.set(.patientName, .pn, "Müller^Jürgen")
    builder.set(.patientID, .lo, "P1")
    builder.setSequence(.referencedImageSequence, [item, DataSetBuilder()])
    builder.setIntegers(.rows, .us, [258])
    builder.setIntegers(DICOMData.Tag(0x0028, 0x9001), .ul, [0x0102_0304])
    builder.setDecimals(DICOMData.Tag(0x0018, 0x9073), .fd, [1.5])
    builder.setBytes(.frameIncrementPointer, .at, [0x18, 0x00, 0x63, 0x10])
    builder.setBytes(.pixelData, .ow, (0..<600).map { UInt8(truncatingIfNeeded: $0) })
    change(&builder)
    return builder
  }

  static func digest(_ bytes: [UInt8], _ syntax: TransferSyntax, pieces: Int = 1 << 20) throws -> [UInt8] {
    var digest = CanonicalDigest(transferSyntax: syntax)
    var rest = bytes[...]
    while !rest.isEmpty {
      try rest.prefix(pieces).withUnsafeBytes { try digest.push($0) }
      rest = rest.dropFirst(pieces)
    }
    return try digest.finish()
  }

  @Test(
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
      .deflatedExplicitVRLittleEndian,
    ], [1, 7, 1 << 20])
  func theEncodingDoesNotCount(syntax: TransferSyntax, pieces: Int) throws {
    let plain = try Self.digest(Self.rich().encoded(as: .explicitVRLittleEndian), .explicitVRLittleEndian)
    #expect(try Self.digest(Self.rich().encoded(as: syntax), syntax, pieces: pieces) == plain)
  }

  private static func tag(_ element: UInt16) -> DICOMData.Tag { DICOMData.Tag(0x0009, element) }

  /// Elements of a block that no dictionary has, in sequences in one another.
  private static func secret(_ number: Int, levels: Int = 3, bulk: Int = 0) -> DataSetBuilder {
    var builder = DataSetBuilder()
    builder.set(tag(0x0010), .lo, "COLLIMATOR TEST")
    builder.setBytes(tag(0x1001), .lo, Array("odd\0  ".utf8))
    builder.setIntegers(tag(0x1002), .us, [number, 1])
    builder.setDecimals(tag(0x1003), .fd, [1.5])
    builder.setBytes(tag(0x1004), .ow, [1, 2, 3, 4] + Array(repeating: 7, count: bulk))
    builder.setSequence(tag(0x1005), [])
    if levels > 0 { builder.setSequence(tag(0x1006), [secret(number, levels: levels - 1, bulk: bulk), rich()]) }
    return builder
  }

  /// What a reader of Implicit VR cannot know of a private element is not asked of the others.
  @Test(
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
      .deflatedExplicitVRLittleEndian,
    ], [0, 2 << 20])
  func whatIsPrivateIsTheSameInEachEncoding(syntax: TransferSyntax, bulk: Int) throws {
    let plain = try Self.digest(
      Self.secret(513, bulk: bulk).encoded(as: .explicitVRLittleEndian), .explicitVRLittleEndian)
    let bytes = Self.secret(513, bulk: bulk).encoded(as: syntax)
    for pieces in bulk == 0 ? [1, 7, 1 << 20] : [65_537] {
      #expect(try Self.digest(bytes, syntax, pieces: pieces) == plain)
    }
    // Also that deep something else is something else.
    let other = Self.secret(514, bulk: bulk).encoded(as: syntax)
    #expect(try Self.digest(other, syntax) != plain)
  }

  /// By hand: a private sequence of undefined length, of defined length, as UN, and what only begins like one.
  @Test func aPrivateSequenceIsTheSameHoweverItIsWritten() throws {
    let value: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 10, 0, 0, 0] + [0x09, 0x00, 0x02, 0x10, 2, 0, 0, 0, 1, 0]
    let explicit: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 10, 0, 0, 0] + [0x09, 0x00, 0x02, 0x10, 0x55, 0x53, 2, 0, 1, 0]
    let end: [UInt8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let header: [UInt8] = [0x09, 0x00, 0x06, 0x10]
    let sequence = header + [0x53, 0x51, 0, 0]
    let unknown = header + [0x55, 0x4E, 0, 0]
    let digests = try [
      Self.digest(sequence + [18, 0, 0, 0] + explicit, .explicitVRLittleEndian),
      Self.digest(sequence + [0xFF, 0xFF, 0xFF, 0xFF] + explicit + end, .explicitVRLittleEndian),
      Self.digest(unknown + [18, 0, 0, 0] + value, .explicitVRLittleEndian),
      Self.digest(unknown + [0xFF, 0xFF, 0xFF, 0xFF] + value + end, .explicitVRLittleEndian),
      Self.digest(header + [18, 0, 0, 0] + value, .implicitVRLittleEndian),
    ]
    #expect(Set(digests).count == 1)
    var others = [digests[0]]
    for odd in [value + end, value + [0xFE, 0xFF], value + [0, 0, 0, 0], Array(value.dropLast(2)), value + value] {
      others.append(try Self.digest(header + [UInt8(odd.count), 0, 0, 0] + odd, .implicitVRLittleEndian))
    }
    #expect(Set(others).count == others.count)
  }

  /// Values of UN in one another are read to some depth, whatever is sent.
  @Test func aTowerOfUnknownValuesEnds() throws {
    var value: [UInt8] = []
    for _ in 0..<2000 {
      let item = [0x09, 0x00, 0x06, 0x10] + Self.length(value) + value
      value = [0xFE, 0xFF, 0x00, 0xE0] + Self.length(item) + item
    }
    let tower = [0x09, 0x00, 0x06, 0x10] + Self.length(value) + value
    #expect(try Self.digest(tower, .implicitVRLittleEndian).count == 32)
  }

  private static func length(_ bytes: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
  }

  enum Change: CaseIterable {
    case aName, aNumber, swappedNumber, noNumber, aPixel, fewerPixels, oneItemFewer, anElementLess, anEmptyElement
    case aLeadingSpace, anotherItem

    func apply(to builder: inout DataSetBuilder) {
      switch self {
      case .aName: builder.set(.patientName, .pn, "Müller^Jurgen")
      case .aNumber: builder.setIntegers(.rows, .us, [259])
      case .swappedNumber: builder.setIntegers(.rows, .us, [513])
      case .noNumber: builder.setIntegers(.rows, .us, [])
      case .aPixel:
        builder.setBytes(.pixelData, .ow, (0..<600).map { UInt8(truncatingIfNeeded: $0 == 599 ? 0 : $0) })
      case .fewerPixels: builder.setBytes(.pixelData, .ow, (0..<598).map { UInt8(truncatingIfNeeded: $0) })
      case .oneItemFewer: builder.setSequence(.referencedImageSequence, [])
      case .anElementLess: builder.remove(.patientID)
      case .anEmptyElement: builder.setEmpty(.studyID, .sh)
      case .aLeadingSpace: builder.set(.patientID, .lo, " P1")
      case .anotherItem: builder.setSequence(.referencedImageSequence, [DataSetBuilder(), DataSetBuilder()])
      }
    }
  }

  /// Element by element: what says something else has another digest.
  @Test(arguments: Change.allCases)
  func whatIsSaidCounts(change: Change) throws {
    let plain = try Self.digest(Self.rich().encoded(as: .explicitVRLittleEndian), .explicitVRLittleEndian)
    let changed = Self.rich { change.apply(to: &$0) }
    for syntax in [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .implicitVRLittleEndian] {
      #expect(try Self.digest(changed.encoded(as: syntax), syntax) != plain, "\(change) in \(syntax)")
    }
  }

  /// By hand: undefined lengths, group lengths, more padding, Data Set Trailing Padding.
  @Test func formsOfLengthAndPaddingDoNotCount() throws {
    let short: [UInt8] =
      [0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 16, 0, 0, 0]  // SQ of 16 bytes
      + [0xFE, 0xFF, 0x00, 0xE0, 8, 0, 0, 0] + [0x08, 0x00, 0x00, 0x01, 0x53, 0x48, 0, 0]
      + [0x10, 0x00, 0x20, 0x00, 0x4C, 0x4F, 2, 0] + Array("P1".utf8)
    let long: [UInt8] =
      [0x08, 0x00, 0x00, 0x00, 0x55, 0x4C, 4, 0, 0x24, 0, 0, 0]  // a group length
      + [0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
      + [0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF] + [0x08, 0x00, 0x00, 0x01, 0x53, 0x48, 0, 0]
      + [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0] + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
      + [0x10, 0x00, 0x20, 0x00, 0x4C, 0x4F, 6, 0] + Array("P1    ".utf8)
      + [0xFC, 0xFF, 0xFC, 0xFF, 0x4F, 0x42, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    let plain = try Self.digest(short, .explicitVRLittleEndian)
    for pieces in [1, 5, 4096] {
      #expect(try Self.digest(long, .explicitVRLittleEndian, pieces: pieces) == plain, "\(pieces)")
    }
  }

  /// A value too long to be kept is hashed as it passes, in either byte order.
  @Test func bulkIsTheSameInEitherByteOrder() throws {
    let pixels = (0..<3_000_002).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let builder = Self.rich { $0.setBytes(.pixelData, .ow, pixels) }
    let plain = try Self.digest(builder.encoded(as: .explicitVRLittleEndian), .explicitVRLittleEndian)
    #expect(try Self.digest(builder.encoded(as: .explicitVRBigEndian), .explicitVRBigEndian, pieces: 65_537) == plain)
    var changed = pixels
    changed[3_000_001] ^= 1
    let other = Self.rich { $0.setBytes(.pixelData, .ow, changed) }
    #expect(try Self.digest(other.encoded(as: .explicitVRLittleEndian), .explicitVRLittleEndian) != plain)
  }

  /// Compressed pixels are compared as they are, with their transfer syntax.
  @Test func compressedPixelsCountWithTheirSyntax() throws {
    let fragments: [UInt8] =
      [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
      + [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0] + [0xFE, 0xFF, 0x00, 0xE0, 4, 0, 0, 0, 0xFF, 0xD8, 0xFF, 0xD9]
      + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    var other = fragments
    other[31] = 0xDA
    let baseline = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.50"))
    let lossless = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.70"))
    let digest = try Self.digest(fragments, baseline)
    #expect(try Self.digest(fragments, baseline, pieces: 3) == digest)
    #expect(try Self.digest(other, baseline) != digest)
    #expect(try Self.digest(fragments, lossless) != digest)
  }
}
