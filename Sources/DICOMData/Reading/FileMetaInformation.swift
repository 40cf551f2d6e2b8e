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
}
