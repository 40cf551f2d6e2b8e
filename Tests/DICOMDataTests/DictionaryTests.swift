// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DICOMData

@Suite struct DictionaryTests {
  @Test(arguments: [
    (DICOMData.Tag(0x0010, 0x0010), "PatientName", VR.pn),
    (DICOMData.Tag(0x7FE0, 0x0010), "PixelData", .ow),
    (DICOMData.Tag(0x6002, 0x3000), "OverlayData", .ow),
    (DICOMData.Tag(0x5004, 0x3000), "CurveData", .ob),
    (DICOMData.Tag(0x0020, 0x3111), "SourceImageIDs", .cs),
    (DICOMData.Tag(0x0000, 0x0002), "AffectedSOPClassUID", .ui),
  ])
  func tagsAreKnown(tag: DICOMData.Tag, keyword: String, vr: VR) {
    #expect(DataDictionary.entry(for: tag)?.keyword == keyword)
    #expect(DataDictionary.vr(of: tag) == vr)
  }

  @Test func everyRowIsFoundByItsTagAndKeyword() {
    #expect(DataDictionary.tag(keyword: "StudyInstanceUID") == .studyInstanceUID)
    #expect(DataDictionary.tag(keyword: "NoSuchThing") == nil)
    #expect(DataDictionary.entry(for: DICOMData.Tag(0x0011, 0x0010)) == nil)
  }

  @Test func privateElementsAreKnownByTheirCreator() {
    let tag = DICOMData.Tag(0x0019, 0x100C)
    #expect(PrivateDictionary.entry(for: tag, creator: "SIEMENS MR HEADER")?.vr == .is)
    #expect(PrivateDictionary.entry(for: tag, creator: "NOBODY") == nil)
  }

  @Test(arguments: [
    ("1.2.840.10008.5.1.4.1.1.2", true), ("1.2.840.10008.5.1.4.1.1.3", true),
    ("1.2.840.10008.5.1.4.1.1.9.1", true), ("1.2.840.10008.5.1.4.1.1.12.77", true),
    ("1.2.840.10008.5.1.4.38.1", true), ("1.2.840.10008.5.1.4.34.7", true), ("1.2.840.10008.1.3.10", true),
    ("1.2.840.10008.1.20.1", false), ("1.2.840.10008.5.1.4.1.1.200.4", false), ("1.2.840.10008.1.1", false),
    ("1.2.3", false),
  ])
  func storageClassesAreRecognised(uid: String, isStorage: Bool) {
    #expect(UIDRegistry.isStorageSOPClass(uid) == isStorage)
  }

  /// The storage classes and the syntaxes in which an object can be kept whole.
  @Test func whatCanBeStoredIsWhatTheStandardLists() {
    #expect(UIDRegistry.storageSOPClasses.count > 200)
    #expect(TransferSyntax.all.count == 63)
    #expect(TransferSyntax.storable.count == 63 - 10)
    #expect(!TransferSyntax.storable.contains { $0.uid == "1.2.840.10008.1.2.4.94" })
  }

  @Test(arguments: [
    ("1.2.840.10008.1.2", false, false, false, false), ("1.2.840.10008.1.2.1", true, false, false, false),
    ("1.2.840.10008.1.2.2", true, true, false, false), ("1.2.840.10008.1.2.1.99", true, false, true, false),
    ("1.2.840.10008.1.2.4.50", true, false, false, true), ("1.2.840.10008.1.2.8.1", true, false, false, true),
  ])
  func syntaxesSayHowToRead(uid: String, explicit: Bool, big: Bool, deflated: Bool, encapsulated: Bool) throws {
    let syntax = try #require(TransferSyntax(uid: uid))
    #expect(syntax.isExplicit == explicit)
    #expect(syntax.isBigEndian == big)
    #expect(syntax.isDeflated == deflated)
    #expect(syntax.isEncapsulated == encapsulated)
  }
}
