// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DICOMData
import Foundation
import NIOCore
import Testing

/// An archive in a folder of its own, and a peer that may query all of it.
struct QueriedArchive {
  let archive: Archive
  let caller: Caller
  let folder: String

  init(_ options: ArchiveOptions = ArchiveOptions()) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "collimator-queried-\(UUID().uuidString)").path
    archive = try Archive.open(directory: folder, options: options)
    let administration = archive.administration(as: .current)
    try await administration.addPeer(
      Peer(
        name: "ALL", aeTitle: try #require(AETitle("ALL")), addresses: [try #require(Network("127.0.0.1"))], port: nil,
        rights: [.query], acceptsPrivateSOPClasses: false))
    _ = try await administration.addGrant(to: "ALL", scope: .everything, until: nil)
    caller = try await administration.caller(named: "ALL", through: nil, assurance: nil)
  }

  /// A CT image.
  func store(_ object: DataSetBuilder, as sopInstanceUID: String) async throws {
    var object = object
    object.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
    object.set(.sopInstanceUID, .ui, sopInstanceUID)
    let reception = try await archive.receive(
      Announcement(
        sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: sopInstanceUID,
        transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, callingAETitle: "CT"), from: .operator(.current))
    try await reception.append(ByteBuffer(bytes: object.encoded(as: .explicitVRLittleEndian)))
    _ = try await reception.commit()
  }
}
