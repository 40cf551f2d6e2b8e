// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// The certificates that their authorities have taken back (RFC 5280 §5). NIOSSL has no way to hand such a list to BoringSSL,
/// so it is read here, and a caller's own certificate is looked up when the handshake is done.
struct RevocationList: Sendable {
  private struct Entry: Hashable, Sendable {
    let issuer: DistinguishedName
    let serialNumber: Certificate.SerialNumber
  }

  /// A big authority's list has some hundred thousand entries of forty bytes.
  private static let longest = 64 << 20

  private var revoked: Set<Entry> = []
  /// When the first of the lists should have been followed by another; nil where none says so.
  private(set) var nextUpdate: Date?

  /// Reads a file in PEM (one list or several) or DER; each list has to be signed by one of `authorities`. Blocks.
  init(path: String, authorities: [NIOSSLCertificate]) throws(OperationError) {
    let file = try TLSFile(path: path, longest: Self.longest)
    let issuers = authorities.compactMap { authority in
      (try? authority.toDERBytes()).flatMap { try? Certificate(derEncoded: $0) }
    }
    do {
      for der in try Self.lists(in: file.bytes) {
        let list = try CertificateRevocationList(der: der)
        guard issuers.contains(where: list.isSigned(by:)) else {
          throw TLSFile.failure(path, "is signed by none of the client authorities: its issuer is '\(list.issuer)'")
        }
        for serialNumber in list.serialNumbers {
          revoked.insert(Entry(issuer: list.issuer, serialNumber: serialNumber))
        }
        if let next = list.nextUpdate { nextUpdate = min(nextUpdate ?? next, next) }
      }
    } catch let error as OperationError {
      throw error
    } catch {
      throw TLSFile.failure(path, "is no certificate revocation list (PEM or DER): \(error)")
    }
  }

  /// A certificate that cannot be read cannot be looked up, and so counts as revoked.
  func contains(_ certificate: NIOSSLCertificate) -> Bool {
    guard let der = try? certificate.toDERBytes(), let parsed = try? Certificate(derEncoded: der) else { return true }
    return revoked.contains(Entry(issuer: parsed.issuer, serialNumber: parsed.serialNumber))
  }

  private static func lists(in bytes: [UInt8]) throws -> [[UInt8]] {
    let begin = "-----BEGIN X509 CRL-----"
    guard bytes.first != 0x30 else { return [bytes] }
    let blocks = String(decoding: bytes, as: UTF8.self).components(separatedBy: begin).dropFirst()
    guard !blocks.isEmpty else { throw CertificateRevocationList.Fault(description: "it has no '\(begin)'") }
    return try blocks.map { block in
      let end = "-----END X509 CRL-----"
      guard let whole = block.components(separatedBy: end).first else { return [] }
      return try PEMDocument(pemString: begin + whole + end).derBytes
    }
  }
}
