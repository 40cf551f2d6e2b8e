// SPDX-License-Identifier: Apache-2.0

/// Group 0002 of a Part 10 file (PS3.10 §7.1).
package struct FileMetaInformation: Sendable {
  package let elements: DataSet?

  package var mediaStorageSOPClassUID: String? { elements?.string(.mediaStorageSOPClassUID) }
  package var mediaStorageSOPInstanceUID: String? { elements?.string(.mediaStorageSOPInstanceUID) }
  package var transferSyntaxUID: String? { elements?.string(.transferSyntaxUID) }
  /// nil where none is named, or none of the Standard's.
  package var transferSyntax: TransferSyntax? {
    transferSyntaxUID.flatMap { TransferSyntax(uid: $0) ?? TransferSyntax(keyword: $0) }
  }
  /// What this node wrote down in the file for itself; nil in the files of others.
  package var ownPrivateInformation: [UInt8]? {
    guard elements?.string(.privateInformationCreatorUID) == Implementation.privateInformationUID else { return nil }
    return elements?[.privateInformation].map { Array($0.value) }
  }

  package var sourceApplicationEntityTitle: String? { elements?.string(.sourceApplicationEntityTitle) }

  /// The preamble of zeros, "DICM" and group 0002 of a file that this node writes; `privateInformation` is for itself.
  package static func encoded(
    sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, sourceAETitle: String,
    privateInformation: [UInt8] = [], versionName: String = Implementation.versionName
  ) -> [UInt8] {
    let plain = plainlyEncoded(
      [
        (.mediaStorageSOPClassUID, .ui, sopClassUID), (.mediaStorageSOPInstanceUID, .ui, sopInstanceUID),
        (.transferSyntaxUID, .ui, transferSyntaxUID), (.implementationClassUID, .ui, Implementation.classUID),
        (.implementationVersionName, .sh, versionName), (.sourceApplicationEntityTitle, .ae, sourceAETitle),
      ], privateInformation)
    return plain
      ?? built(
        sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID, transferSyntaxUID: transferSyntaxUID,
        sourceAETitle: sourceAETitle, privateInformation: privateInformation, versionName: versionName)
  }

  /// Whatever the texts are.
  static func built(
    sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, sourceAETitle: String,
    privateInformation: [UInt8], versionName: String
  ) -> [UInt8] {
    var group = DataSetBuilder(fallback: .questionMarks)
    group.setBytes(.fileMetaInformationVersion, .ob, [0, 1])
    group.set(.mediaStorageSOPClassUID, .ui, sopClassUID)
    group.set(.mediaStorageSOPInstanceUID, .ui, sopInstanceUID)
    group.set(.transferSyntaxUID, .ui, transferSyntaxUID)
    group.set(.implementationClassUID, .ui, Implementation.classUID)
    group.set(.implementationVersionName, .sh, versionName)
    if !sourceAETitle.isEmpty { group.set(.sourceApplicationEntityTitle, .ae, sourceAETitle) }
    if !privateInformation.isEmpty {
      group.set(.privateInformationCreatorUID, .ui, Implementation.privateInformationUID)
      group.setBytes(.privateInformation, .ob, privateInformation)
    }
    let body = group.encoded(as: .explicitVRLittleEndian)
    var length = DataSetBuilder()
    length.setIntegers(.fileMetaInformationGroupLength, .ul, [body.count])
    return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + length.encoded(as: .explicitVRLittleEndian) + body
  }

  /// The same in a tenth of the time, for one is made for each object that comes; nil where a text is not as plain as nearly
  /// all are.
  private static func plainlyEncoded(
    _ texts: [(tag: Tag, vr: VR, value: String)], _ privateInformation: [UInt8]
  ) -> [UInt8]? {
    guard texts.allSatisfy({ $0.vr == .ae && $0.value.isEmpty || isPlain($0.value) }) else { return nil }
    guard privateInformation.count <= 1 << 16 else { return nil }
    var head = [UInt8](repeating: 0, count: 128)
    head.reserveCapacity(768 + privateInformation.count)
    head += "DICM".utf8
    begin(.fileMetaInformationGroupLength, .ul, length: 4, in: &head)
    let lengthOffset = head.count
    append(UInt32(0), to: &head)
    begin(.fileMetaInformationVersion, .ob, length: 2, in: &head)
    head += [0, 1]
    for (tag, vr, value) in texts where !value.isEmpty { append(value, tag, vr, to: &head) }
    if !privateInformation.isEmpty {
      append(Implementation.privateInformationUID, .privateInformationCreatorUID, .ui, to: &head)
      begin(.privateInformation, .ob, length: privateInformation.count + privateInformation.count % 2, in: &head)
      head += privateInformation
      if privateInformation.count % 2 == 1 { head.append(0) }
    }
    let length = UInt32(clamping: head.count - lengthOffset - 4)
    for place in 0..<4 { head[lengthOffset + place] = UInt8(truncatingIfNeeded: length >> (8 * place)) }
    return head
  }

  /// Nothing in it that is written otherwise than it is.
  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x5C }
  }

  private static func append(_ value: String, _ tag: Tag, _ vr: VR, to bytes: inout [UInt8]) {
    let isOdd = value.utf8.count % 2 == 1
    begin(tag, vr, length: value.utf8.count + (isOdd ? 1 : 0), in: &bytes)
    bytes += value.utf8
    if isOdd { bytes.append(vr == .ui ? 0 : 0x20) }
  }

  /// Explicit VR Little Endian (PS3.5 §7.1.2).
  private static func begin(_ tag: Tag, _ vr: VR, length: Int, in bytes: inout [UInt8]) {
    append(tag.group, to: &bytes)
    append(tag.element, to: &bytes)
    append(vr.rawValue.bigEndian, to: &bytes)
    guard vr == .ob else { return append(UInt16(clamping: length), to: &bytes) }
    append(UInt16(0), to: &bytes)
    append(UInt32(clamping: length), to: &bytes)
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }
}
