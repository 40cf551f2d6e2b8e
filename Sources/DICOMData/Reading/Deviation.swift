// SPDX-License-Identifier: Apache-2.0

/// One place where bytes are not what PS3.5 or PS3.10 ask for, though they could be read.
package struct Deviation: Sendable, Hashable {
  package let kind: Kind
  /// Bytes from the beginning of what was read: of the file, or of a bare data set.
  package let offset: Int
  /// The element and those that hold it, from the outside in.
  package let tagPath: [Tag]
  /// What exactly; empty where the kind says it all.
  package let detail: String

  package init(_ kind: Kind, offset: Int, tagPath: [Tag] = [], detail: String = "") {
    self.kind = kind
    self.offset = offset
    self.tagPath = tagPath
    self.detail = detail
  }

  func moved(by distance: Int) -> Deviation {
    Deviation(kind, offset: offset + distance, tagPath: tagPath, detail: detail)
  }
}

extension Deviation: CustomStringConvertible {
  package var description: String {
    let place = tagPath.isEmpty ? "" : " \(tagPath.map(\.description).joined(separator: "/"))"
    let more = detail.isEmpty ? "" : ": \(detail)"
    return "byte \(offset)\(place): \(kind.meaning)\(more) [\(kind.reference)]"
  }
}

extension Deviation {
  /// What is known to go wrong, and where it was seen: a vendor, or a file of the corpus.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    // The file (PS3.10 §7.1).
    /// Seen: ACR-NEMA and research exports, the bare data sets of the pydicom and dcmjs test files.
    case missingPreamble
    /// Seen: exports of early CT consoles; dcmtk's `+F` off.
    case missingFileMetaInformation
    /// Seen: toolkits that edit group 0002 without counting again.
    case wrongFileMetaGroupLength
    case missingFileMetaGroupLength
    /// Seen: converters that write all of a file in Implicit VR.
    case implicitFileMetaInformation
    case incompleteFileMetaInformation
    case contradictoryFileMetaInformation
    case unknownTransferSyntax
    /// Seen: writers that put "ExplicitVRLittleEndian" where its UID belongs.
    case transferSyntaxByKeyword
    /// Seen: GE and Philips private exports labelled explicit that are implicit, and the other way about.
    case wrongTransferSyntax
    /// Seen: private sequences that were copied from implicit VR into explicit (pydicom decides by item too).
    case implicitItem
    /// Seen: zlib's compress() used as it is.
    case zlibHeader

    // The structure (PS3.5 §7).
    case oddLength
    case outOfOrder
    case duplicateElement
    /// Seen: fo-dicom #1958, some DICOMDIR writers.
    case strayDelimiter
    case delimiterWithLength
    /// Seen: media padded to a sector, transfers padded to a block.
    case zerosBehindTheEnd
    /// Seen: "??", "--" and NULs of converters (fo-dicom #1660).
    case invalidVR
    case unexpectedVR
    /// Seen: items written before the last value was added to them.
    case shortContainer
    /// Seen: the last record of some DICOMDIRs, Philips private sequences.
    case longContainer
    /// Seen: private sequences in implicit VR that a dictionary holds for text.
    case undefinedLengthWithoutSequence
    case wrongGroupLength
    case commandElement
    case fileMetaElement
    case privateElementWithoutCreator
    case reservedBytesNotZero
    case encapsulatedInNativeSyntax
    case nativeInEncapsulatedSyntax
    case wrongPixelVR
    case wrongOffsetTable

    // The values (PS3.5 §6).
    case wrongPadding
    case valueTooLong
    case invalidCharacters
    case malformedValue
    case wrongMultiplicity
    case wrongValueSize
    /// Seen: "ISO-IR 100", "ISO IR 100", "ISO2022 IR 100", "UTF-8", "ISO_IR 6".
    case misspeltCharacterSet
    case unknownCharacterSet
    case textNotInCharacterSet
  }
}

extension Deviation.Kind {
  /// Where the Standard asks for something else.
  package var reference: String {
    switch self {
    case .missingPreamble, .missingFileMetaInformation, .wrongFileMetaGroupLength, .missingFileMetaGroupLength,
      .implicitFileMetaInformation, .incompleteFileMetaInformation, .contradictoryFileMetaInformation,
      .transferSyntaxByKeyword, .wrongTransferSyntax:
      "PS3.10 §7.1"
    case .unknownTransferSyntax: "PS3.6 A"
    case .zlibHeader: "PS3.5 §A.5"
    case .oddLength, .outOfOrder, .duplicateElement, .zerosBehindTheEnd: "PS3.5 §7.1"
    case .strayDelimiter, .delimiterWithLength, .shortContainer, .longContainer: "PS3.5 §7.5"
    case .implicitItem, .invalidVR, .reservedBytesNotZero: "PS3.5 §7.1.2"
    case .unexpectedVR, .wrongMultiplicity: "PS3.6 §6"
    case .undefinedLengthWithoutSequence: "PS3.5 §7.1.3"
    case .wrongGroupLength: "PS3.5 §7.2"
    case .commandElement: "PS3.7 §6.3"
    case .fileMetaElement: "PS3.10 §7.1"
    case .privateElementWithoutCreator: "PS3.5 §7.8.1"
    case .encapsulatedInNativeSyntax, .nativeInEncapsulatedSyntax, .wrongPixelVR, .wrongOffsetTable: "PS3.5 §8.2, §A.4"
    case .wrongPadding, .valueTooLong, .malformedValue, .wrongValueSize: "PS3.5 §6.2"
    case .invalidCharacters: "PS3.5 §6.1, §6.2"
    case .misspeltCharacterSet, .unknownCharacterSet: "PS3.3 §C.12.1.1.2"
    case .textNotInCharacterSet: "PS3.5 §6.1.2"
    }
  }

  package var meaning: String {
    switch self {
    case .missingPreamble: "no preamble of 128 bytes before \"DICM\""
    case .missingFileMetaInformation: "no file meta information (group 0002)"
    case .wrongFileMetaGroupLength: "the group length of the file meta information is wrong"
    case .missingFileMetaGroupLength: "the file meta information has no group length"
    case .implicitFileMetaInformation: "the file meta information is not in Explicit VR Little Endian"
    case .incompleteFileMetaInformation: "the file meta information lacks a required element"
    case .contradictoryFileMetaInformation: "the file meta information contradicts the data set"
    case .unknownTransferSyntax: "the transfer syntax is none of the Standard"
    case .transferSyntaxByKeyword: "the transfer syntax is named by its keyword"
    case .wrongTransferSyntax: "the data set is not in the transfer syntax that is named"
    case .implicitItem: "an item in Implicit VR in an explicit data set"
    case .zlibHeader: "the deflated data set begins with a zlib header"
    case .oddLength: "a value of odd length"
    case .outOfOrder: "an element stands behind one with a higher tag"
    case .duplicateElement: "an element stands there twice"
    case .strayDelimiter: "a delimiter where none belongs"
    case .delimiterWithLength: "a delimiter whose length is not 0"
    case .zerosBehindTheEnd: "zeros behind the last element"
    case .invalidVR: "a VR that PS3.5 does not have"
    case .unexpectedVR: "not the VR that the dictionary asks for"
    case .shortContainer: "a sequence or item is shorter than what it holds"
    case .longContainer: "an item is longer than what holds it"
    case .undefinedLengthWithoutSequence: "an undefined length for what is no sequence"
    case .wrongGroupLength: "a group length that is wrong"
    case .commandElement: "a command element (group 0000) in a data set"
    case .fileMetaElement: "an element of group 0002 in a data set"
    case .privateElementWithoutCreator: "a private element whose block no creator reserves"
    case .reservedBytesNotZero: "the reserved bytes behind a VR are not 0"
    case .encapsulatedInNativeSyntax: "encapsulated pixel data in a native transfer syntax"
    case .nativeInEncapsulatedSyntax: "native pixel data in an encapsulated transfer syntax"
    case .wrongPixelVR: "pixel data of a VR that they must not have"
    case .wrongOffsetTable: "an offset table that does not point at the fragments"
    case .wrongPadding: "a value padded with what its VR does not allow"
    case .valueTooLong: "a value longer than its VR allows"
    case .invalidCharacters: "a character that the VR does not allow"
    case .malformedValue: "a value that is not of the form of its VR"
    case .wrongMultiplicity: "not as many values as the dictionary asks for"
    case .wrongValueSize: "a length that is no multiple of the size of a number"
    case .misspeltCharacterSet: "a character set in a wrong spelling"
    case .unknownCharacterSet: "a character set that PS3.3 does not define"
    case .textNotInCharacterSet: "text that is not in the character set"
    }
  }
}
