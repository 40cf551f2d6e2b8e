// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

@Suite struct WritingTests {
  /// What was read and not changed is written back byte for byte, though put together again element by element.
  /// One that is written for each object that comes, and the same by the builder of all data sets.
  @Test(
    arguments: [
      ("1.2.3", "MOD"), ("1.2.34", ""), ("1.2.3", "A MOD"), ("1.2\\3", "M\u{e9}"), ("", "MODALITY"), ("1.2 ", "X"),
    ])
  func groupTwoIsTheSameHoweverItIsWritten(instance: String, title: String) {
    for note in [[], [1], [1, 2]] as [[UInt8]] {
      let encoded = FileMetaInformation.encoded(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: instance, transferSyntaxUID: "1.2.840.10008.1.2.1",
        sourceAETitle: title, privateInformation: note)
      let built = FileMetaInformation.built(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: instance, transferSyntaxUID: "1.2.840.10008.1.2.1",
        sourceAETitle: title, privateInformation: note, versionName: Implementation.versionName)
      #expect(encoded == built)
    }
  }

  @Test(.enabled(if: Corpus.isThere, "the corpus is not beside the package"), arguments: Corpus.files)
  func everyAcceptedFileIsWrittenAsItWas(file: Corpus.File) throws {
    guard file.verdict == "accept" else { return }
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file.path)))
    let read = try Part10File(reading: bytes)
    #expect(read.encoded == bytes)
    // Not only as a whole: an element that is set and removed again leaves nothing behind.
    var builder = try DataSetBuilder(read.dataSet)
    guard read.dataSet[.patientComments] == nil else { return }
    builder.set(.patientComments, .lt, "x")
    let changed = builder.encoded(as: read.transferSyntax)
    builder.remove(.patientComments)
    #expect(builder.encoded(as: read.transferSyntax).count < changed.count)
  }

  /// In another syntax the values are the same: there and back, and there once more.
  @Test(
    .enabled(if: Corpus.isThere, "the corpus is not beside the package"), arguments: Corpus.files)
  func valuesSurviveEverySyntax(file: Corpus.File) throws {
    guard file.verdict == "accept", file.size < 60_000 else { return }
    let read = try Part10File(reading: [UInt8](try Data(contentsOf: URL(filePath: file.path)))).dataSet
    guard !read.transferSyntax.isEncapsulated else { return }
    let expected = JSONModel(bulkData: .inline).text(of: read)
    for syntax in [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian] {
      let written = try DataSetBuilder(read).encoded(as: syntax)
      let again = try DataSet(reading: written, transferSyntax: syntax)
      // A value too long for its VR becomes UN; nothing else changes.
      if !expected.contains("\"UN\"") {
        #expect(JSONModel(bulkData: .inline).text(of: again) == expected || again.hasLongValues, "\(syntax)")
      }
      let back = try DataSetBuilder(again).encoded(as: syntax)
      #expect(back == written || syntax.isDeflated)
    }
  }

  @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian])
  func oneElementIsChangedAndAllOthersStay(syntax: TransferSyntax) throws {
    let bytes = Samples.nested.encoded(as: syntax)
    let read = try DataSet(reading: bytes, transferSyntax: syntax)
    var builder = try DataSetBuilder(read)
    builder.set(.patientID, .lo, "P7")
    let changed = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    #expect(changed.string(.patientID) == "P7")
    #expect(changed.topLevelElements.map(\.tag) == read.topLevelElements.map(\.tag))
    for element in read.topLevelElements where element.tag != .patientID {
      #expect(changed[element.tag]?.value == element.value)
    }
  }

  /// Text that the character set lacks does not become question marks: the data set is written in UTF-8, all of it.
  @Test func textBeyondTheCharacterSetMovesAllToUTF8() throws {
    var latin = DataSetBuilder(characterSet: SpecificCharacterSet(["ISO_IR 100"]))
    latin.set(.specificCharacterSet, .cs, "ISO_IR 100")
    latin.set(.patientName, .pn, "Müller^Jürgen")
    var item = DataSetBuilder()
    item.set(.codeMeaning, .lo, "Schädel")
    latin.setSequence(.conceptNameCodeSequence, [item])
    let syntax = TransferSyntax.explicitVRLittleEndian
    let read = try DataSet(reading: latin.encoded(as: syntax), transferSyntax: syntax)
    #expect(read[.patientName]?.length == 14)
    var builder = try DataSetBuilder(read)
    builder.set(.institutionName, .lo, "病院")
    let moved = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    #expect(moved.strings(.specificCharacterSet) == ["ISO_IR 192"])
    #expect(moved.string(.patientName) == "Müller^Jürgen")
    #expect(moved.string(.institutionName) == "病院")
    #expect(moved.items(.conceptNameCodeSequence).first?.string(.codeMeaning) == "Schädel")
  }

  /// PS3.5 §6.2.2: what 16 bits cannot count is UN, not cut.
  @Test func aValueTooLongForItsLengthIsUN() throws {
    var builder = DataSetBuilder()
    builder.set(.patientComments, .lt, String(repeating: "x", count: 70_000))
    builder.setIntegers(.rows, .us, [7])
    let bytes = builder.encoded(as: .explicitVRLittleEndian)
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(read.integer(.rows) == 7)
    #expect(read[.patientComments]?.vr == .un)
    #expect(read.string(.patientComments)?.utf8.count == 70_000)
  }

  /// PS3.5 §6.2.2: a value of UN is little endian in every transfer syntax.
  @Test func aLongValueIsLittleEndianInUN() throws {
    var builder = DataSetBuilder()
    builder.setIntegers(.rows, .us, Array(repeating: 0x0102, count: 40_000))
    let bytes = builder.encoded(as: .explicitVRBigEndian)
    #expect(bytes[12..<14] == [0x02, 0x01])
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRBigEndian)
    #expect(read[.rows]?.vr == .un)
    #expect(read.integer(.rows) == 0x0102)
    #expect(read[.rows]?.numbers(of: UInt16.self).last == 0x0102)
    let again = try DataSetBuilder(read).encoded(as: .explicitVRLittleEndian)
    #expect(try DataSet(reading: again, transferSyntax: .explicitVRLittleEndian).integer(.rows) == 0x0102)
  }

  @Test(arguments: [EncapsulatedPixelData.OffsetTable.none, .basic, .extended])
  func framesAreFoundByTheirTable(table: EncapsulatedPixelData.OffsetTable) throws {
    let frames: [[UInt8]] = [[1, 2, 3, 4], [5, 6, 7], [8, 9]]
    var builder = DataSetBuilder()
    builder.setEncapsulatedPixelData(frames: frames, offsetTable: table)
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.5"))
    let read = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    let pixels = try #require(EncapsulatedPixelData(read))
    #expect(pixels.offsetTable == table)
    #expect(pixels.frames(count: 3) == [0..<1, 1..<2, 2..<3])
    #expect(pixels.fragments.map(Array.init) == [[1, 2, 3, 4], [5, 6, 7, 0], [8, 9]])
    #expect(pixels.frames(count: 2) == nil)
  }

  /// A frame of many fragments, and tables that lie.
  @Test(
    arguments: [
      ([0, 24], [0..<2, 2..<3]), ([0], nil), ([0, 23], nil), ([24, 0], nil), ([0, 4_000_000_000], nil),
    ] as [([Int], [Range<Int>]?)])
  func fragmentsBelongToFrames(offsets: [Int], frames: [Range<Int>]?) throws {
    var builder = DataSetBuilder()
    let table = offsets.flatMap { offset in (0..<4).map { UInt8(truncatingIfNeeded: offset >> ($0 * 8)) } }
    builder.put(.pixelData, .ob, .fragments([table, [1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]))
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.50"))
    let read = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    #expect(EncapsulatedPixelData(read)?.frames(count: 2) == frames)
  }
}

extension DataSet {
  fileprivate var hasLongValues: Bool {
    entries.contains { $0.length > 0xFFFE && !$0.vr.hasLongLength }
  }
}
