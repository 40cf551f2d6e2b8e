// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DICOMData

/// Each deviation that has a name, in the least file that has it: it is named with its place, it is borne, and strict
/// reading refuses it.
@Suite struct ValidatorTests {
  private typealias Case = (kind: Deviation.Kind, file: [UInt8], tag: DICOMData.Tag?)

  private static let cases: [Case] = files + structures + values

  private static let files: [Case] = [
    (.missingPreamble, Raw.file(Raw.plain, preamble: []), nil),
    (.missingFileMetaInformation, Raw.plain, nil),
    (.wrongFileMetaGroupLength, Raw.file(Raw.plain, metaLength: 4), .fileMetaInformationGroupLength),
    (.missingFileMetaGroupLength, Array(Raw.file(Raw.plain)[..<132] + Raw.file(Raw.plain)[144...]), nil),
    (
      .implicitFileMetaInformation,
      Raw.file(Raw.plain)[..<132] + Raw.implicit(2, 0, Raw.le32(28))
        + Raw.implicit(2, 0x10, Array("1.2.840.10008.1.2.1\0".utf8)) + Raw.plain, nil
    ),
    (
      .incompleteFileMetaInformation, Raw.file(Raw.plain, meta: Raw.text(2, 0x10, "UI", "1.2.840.10008.1.2.1\0")),
      .fileMetaInformationVersion
    ),
    (
      .contradictoryFileMetaInformation, Raw.file(Raw.text(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2\0")),
      .mediaStorageSOPClassUID
    ),
    (.unknownTransferSyntax, Raw.file(Raw.plain, syntax: "1.2.3.4"), .transferSyntaxUID),
    (.transferSyntaxByKeyword, Raw.file(Raw.plain, syntax: "ExplicitVRLittleEndian"), .transferSyntaxUID),
    (.wrongTransferSyntax, Raw.file(Raw.plain, syntax: "1.2.840.10008.1.2"), nil),
    (.zlibHeader, Raw.file(zlib, syntax: "1.2.840.10008.1.2.1.99"), nil),
  ]

  /// What Python's zlib.compress makes of `Raw.plain`.
  private static let zlib: [UInt8] = [
    0x78, 0x9C, 0xE3, 0x60, 0x10, 0x63, 0x08, 0xF5, 0x94, 0x62, 0x30, 0xD4, 0x33, 0xD2, 0xB3, 0x30, 0x31, 0xD0,
    0x33, 0x34, 0x30, 0x30, 0xB0, 0xD0, 0x33, 0xD5, 0x33, 0xD4, 0x33, 0x01, 0x62, 0x43, 0x3D, 0x73, 0x06, 0x0E,
    0x06, 0x09, 0xA0, 0x0A, 0x36, 0x06, 0x23, 0x3D, 0x23, 0x53, 0x3D, 0x73, 0x00, 0xB6, 0x7C, 0x07, 0x90, 0x00,
  ]

  private static let structures: [Case] = [
    (.oddLength, file(Raw.text(0x10, 0x20, "LO", "abc")), .patientID),
    (.outOfOrder, file(Raw.text(0x10, 0x20, "LO", "ab") + Raw.text(0x10, 0x10, "PN", "ab")), .patientName),
    (.duplicateElement, file(Raw.text(0x10, 0x20, "LO", "ab") + Raw.text(0x10, 0x20, "LO", "cd")), .patientID),
    (
      .strayDelimiter,
      file(Raw.sequence(8, 0x1140, Raw.item([]) + Raw.itemDelimiter + Raw.sequenceDelimiter, length: Raw.undefined)),
      .itemDelimitationItem
    ),
    (
      .strayDelimiter, file(Raw.sequence(8, 0x1140, Raw.item([]) + Raw.sequenceDelimiter)), .sequenceDelimitationItem
    ),
    (.zerosBehindTheEnd, file([0, 0, 0]), nil),
    (.oddLength, jpeg(Raw.item([]) + Raw.item([1, 2, 3])), .item),
    (.wrongOffsetTable, jpeg(Raw.item(Raw.le32(0) + Raw.le32(12)) + Raw.item([1, 2]) + Raw.item([3, 4])), .pixelData),
    (.wrongOffsetTable, jpeg(Raw.item(Raw.le32(10)) + Raw.item([1, 2]) + Raw.item([3, 4])), .pixelData),
    (.strayDelimiter, file(Raw.itemDelimiter + Raw.text(0x10, 0x20, "LO", "ab")), .itemDelimitationItem),
    (
      .delimiterWithLength,
      file(
        Raw.sequence(
          8, 0x1140,
          Raw.item([], length: Raw.undefined) + Raw.itemDelimiter.prefix(4) + [4, 0, 0, 0] + Raw.sequenceDelimiter,
          length: Raw.undefined)), .referencedImageSequence
    ),
    (
      .delimiterWithLength,
      file(Raw.sequence(8, 0x1140, Raw.sequenceDelimiter.prefix(4) + [4, 0, 0, 0], length: Raw.undefined)),
      .referencedImageSequence
    ),
    (.zerosBehindTheEnd, file([UInt8](repeating: 0, count: 16)), nil),
    (.invalidVR, file(Raw.text(0x10, 0x20, "??", "ab")), .patientID),
    (.unexpectedVR, file(Raw.text(0x10, 0x20, "SH", "ab")), .patientID),
    (
      .shortContainer, file(Raw.sequence(8, 0x1140, Raw.item(Raw.text(8, 0x1155, "UI", "2.25.1"), length: 10))),
      .referencedSOPInstanceUID
    ),
    (.longContainer, file(Raw.sequence(8, 0x1140, Raw.item([], length: 8))), .item),
    (
      .undefinedLengthWithoutSequence,
      Raw.file(
        Raw.implicit(8, 0x16, Array("1.2.840.10008.5.1.4.1.1.7\0".utf8)) + Raw.implicit(8, 0x18, Array("2.25.7".utf8))
          + Raw.implicit(0x10, 0x4000, Raw.sequenceDelimiter, length: Raw.undefined), syntax: "1.2.840.10008.1.2\0"),
      .patientComments
    ),
    (
      .wrongGroupLength, file(Raw.element(0x10, 0, "UL", Raw.le32(99)) + Raw.text(0x10, 0x20, "LO", "ab")),
      DICOMData.Tag(0x10, 0)
    ),
    (.commandElement, file(Raw.element(0, 0x110, "US", [1, 0])), DICOMData.Tag(0, 0x110)),
    (
      .fileMetaElement, file(Raw.text(2, 0x16, "AE", "ab") + Raw.text(0x10, 0x20, "LO", "ab")),
      .sourceApplicationEntityTitle
    ),
    (.privateElementWithoutCreator, file(Raw.text(9, 0x1001, "LO", "ab")), DICOMData.Tag(9, 0x1001)),
    (.reservedBytesNotZero, file(Raw.element(0x7FE0, 0x10, "OW", [1, 2]).replacing(6, with: 9)), .pixelData),
    (
      .encapsulatedInNativeSyntax,
      file(Raw.element(0x7FE0, 0x10, "OB", Raw.item([]) + Raw.sequenceDelimiter, length: Raw.undefined)), .pixelData
    ),
    (
      .nativeInEncapsulatedSyntax,
      Raw.file(Raw.plain + Raw.element(0x7FE0, 0x10, "OB", [1, 2]), syntax: "1.2.840.10008.1.2.5"), .pixelData
    ),
    (
      .wrongPixelVR, file(Raw.element(0x28, 0x100, "US", [16, 0]) + Raw.element(0x7FE0, 0x10, "OB", [1, 2])), .pixelData
    ),
  ]

  private static let values: [Case] = [
    (.wrongPadding, file(Raw.text(0x10, 0x20, "LO", "abc\0")), .patientID),
    (.wrongPadding, file(Raw.text(0x20, 0x0D, "UI", "2.25.9 ")), .studyInstanceUID),
    (.valueTooLong, file(Raw.text(0x10, 0x20, "LO", String(repeating: "x", count: 66))), .patientID),
    (.valueTooLong, file(Raw.text(0x10, 0x10, "PN", String(repeating: "x", count: 66) + "=a")), .patientName),
    (.invalidCharacters, file(Raw.text(8, 0x60, "CS", "ct")), .modality),
    (.invalidCharacters, file(Raw.text(0x10, 0x20, "LO", "a\nbc")), .patientID),
    (.malformedValue, file(Raw.text(8, 0x20, "DA", "20241345")), .studyDate),
    (.malformedValue, file(Raw.text(0x20, 0x0D, "UI", "2.025\0")), .studyInstanceUID),
    (.malformedValue, file(Raw.text(0x10, 0x1010, "AS", "042 ")), DICOMData.Tag(0x10, 0x1010)),
    (.wrongMultiplicity, file(Raw.text(0x10, 0x20, "LO", "a\\bc")), .patientID),
    (.wrongMultiplicity, file(Raw.element(0x28, 0x10, "US", [1, 0, 2, 0])), .rows),
    (
      .implicitItem, file(Raw.sequence(8, 0x1140, Raw.item(Raw.implicit(8, 0x1155, Array("2.25.1".utf8))))),
      .item
    ),
    (.wrongValueSize, file(Raw.element(0x28, 0x10, "US", [1, 0, 2])), .rows),
    (.misspeltCharacterSet, charset("ISO-IR 100", "M\u{FC}"), .specificCharacterSet),
    (.unknownCharacterSet, charset("ISO_IR 999", "Mu"), .specificCharacterSet),
    (.textNotInCharacterSet, charset("ISO_IR 192", "M\u{FC}"), .patientName),
    (.textNotInCharacterSet, file(Raw.element(0x10, 0x10, "PN", [0x4D, 0xFC])), .patientName),
  ]

  private static func file(_ elements: [UInt8]) -> [UInt8] { Raw.file(Raw.plain + elements) }

  private static func jpeg(_ fragments: [UInt8]) -> [UInt8] {
    let pixels = Raw.element(0x7FE0, 0x10, "OB", fragments + Raw.sequenceDelimiter, length: Raw.undefined)
    return Raw.file(Raw.plain + pixels, syntax: "1.2.840.10008.1.2.4.50")
  }

  private static func charset(_ term: String, _ name: String) -> [UInt8] {
    Raw.file(
      Raw.text(8, 5, "CS", term) + Raw.plain
        + Raw.element(0x10, 0x10, "PN", name.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
  }

  @Test(arguments: cases.indices)
  func aDeviationIsNamedBorneAndRefusedWhenStrict(index: Int) throws {
    let (kind, bytes, tag) = Self.cases[index]
    let file = try Part10File(reading: bytes)
    let found = Validator.deviations(of: file)
    let named = try #require(found.first { $0.kind == kind }, "\(kind): \(found)")
    if let tag { #expect(named.tagPath.last == tag) }
    #expect(named.offset >= 0 && named.offset <= bytes.count)
    #expect("\(named)".contains(kind.reference))
    #expect(throws: ReadingError.self, "\(kind)") { try Part10File(reading: bytes, options: .strict) }
  }

  @Test func everyKindHasACase() {
    #expect(Set(Self.cases.map(\.kind)) == Set(Deviation.Kind.allCases))
  }

  @Test func whatDoesNotDeviateIsReadStrictly() throws {
    #expect(Validator.deviations(of: try Part10File(reading: Raw.file(Raw.plain))).isEmpty)
    #expect(throws: Never.self) { try Part10File(reading: Raw.file(Raw.plain), options: .strict) }
  }

  /// The offset is where the element's header begins in the file.
  @Test func theOffsetIsThatOfTheHeader() throws {
    let bytes = Self.file(Raw.text(0x10, 0x20, "LO", "abc"))
    let found = try #require(Validator.deviations(of: try Part10File(reading: bytes)).first { $0.kind == .oddLength })
    #expect(Array(bytes[found.offset..<found.offset + 6]) == [0x10, 0, 0x20, 0, 0x4C, 0x4F])
  }

  /// Files that another toolkit's writer made by the book.
  @Test func fixturesDoNotDeviate() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Samples.fixture("")).filter { $0.hasSuffix(".dcm") }
    #expect(names.count >= 18)
    for name in names {
      let found = Validator.deviations(of: try Part10File(path: Samples.fixture(name)))
      #expect(found.isEmpty, "\(name): \(found)")
    }
  }

  /// Group lengths and pixel data that come again and again are looked at once each.
  @Test(
    .timeLimit(.minutes(10)), arguments: [Raw.element(9, 0, "UL", [0, 0, 0, 0]), Raw.element(0x7FE0, 0x10, "OB", [])])
  func manyOfOneTagTakeLinearTime(element: [UInt8]) throws {
    let bytes = Raw.plain + (0..<200_000).flatMap { _ in element }
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian)
    #expect(Validator.deviations(of: read).count { $0.kind == .duplicateElement } == 199_999)
  }

  @Test func aReaderBearsOnlyWhatItIsToldTo() throws {
    let bytes = Raw.sequence(8, 0x1140, Raw.item(Raw.text(8, 0x1155, "UI", "2.25.1"), length: 10))
    var options = ReadingOptions.lenient
    options.tolerated.remove(.shortContainer)
    #expect(throws: ReadingError.self) {
      try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian, options: options)
    }
    options.tolerated = [.shortContainer]
    let read = try DataSet(reading: bytes, transferSyntax: .explicitVRLittleEndian, options: options)
    #expect(read.deviations.map(\.kind) == [.shortContainer])
    #expect(read.items(.referencedImageSequence).first?.string(.referencedSOPInstanceUID) == "2.25.1")
  }

  @Test(arguments: [
    ("1", 1, true), ("1", 2, false), ("1-3", 3, true), ("1-3", 4, false), ("1-n", 1000, true), ("2-2n", 4, true),
    ("2-2n", 5, false), ("3-3n", 6, true), ("2-n", 1, false),
  ])
  func multiplicitiesAreUnderstood(text: String, count: Int, isAllowed: Bool) throws {
    #expect(try #require(Multiplicity(text)).allows(count) == isAllowed)
  }
}

extension [UInt8] {
  fileprivate func replacing(_ index: Int, with byte: UInt8) -> [UInt8] {
    var copy = self
    copy[index] = byte
    return copy
  }
}
