// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// The canonical digest of a stored object, from its bytes in pieces.
struct CanonicalReading {
  /// The bytes to be read next.
  private(set) var range = 0..<(1 << 20)
  private var digest: CanonicalDigest?

  /// The digest, once an empty piece says that the object has ended.
  mutating func take(_ piece: [UInt8]) throws -> [UInt8]? {
    var dataSetOffset = 0
    if digest == nil {
      let head = try Part10Head(reading: piece)
      digest = CanonicalDigest(transferSyntax: head.transferSyntax)
      dataSetOffset = head.dataSetOffset
    }
    if range.lowerBound > 0, piece.isEmpty { return try digest?.finish() }
    let bytes = piece.dropFirst(dataSetOffset)
    try bytes.withUnsafeBytes { try digest?.push($0) }
    range = range.lowerBound + piece.count..<range.lowerBound + piece.count + range.count
    return nil
  }
}

/// Reads objects of a store to tell whether they say the same.
struct VersionComparison {
  let store: any ObjectStore

  /// Empty where the object cannot be read: it is then like no other, and kept beside it.
  func canonicalDigest(of key: ObjectKey) async -> [UInt8] {
    var reading = CanonicalReading()
    while let piece = try? await store.read(reading.range, of: key) {
      do {
        if let digest = try reading.take(piece) { return digest }
      } catch { break }
    }
    return []
  }

  /// Whether the object can be read in full, and its data set has this digest: only then it is here.
  func isReadable(_ key: ObjectKey, digest: [UInt8]) async -> Bool {
    var hash = SHA256()
    var offset = 0
    do {
      while case var piece = try await store.read(offset..<offset + (1 << 20), of: key), !piece.isEmpty {
        let count = piece.count
        if offset == 0 { piece.removeFirst(try Part10Head(reading: piece).dataSetOffset) }
        hash.update(data: piece)
        offset += count
      }
    } catch { return false }
    return Array(hash.finalize()) == digest
  }
}
