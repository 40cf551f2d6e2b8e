// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

@Suite struct ReadingTests {
  /// The index's verdicts: what has to be read is read, what has to be refused is refused, and nothing is fatal.
  @Test(.enabled(if: Corpus.isThere, "the corpus is not beside the package"), arguments: Corpus.files)
  func theCorpusIsJudgedAsItsIndexSays(file: Corpus.File) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file.path)))
    let read = Result { try Part10File(reading: bytes) }
    switch file.verdict {
    case "accept": #expect(throws: Never.self) { try read.get() }
    case "reject": #expect(throws: ReadingError.self) { try read.get() }
    default: break
    }
    guard let whole = try? read.get() else { return }
    _ = JSONModel(bulkData: .omit).text(of: whole)
    _ = TextDump(whole).text
  }

  /// The push reader sees in any split what the whole reader sees before the stop.
  @Test(.enabled(if: Corpus.isThere, "the corpus is not beside the package"), arguments: Corpus.files)
  func piecesAreReadAsTheWhole(file: Corpus.File) throws {
    guard file.verdict == "accept" else { return }
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file.path)))
    let head = try Part10Head(reading: bytes)
    let body = bytes[head.dataSetOffset...]
    let whole = try DataSet(
      reading: Array(body), transferSyntax: head.transferSyntax, stoppingBefore: .pixelData)
    for size in [1000, 7, 65_537] where body.count < 2_000_000 || size > 1000 {
      var reader = PushReader(transferSyntax: head.transferSyntax, stoppingBefore: .pixelData)
      var rest = body
      while !rest.isEmpty {
        try rest.prefix(size).withUnsafeBytes { try reader.push($0) }
        rest = rest.dropFirst(size)
      }
      try reader.finish()
      let header = try #require(reader.header)
      #expect(header.entries.map(\.tag) == whole.entries.map(\.tag), "pieces of \(size)")
      let wanted: [DICOMData.Tag] = [
        .sopInstanceUID, .patientName, .studyInstanceUID, .modality, .specificCharacterSet, .referencedImageSequence,
        .procedureCodeSequence,
      ]
      for tag in wanted { #expect(header.strings(tag) == whole.strings(tag)) }
      let some = try Self.pushed(body, by: size, head.transferSyntax, keeping: Set(wanted))
      #expect(some.topLevelElements.map(\.tag) == whole.topLevelElements.map(\.tag).filter(wanted.contains))
      for tag in wanted {
        #expect(some.strings(tag) == whole.strings(tag))
        #expect(some.items(tag).map(JSONModel().text) == whole.items(tag).map(JSONModel().text))
      }
    }
  }

  private static func pushed(
    _ bytes: ArraySlice<UInt8>, by size: Int, _ syntax: TransferSyntax, keeping wanted: Set<DICOMData.Tag>
  ) throws -> DataSet {
    var reader = PushReader(transferSyntax: syntax, stoppingBefore: .pixelData, keeping: wanted)
    var rest = bytes
    while !rest.isEmpty {
      try rest.prefix(size).withUnsafeBytes { try reader.push($0) }
      rest = rest.dropFirst(size)
    }
    try reader.finish()
    return try #require(reader.header)
  }

  /// A25: millions of elements that nobody asks for pass without a trace, and so does a sequence with all of them in it.
  @Test(arguments: [false, true])
  func whatIsNotWantedTakesNoMemory(isInSequence: Bool) async {
    await #expect(processExitsWith: .success) { [isInSequence] in
      let empty: [UInt8] = [0x11, 0, 0x01, 0x10, 0x4C, 0x4F, 0, 0]
      let piece = Array(repeatElement(empty, count: 8192).joined())
      var reader = PushReader(
        transferSyntax: .explicitVRLittleEndian, stoppingBefore: .pixelData, keeping: [.patientID])
      let begin =
        isInSequence ? Raw.sequence(8, 0x1140, Raw.item([], length: Raw.undefined), length: Raw.undefined) : []
      try begin.withUnsafeBytes { try reader.push($0) }
      try piece.withUnsafeBytes { try reader.push($0) }
      let before = Memory.peakKiB
      for _ in 0..<100 { try piece.withUnsafeBytes { try reader.push($0) } }
      let end = isInSequence ? Raw.itemDelimiter + Raw.sequenceDelimiter : []
      try (end + Raw.text(0x12, 0x20, "LO", "x ")).withUnsafeBytes { try reader.push($0) }
      try reader.finish()
      precondition(reader.header?.entries.isEmpty == true)
      precondition(Memory.peakKiB - before < 2048, "\(Memory.peakKiB - before) KiB")
    }
  }

  /// A22: cut anywhere, a data set is refused or is shorter; no cut is fatal.
  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func everyTruncationIsAnErrorOrShorter(syntax: TransferSyntax) throws {
    let bytes = Samples.nested.encoded(as: syntax)
    let count = try DataSet(reading: bytes, transferSyntax: syntax).entries.count
    for end in 0..<bytes.count {
      guard let cut = try? DataSet(reading: Array(bytes.prefix(end)), transferSyntax: syntax) else { continue }
      #expect(cut.entries.count < count)
    }
  }

  /// Each byte set to each of some values: read or refused, never fatal.
  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func noSingleByteIsFatal(syntax: TransferSyntax) {
    let bytes = Samples.nested.encoded(as: syntax)
    for index in bytes.indices {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFE, 0xFF] {
        var broken = bytes
        broken[index] = value
        guard let read = try? DataSet(reading: broken, transferSyntax: syntax) else { continue }
        _ = JSONModel(bulkData: .inline).text(of: read)
      }
    }
  }

  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func whatIsBuiltIsReadAgain(syntax: TransferSyntax) throws {
    let read = try DataSet(reading: Samples.nested.encoded(as: syntax), transferSyntax: syntax)
    #expect(read.string(.patientName) == "Müller^Jürgen")
    #expect(read.strings(.imageType) == ["DERIVED", "", "X"])
    #expect(read.integer(.rows) == 512)
    let items = read.items(.conceptNameCodeSequence)
    #expect(items.count == 2)
    #expect(items.map { $0.string(.patientName) } == ["Åsa", nil])
  }

  @Test(arguments: [
    ("1.5", "1.5"), ("-0", "-0"), ("+1", "1.0"), ("01", "1.0"), ("1.", "1.0"), (".5", "0.5"), ("0x10", "\"0x10\""),
    ("1e5", "1e5"), ("nan", "\"nan\""), ("inf", "\"inf\""), ("twelve", "\"twelve\""),
  ])
  func decimalsAreJSON(value: String, json: String) throws {
    var builder = DataSetBuilder()
    builder.set(.patientWeight, .ds, value)
    let bytes = builder.encoded(as: .explicitVRLittleEndian)
    let text = JSONModel().text(of: try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian))
    #expect(text.contains("\"Value\": [\(json)]"), "\(text)")
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
  }

  /// A21: as deep as the limit, and deeper without using the stack.
  @Test(arguments: [(63, true), (64, true), (65, false), (100_000, false)])
  func nestingHasALimit(depth: Int, isRead: Bool) {
    let begin: [UInt8] = [
      0x08, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF,
    ]
    let end: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let bytes = Array(repeatElement(begin, count: depth).joined()) + Array(repeatElement(end, count: depth).joined())
    let read = try? DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect((read != nil) == isRead)
  }

  /// A19: a length is not believed: nothing is set aside for it.
  @Test(
    arguments: [
      ("an OB of 4 GiB less one", [0xE0, 0x7F, 0x10, 0, 0x4F, 0x42, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 1, 2]),
      ("a LO beyond the end", [0x10, 0, 0x20, 0, 0x4C, 0x4F, 0xFF, 0xFF, 0x41]),
      ("an undefined length on UI", [8, 0, 0x18, 0, 0x55, 0x54, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
      ("a sequence beyond the end", [8, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 8, 0, 0, 0, 0xFE, 0xFF, 0, 0xE0]),
      (
        "something else in a sequence",
        [8, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 8, 0, 0, 0, 8, 0, 0x18, 0, 0x55, 0x49, 0, 0]
      ),
      ("an item at the top", [0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0]),
    ] as [(String, [UInt8])])
  func liesAreRefused(what: String, bytes: [UInt8]) {
    #expect(throws: ReadingError.self, "\(what)") {
      try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    }
  }

  /// A26: a thousand bytes that inflate to a gigabyte are stopped.
  @Test func aDeflatedBombIsStopped() throws {
    var options = ReadingOptions()
    options.inflatedLimit = 1 << 20
    let bytes = [UInt8](repeating: 0, count: 1000)
    #expect(throws: ReadingError.self) {
      try DataSet(reading: bytes, transferSyntax: .deflatedExplicitVRLittleEndian, options: options)
    }
    let fixture = try Part10File(path: Samples.fixture("cr-child-2.dcm"))
    #expect(fixture.dataSet.string(.patientID) == "F102")
    options.inflatedLimit = 100
    #expect(throws: ReadingError.self) {
      try Part10File(path: Samples.fixture("cr-child-2.dcm"), options: options)
    }
  }

  /// Padding behind the last element, in any split and before or behind the stop.
  @Test(arguments: [1, 3, 7, 8, 64, 1000])
  func zerosBehindTheEndArePassedOver(size: Int) throws {
    for elements in [Raw.plain, Raw.plain + Raw.element(0x7FE0, 0x10, "OW", [1, 2])] {
      let bytes = elements + [UInt8](repeating: 0, count: 100)
      var reader = PushReader(transferSyntax: .explicitVRLittleEndian, stoppingBefore: .pixelData)
      for start in stride(from: 0, to: bytes.count, by: size) {
        try Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { try reader.push($0) }
      }
      try reader.finish()
      #expect(reader.header?.topLevelElements.map(\.tag) == [.sopClassUID, .sopInstanceUID])
    }
  }

  /// Elements are told as they are complete, long values in pieces that nobody keeps.
  @Test(arguments: [1, 7, 64, 5000])
  func elementsAreToldAsTheyArrive(size: Int) throws {
    var options = ReadingOptions.lenient
    options.longestKeptValue = 100
    let long = [UInt8](repeating: 7, count: 3000)
    let bytes =
      Raw.plain + Raw.sequence(8, 0x1140, Raw.item(Raw.text(8, 0x1155, "UI", "2.25.1")))
      + Raw.element(0x42, 0x11, "OB", long) + Raw.text(0x7FE0, 0x08, "LO", "ab") + Raw.element(0x7FE0, 0x10, "OW", long)
    var reader = PushReader(transferSyntax: .explicitVRLittleEndian, stoppingBefore: .pixelData, options: options)
    var told: [String] = []
    var bulk: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      try Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { piece in
        try reader.push(piece) { event throws(ReadingError) in
          switch event {
          case .element(let element): told.append(element.tag.hex + (element.isOmitted ? "…" : ""))
          case .bulkData(let piece): bulk += piece
          }
        }
      }
    }
    try reader.finish()
    #expect(told == ["00080016", "00080018", "00081140", "FFFEE000", "00081155", "00420011…", "7FE00008"])
    #expect(bulk == long)
    #expect(reader.header?.string(DICOMData.Tag(0x7FE0, 0x08)) == "ab")
  }
}
