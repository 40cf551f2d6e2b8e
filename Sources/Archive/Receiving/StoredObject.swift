// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// An object's file, read to index it as it was indexed when it came.
struct StoredObject {
  private let key: ObjectKey
  private let store: FileObjectStore

  init(_ key: ObjectKey, in store: FileObjectStore) {
    self.key = key
    self.store = store
  }

  /// `arrival`: as the index remembers it; where it does not, the file's head does. Blocks.
  func record(layout: IndexLayout, arrival: Arrival? = nil, now: Double) throws -> InstanceRecord {
    var piece = try store.readNow(0..<Self.pieceSize, of: key)
    let head = try Part10Head(reading: piece)
    var reader = PushReader(
      transferSyntax: head.transferSyntax, stoppingBefore: .pixelData, keeping: layout.wantedElements)
    var digest = SHA256()
    var size = piece.count
    piece.removeFirst(head.dataSetOffset)
    while !piece.isEmpty {
      try piece.withUnsafeBytes { bytes in
        digest.update(bufferPointer: bytes)
        try reader.push(bytes)
      }
      piece = try store.readNow(size..<size + Self.pieceSize, of: key)
      size += piece.count
    }
    try reader.finish()
    guard let header = reader.header, let sopClass = header.string(.sopClassUID),
      let sopInstance = header.string(.sopInstanceUID)
    else { throw ReceptionError(.doesNotMatch, "the data set has no SOP Class or SOP Instance UID") }
    let announcement = Announcement(
      sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntaxUID: head.transferSyntax.uid,
      callingAETitle: head.meta.sourceApplicationEntityTitle ?? "")
    return try InstanceRecord(
      header, announcement: announcement, object: key, digest: Array(digest.finalize()), size: size,
      arrival: arrival ?? Arrival(of: head.meta, time: now), layout: layout)
  }

  private static let pieceSize = 1 << 20
}
