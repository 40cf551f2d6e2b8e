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

  /// What the file says of itself.
  private struct Reading {
    let head: Part10Head
    let digest: [UInt8]
    let size: Int

    /// nil where the head does not say what the data set's digest is.
    var isConfirmed: Bool? { Arrival.confirms(digest, head.meta) }
  }

  /// Whether the data set is the one that the head was written for; nil where the head does not say. Blocks.
  func isConfirmed() throws -> Bool? {
    try read { _ in }.isConfirmed
  }

  /// SHA-256 of the data set as it is. Blocks.
  func dataSetDigest() throws -> [UInt8] {
    try read { _ in }.digest
  }

  /// `arrival`: as the index remembers it; where it does not, the file's head does. Blocks.
  func record(layout: IndexLayout, arrival: Arrival? = nil, now: Double) throws -> InstanceRecord {
    let syntax = try Part10Head(reading: store.readNow(0..<Part10Head.enoughBytes, of: key)).transferSyntax
    var reader = PushReader(
      transferSyntax: syntax, stoppingBefore: .pixelData, keeping: layout.wantedElements)
    let file = try read { try reader.push($0) }
    try reader.finish()
    guard file.isConfirmed ?? true else {
      throw ReceptionError(.unreadable, "the data set is not the one that the file was written for")
    }
    guard let header = reader.header, let sopClass = header.string(.sopClassUID),
      let sopInstance = header.string(.sopInstanceUID)
    else { throw ReceptionError(.doesNotMatch, "the data set has no SOP Class or SOP Instance UID") }
    let announcement = Announcement(
      sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntaxUID: syntax.uid,
      callingAETitle: file.head.meta.sourceApplicationEntityTitle ?? "")
    return try InstanceRecord(
      header, announcement: announcement, object: key, digest: file.digest, size: file.size,
      arrival: arrival ?? Arrival(of: file.head.meta, time: now), layout: layout)
  }

  private func read(_ take: (UnsafeRawBufferPointer) throws -> Void) throws -> Reading {
    var piece = try store.readNow(0..<Self.pieceSize, of: key)
    let head = try Part10Head(reading: piece)
    var digest = SHA256()
    var size = piece.count
    piece.removeFirst(head.dataSetOffset)
    while !piece.isEmpty {
      try piece.withUnsafeBytes { bytes in
        digest.update(bufferPointer: bytes)
        try take(bytes)
      }
      piece = try store.readNow(size..<size + Self.pieceSize, of: key)
      size += piece.count
    }
    return Reading(head: head, digest: Array(digest.finalize()), size: size)
  }

  private static let pieceSize = 1 << 20
}
