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

/// Reads objects of a store to tell whether they say the same: compressed without loss or not at all, colour by pixel or by
/// plane.
struct VersionComparison {
  let store: any ObjectStore
  /// nil where nobody decodes: compressed pixel data are then what stands there.
  let samples: (any SampleReading)?
  let turn: DecodingTurn

  /// What is decoded is held as a whole; a larger object is compared as it stands.
  private static let longestDecoded = 1 << 30

  /// Empty where the object cannot be read now: it is then like no other, and kept beside it.
  func canonicalDigest(of key: ObjectKey) async -> [UInt8] {
    switch await decodedDigest(of: key) {
    case .digest(let digest): return digest
    case .notNow: return []
    case .asItStands: return await digestAsItStands(of: key)
    }
  }

  private func digestAsItStands(of key: ObjectKey) async -> [UInt8] {
    var reading = CanonicalReading()
    while let piece = try? await store.read(reading.range, of: key) {
      do {
        if let digest = try reading.take(piece) { return digest }
      } catch { break }
    }
    return []
  }

  private enum Decoded {
    case digest([UInt8])
    case asItStands
    case notNow
  }

  private func decodedDigest(of key: ObjectKey) async -> Decoded {
    guard let samples, let start = try? await store.read(0..<Part10Head.enoughBytes, of: key), Self.needsDecoding(start)
    else { return .asItStands }
    guard let size = try? await store.size(of: key) else { return .notNow }
    guard size <= Self.longestDecoded else { return .asItStands }
    await turn.take()
    defer { turn.give() }
    guard let file = try? await store.read(0..<size, of: key) else { return .notNow }
    var digest = CanonicalDigest(transferSyntax: .explicitVRLittleEndian)
    let outcome = await samples.giveDecoded(file) { piece in try piece.withUnsafeBytes { try digest.push($0) } }
    switch outcome {
    case .given: return (try? digest.finish()).map(Decoded.digest) ?? .asItStands
    case .undecodable: return .asItStands
    case .notNow: return .notNow
    }
  }

  /// Whether what stands there is one of several forms of the same samples.
  private static func needsDecoding(_ start: [UInt8]) -> Bool {
    guard let head = try? Part10Head(reading: start), !head.transferSyntax.isLossy else { return false }
    if head.transferSyntax.isEncapsulated { return true }
    var reader = PushReader(
      transferSyntax: head.transferSyntax, stoppingBefore: .pixelData, keeping: [.planarConfiguration])
    try? start.dropFirst(head.dataSetOffset).withUnsafeBytes { try reader.push($0) }
    return reader.header?.integer(.planarConfiguration) == 1
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
