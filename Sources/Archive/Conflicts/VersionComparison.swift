// SPDX-License-Identifier: Apache-2.0

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
}
