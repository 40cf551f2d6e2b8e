// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// Whether an object is on the disk now, byte for byte as it was received.
struct ObjectVerification: Sendable {
  struct Kept: Sendable {
    let object: ObjectKey
    /// SHA-256 of the data set, as it was when the object arrived.
    let digest: [UInt8]
    /// Bytes of the whole file.
    let size: Int
  }

  private static let pieceSize = 1 << 20

  let store: any ObjectStore

  /// nil for one that is whole. Reads all of it: what the index remembers is no proof.
  func failure(of kept: Kept) async throws(CancellationError) -> CommitmentResult.FailureReason? {
    do {
      return try await isWhole(kept) ? nil : .processingFailure
    } catch let error as StoreError where error.kind == .missing {
      return .noSuchObjectInstance
    } catch {
      if Task.isCancelled { throw CancellationError() }
      return .processingFailure
    }
  }

  private func isWhole(_ kept: Kept) async throws -> Bool {
    guard try await store.size(of: kept.object) == kept.size else { return false }
    var piece = try await store.read(0..<Self.pieceSize, of: kept.object)
    let head = try Part10Head(reading: piece)
    var offset = piece.count
    piece.removeFirst(min(head.dataSetOffset, piece.count))
    var digest = SHA256()
    while true {
      piece.withUnsafeBytes { digest.update(bufferPointer: $0) }
      guard offset < kept.size else { break }
      try Task.checkCancellation()
      piece = try await store.read(offset..<min(offset + Self.pieceSize, kept.size), of: kept.object)
      guard !piece.isEmpty else { return false }
      offset += piece.count
    }
    return Array(digest.finalize()) == kept.digest
  }
}
