// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

/// What a hostile file will try (A19 to A25): an error or a data set, soon, and no memory for what is only claimed.
@Suite struct HostileDataSetTests {
  private static let vrs = [
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN",
    "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV",
  ]

  /// A19: a length of each VR that is undefined, beyond the end, or odd.
  @Test(arguments: vrs)
  func lengthsThatLieAreRefused(vr: String) throws {
    let isLong = try #require(VR(name: vr)).hasLongLength
    let lengths = isLong ? [Raw.undefined, 0x7FFF_FFFE, 0xFFFF_FFFE, 0x10001] : [0xFFFF, 0x7FFE, 101]
    for length in lengths {
      let bytes = Raw.plain + Raw.element(0x11, 0x1001, vr, Array("abcdefgh".utf8), length: length)
      for syntax in [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .implicitVRLittleEndian] {
        #expect(throws: ReadingError.self, "\(vr) \(length)") { try DataSet(reading: bytes, transferSyntax: syntax) }
      }
    }
    // Odd, but there: borne, and the next element is read.
    let odd = Raw.element(0x11, 0x1001, vr == "SQ" ? "OB" : vr, [1, 2, 3]) + Raw.text(0x20, 0x10, "SH", "ab")
    #expect(try DataSet(reading: odd, transferSyntax: .explicitVRLittleEndian).string(.studyID) == "ab")
  }

  /// A19, A20: what 150 bytes claim is not set aside. In a process of its own, whose peak is the judge.
  @Test func claimsTakeNoMemory() async {
    await #expect(processExitsWith: .success) {
      var before = 0
      // Small lies first, so that what every reader needs once is there already.
      for isLarge in [false, true] {
        let claims = [
          Raw.element(0x7FE0, 0x10, "OB", [1, 2], length: isLarge ? 0xFFFF_FFFE : 200),
          Raw.element(0x10, 0x4000, "UT", [1, 2], length: isLarge ? 0x7FFF_FFFE : 200),
          Raw.element(2, 0x102, "ZZ", isLarge ? [0, 0, 0xFE, 0xFF, 0xFF, 0xFF] : [0, 0, 200, 0, 0, 0]),
          Raw.sequence(
            8, 0x1140, Raw.item([], length: isLarge ? 0x7FFF_FFFE : 200), length: isLarge ? 0xFFFF_FFF0 : 210),
        ]
        if isLarge { before = Memory.peakKiB }
        for claim in claims {
          _ = try? Part10File(reading: Raw.file(claim))
          _ = try? Part10File(reading: claim)
          var reader = PushReader(transferSyntax: .explicitVRLittleEndian, stoppingBefore: .pixelData)
          claim.withUnsafeBytes { try? reader.push($0) }
        }
      }
      let growth = Memory.peakKiB - before
      precondition(growth < 1024, "\(growth) KiB for four files of 150 bytes")
    }
  }

  /// A21: a million sequences in each other.
  @Test func nestingEndsAtItsLimit() throws {
    let level =
      Raw.sequence(8, 0x1140, Raw.item([], length: Raw.undefined), length: Raw.undefined)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(level.count << 20)
    bytes = level
    for _ in 0..<20 { bytes += bytes }
    #expect { try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian) } throws: { error in
      (error as? ReadingError)?.reason == .nestedTooDeeply(limit: 64)
    }
  }

  /// A22: empty sequences, items that nothing ends, delimiters that belong nowhere.
  @Test(
    arguments: [
      ("SQ of length 0", Raw.sequence(8, 0x1140, []), true),
      ("SQ that ends at once", Raw.sequence(8, 0x1140, Raw.sequenceDelimiter, length: Raw.undefined), true),
      ("SQ without its end", Raw.sequence(8, 0x1140, [], length: Raw.undefined), false),
      (
        "item without its end", Raw.sequence(8, 0x1140, Raw.item([], length: Raw.undefined), length: Raw.undefined),
        false
      ),
      (
        "item ended by the sequence's delimiter",
        Raw.sequence(8, 0x1140, Raw.item([], length: Raw.undefined) + Raw.sequenceDelimiter, length: Raw.undefined),
        false
      ),
      (
        "item of defined length with a delimiter",
        Raw.sequence(8, 0x1140, Raw.item([]) + Raw.itemDelimiter + Raw.sequenceDelimiter, length: Raw.undefined), true
      ),
      ("SQ of defined length with a delimiter", Raw.sequence(8, 0x1140, Raw.item([]) + Raw.sequenceDelimiter), true),
      ("item delimiter at the top", Raw.itemDelimiter, true),
      ("sequence delimiter at the top", Raw.sequenceDelimiter, true),
      ("item at the top", Raw.item([]), false), ("pixels without an end", pixels(Raw.item([1, 2])), false),
      ("pixels with an element in them", pixels(Raw.item([]) + Raw.plain), false),
      ("a fragment of undefined length", pixels(Raw.item([], length: Raw.undefined) + Raw.sequenceDelimiter), false),
      ("a VR of NULs", Raw.element(0x10, 0x20, "\0\0", [1, 2]), true),
    ])
  func structuresAreReadOrRefused(what: String, bytes: [UInt8], isRead: Bool) throws {
    let rest = Raw.text(0x7FE1, 0x10, "LO", "ab")
    let read = try? DataSet(reading: bytes + rest, transferSyntax: .explicitVRLittleEndian)
    #expect((read != nil) == isRead, "\(what)")
    if let read { #expect(read.strings(DICOMData.Tag(0x7FE1, 0x10)) == ["ab"]) }
  }

  private static func pixels(_ items: [UInt8]) -> [UInt8] {
    Raw.element(0x7FE0, 0x10, "OB", items, length: Raw.undefined)
  }

  /// A22: forty small files of many vendors, cut at every byte: an error, or fewer elements.
  @Test(
    .enabled(if: Corpus.isThere, "the corpus is not beside the package"),
    arguments: Corpus.files.filter { $0.verdict == "accept" }.sorted { $0.size < $1.size }.prefix(40))
  func noCutIsFatal(file: Corpus.File) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file.path)))
    let whole = try Part10File(reading: bytes).dataSet.entries.count
    for end in bytes.indices {
      guard let (cut, failure) = try? Part10File.readable(Bytes(Array(bytes[..<end]))) else { continue }
      #expect(cut.dataSet.entries.count <= whole)
      #expect(failure == nil || failure.map { $0.offset <= end } == true)
      // What is left can be shown.
      if end % 97 == 0 { _ = TextDump(cut).text }
    }
  }

  /// A23: twice, out of order, and where they do not belong; the first of two counts, and nothing is lost.
  @Test func elementsOutOfPlaceAreKept() throws {
    let bytes =
      Raw.element(0, 0x110, "US", [1, 0]) + Raw.text(2, 0x10, "UI", "1.2\0") + Raw.plain
      + Raw.text(0x10, 0x20, "LO", "ab") + Raw.text(0x10, 0x20, "LO", "cd") + Raw.text(8, 0x60, "CS", "CT")
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.string(.patientID) == "ab")
    #expect(read.string(.modality) == "CT")
    #expect(read.topLevelElements.count == 7)
    #expect(try DataSetBuilder(read).encoded(as: .explicitVRLittleEndian) == bytes)
    let doubled = Raw.file(
      Raw.plain, meta: Raw.text(2, 0x10, "UI", "1.2.840.10008.1.2.1\0") + Raw.text(2, 0x10, "UI", "1.2\0"))
    #expect(try Part10File(reading: doubled).transferSyntax == .explicitVRLittleEndian)
  }

  /// A25: a million empty elements, a million private creators, ten thousand values: in one go, by all readers.
  @Test(.timeLimit(.minutes(10)))
  func manyElementsTakeLinearTime() throws {
    var tiny: [UInt8] = []
    var creators: [UInt8] = []
    for index in 0..<1_000_000 {
      tiny += [0x11, 0x10, UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8), 0x4C, 0x4F, 0, 0]
      let block = UInt8(truncatingIfNeeded: 0x10 + index % 0xF0)
      creators += [UInt8(truncatingIfNeeded: index / 0xF0 * 2) | 1, 0x20, block, 0, 4, 0, 0, 0, 0x47, 0x45, 0x4D, 0x53]
    }
    #expect(try DataSet(reading: tiny, transferSyntax: .explicitVRLittleEndian).entries.count == 1_000_000)
    #expect(try DataSet(reading: creators, transferSyntax: .implicitVRLittleEndian).entries.count == 1_000_000)
    var reader = PushReader(transferSyntax: .explicitVRLittleEndian, stoppingBefore: .pixelData)
    try tiny.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 65_537) {
        try reader.push(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 65_537, bytes.count)]))
      }
    }
    try reader.finish()
    #expect(reader.header?.entries.count == 1_000_000)
    let uids = Array(repeatElement("1.2.840.10008.1", count: 4000).joined(separator: "\\").utf8)
    let read = try DataSet(
      reading: Raw.element(8, 0x18, "UI", uids, length: uids.count), transferSyntax: .explicitVRLittleEndian)
    #expect(read.strings(.sopInstanceUID).count == 4000)
  }

  @Test func anIndexHasALimit() throws {
    var options = ReadingOptions.lenient
    options.longestIndex = 300
    let bytes = (0..<1000).flatMap { Raw.element(0x11, 0x1000 + UInt16($0), "LO", []) }
    #expect { try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian, options: options) } throws: {
      error in
      (error as? ReadingError)?.reason == .tooManyElements(limit: 300)
    }
  }

  /// A26: deflated twice is inflated once; what it is then, no reader knows.
  @Test func aNestedBombIsInflatedOnce() throws {
    let zeros = [UInt8](repeating: 0, count: 8 << 20)
    let nested = Deflater.deflated(Deflater.deflated(zeros))
    let read = try? DataSet(reading: nested, transferSyntax: .deflatedExplicitVRLittleEndian)
    #expect(read?.bytes.count ?? 0 < 64 << 10)
    var options = ReadingOptions.lenient
    options.freeInflation = 1 << 20
    #expect {
      try DataSet(reading: Deflater.deflated(zeros), transferSyntax: .deflatedExplicitVRLittleEndian, options: options)
    } throws: { error in
      (error as? ReadingError)?.reason == .inflatesTooMuch
    }
  }

  /// A26: what a bomb in one piece inflates to is read as it comes, never collected first.
  @Test func aBombInOnePieceIsReadUpToTheLimit() throws {
    let value = [UInt8](repeating: 0, count: 8 << 20)
    let bomb = Deflater.deflated(Raw.plain + Raw.element(0x7FE0, 0x10, "OB", value))
    var options = ReadingOptions.lenient
    options.inflatedLimit = 1 << 20
    var reader = PushReader(transferSyntax: .deflatedExplicitVRLittleEndian, stoppingBefore: nil, options: options)
    var told: [DICOMData.Tag] = []
    #expect(throws: ReadingError.self) {
      try bomb.withUnsafeBytes { bytes in
        try reader.push(bytes) { event throws(ReadingError) in
          if case .element(let element) = event { told.append(element.tag) }
        }
      }
    }
    #expect(told.prefix(2) == [.sopClassUID, .sopInstanceUID])
  }

  /// An item in implicit VR in an explicit data set: its elements, their VRs and what follows; the same bytes again.
  @Test(arguments: [0, Raw.undefined])
  func anImplicitItemIsRead(length: Int) throws {
    let inner = Raw.implicit(8, 0x1150, Array("1.2 ".utf8)) + Raw.implicit(8, 0x1155, Array("2.25.1".utf8))
    let item =
      length == 0 ? Raw.item(inner) : Raw.item(inner, length: length) + Raw.itemDelimiter + Raw.item(Raw.plain)
    let bytes = Raw.plain + Raw.sequence(8, 0x1140, item) + Raw.text(0x10, 0x20, "LO", "ab")
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.items(.referencedImageSequence).first?.string(.referencedSOPInstanceUID) == "2.25.1")
    #expect(read.items(.referencedImageSequence).first?[.referencedSOPInstanceUID]?.vr == .ui)
    #expect(read.items(.referencedImageSequence).last?.topLevelElements.count == 2)
    #expect(read.string(.patientID) == "ab")
    let builder = try DataSetBuilder(read)
    #expect(builder.encoded(as: .explicitVRLittleEndian) == bytes)
    let moved = try DataSet(
      reading: builder.encoded(as: .explicitVRBigEndian), transferSyntax: .explicitVRBigEndian, options: .lenient)
    #expect(JSONModel().text(of: moved) == JSONModel().text(of: read))
  }

  /// An item's Pixel Representation is its own: "US or SS" behind it follows that of what holds it.
  @Test(arguments: [true, false])
  func anItemKeepsItsPixelRepresentation(isSignedInItem: Bool) throws {
    let value = { (isSigned: Bool) in Raw.implicit(0x28, 0x103, [isSigned ? 1 : 0, 0]) }
    let smallest = Raw.implicit(0x40, 0x9211, [0xFF, 0xFF])
    let bytes =
      value(!isSignedInItem) + Raw.implicit(0x40, 0x9096, Raw.item(value(isSignedInItem) + smallest)) + smallest
    let read = try DataSet(reading: bytes, transferSyntax: .implicitVRLittleEndian)
    let tag = DICOMData.Tag(0x40, 0x9211)
    #expect(read[tag]?.vr == (isSignedInItem ? .us : .ss))
    #expect(read.items(DICOMData.Tag(0x40, 0x9096)).first?[tag]?.vr == (isSignedInItem ? .ss : .us))
  }

  /// zlib names its window in the first byte; raw deflate has no such header.
  @Test(arguments: [8, 9, 12, 15, -9, -15])
  func everyDeflatedFormIsRead(windowBits: Int32) throws {
    let bytes = Deflater.deflated(Raw.plain, windowBits: windowBits)
    let read = try DataSet(reading: bytes, transferSyntax: .deflatedExplicitVRLittleEndian)
    #expect(read.string(.sopInstanceUID) == "2.25.7")
  }

  /// PS3.10 §7.1: Private Information (0002,0102) may be long.
  @Test func groupTwoMayBeLong() throws {
    let meta = Raw.text(2, 0x10, "UI", "1.2.840.10008.1.2.1\0") + Raw.text(2, 0x100, "UI", "2.25.5")
    let bytes = Raw.file(Raw.plain, meta: meta + Raw.element(2, 0x102, "OB", [UInt8](repeating: 7, count: 300_000)))
    #expect(try Part10File(reading: bytes).dataSet.string(.sopInstanceUID) == "2.25.7")
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(bytes).write(to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path(percentEncoded: false)
    #expect(try Part10File(path: path, stoppingBefore: .pixelData).dataSet.string(.sopInstanceUID) == "2.25.7")
  }

  /// Everything before the error is there, and the error says where.
  @Test func whatIsReadableIsRead() throws {
    let good = Raw.file(Raw.plain + Raw.text(0x10, 0x20, "LO", "ab"))
    let broken = good + Raw.element(0x7FE0, 0x10, "OW", [1, 2, 3, 4], length: 400)
    let (file, failure) = try Part10File.readable(Bytes(broken))
    #expect(file.dataSet.string(.patientID) == "ab")
    #expect(failure?.reason == .truncated)
    #expect(failure?.offset == good.count)
    #expect(failure?.tagPath == [.pixelData])
  }
}

enum Memory {
  /// The most that this process has held.
  static var peakKiB: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? .max
  }
}
