// SPDX-License-Identifier: Apache-2.0

import DICOMData
import NIOCore

/// What has to be known of a file before the first byte of its data set goes anywhere.
struct FileHeader: Sendable {
  let sopClassUID: String
  let sopInstanceUID: String
  let transferSyntax: TransferSyntax
  let dataSetOffset: Int
  let hasDataSet: Bool
  private let meta: FileMetaInformation

  /// The UIDs are the data set's own; they stand at its head.
  init(of path: String) async throws {
    let beginning = Array(try await FileReading.chunk(of: path, from: 0).readableBytesView)
    let head = try Part10Head(reading: beginning)
    if let uid = head.meta.transferSyntaxUID, head.meta.transferSyntax == nil {
      throw OperationError("its transfer syntax '\(uid)' is none of the Standard: nobody could read it from here")
    }
    var reader = PushReader(transferSyntax: head.transferSyntax, stoppingBefore: Tag(0x0008, 0x0019))
    try beginning[head.dataSetOffset...].withUnsafeBytes { try reader.push($0) }
    if !reader.isHeaderComplete { try reader.finish() }
    guard let sopClass = reader.header?.string(.sopClassUID), let sopInstance = reader.header?.string(.sopInstanceUID)
    else {
      throw OperationError("the data set has no SOP Class UID (0008,0016) or no SOP Instance UID (0008,0018)")
    }
    sopClassUID = sopClass
    sopInstanceUID = sopInstance
    transferSyntax = head.transferSyntax
    dataSetOffset = head.dataSetOffset
    hasDataSet = beginning.count > head.dataSetOffset
    meta = head.meta
  }

  /// Where group 0002 says otherwise than the data set: worth a remark, no reason to refuse.
  var remarks: [String] {
    var remarks: [String] = []
    if let named = meta.mediaStorageSOPClassUID, named != sopClassUID {
      remarks.append("Media Storage SOP Class UID (0002,0002) '\(named)' is not the data set's '\(sopClassUID)'")
    }
    if let named = meta.mediaStorageSOPInstanceUID, named != sopInstanceUID {
      remarks.append("Media Storage SOP Instance UID (0002,0003) '\(named)' is not the data set's '\(sopInstanceUID)'")
    }
    return remarks
  }
}
