// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SwiftASN1
import X509

/// One list as its authority signed it: RFC 5280 §5.1, without indirect and delta lists.
struct CertificateRevocationList {
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  let issuer: DistinguishedName
  let nextUpdate: Date?
  private(set) var serialNumbers: [Certificate.SerialNumber] = []
  private let signedBytes: ArraySlice<UInt8>
  private let algorithm: Certificate.SignatureAlgorithm
  private let signature: ArraySlice<UInt8>

  init(der: [UInt8]) throws {
    let outer = try DER.sequence(try DER.parse(der), identifier: .sequence) { fields in
      (list: try fields.required(), algorithm: try fields.required(), signature: try ASN1BitString(derEncoded: &fields))
    }
    signedBytes = outer.list.encodedBytes
    algorithm = try Self.algorithm(outer.algorithm)
    signature = outer.signature.bytes
    let list = try DER.sequence(outer.list, identifier: .sequence) { fields in try List(&fields) }
    issuer = list.issuer
    nextUpdate = list.nextUpdate
    serialNumbers = list.serialNumbers
  }

  func isSigned(by authority: Certificate) -> Bool {
    authority.subject == issuer
      && authority.publicKey.isValidSignature(signature, for: signedBytes, signatureAlgorithm: algorithm)
  }

  /// RFC 8017, RFC 5758, RFC 8410; nothing with SHA-1 or older.
  private static func algorithm(_ node: ASN1Node) throws -> Certificate.SignatureAlgorithm {
    let identifier = try DER.sequence(node, identifier: .sequence) { fields in
      defer { while fields.next() != nil {} }
      return try ASN1ObjectIdentifier(derEncoded: &fields)
    }
    switch identifier {
    case [1, 2, 840, 113549, 1, 1, 11]: return .sha256WithRSAEncryption
    case [1, 2, 840, 113549, 1, 1, 12]: return .sha384WithRSAEncryption
    case [1, 2, 840, 113549, 1, 1, 13]: return .sha512WithRSAEncryption
    case [1, 2, 840, 10045, 4, 3, 2]: return .ecdsaWithSHA256
    case [1, 2, 840, 10045, 4, 3, 3]: return .ecdsaWithSHA384
    case [1, 2, 840, 10045, 4, 3, 4]: return .ecdsaWithSHA512
    case [1, 3, 101, 112]: return .ed25519
    default: throw Fault(description: "its signature algorithm \(identifier) is not taken")
    }
  }
}

extension CertificateRevocationList {
  /// `TBSCertList`.
  private struct List {
    let issuer: DistinguishedName
    var nextUpdate: Date?
    var serialNumbers: [Certificate.SerialNumber] = []

    init(_ fields: inout ASN1NodeCollection.Iterator) throws {
      var field = try fields.required()
      if field.identifier == .integer { field = try fields.required() }
      // `field` is the algorithm once more, which what is signed with it covers.
      issuer = try DistinguishedName(derEncoded: try fields.required())
      _ = try Self.time(try fields.required())
      while let field = fields.next() {
        switch field.identifier {
        case .utcTime, .generalizedTime: nextUpdate = try Self.time(field)
        case .sequence: try takeRevoked(field)
        default: try Self.refuseCritical(in: field)
        }
      }
    }

    private mutating func takeRevoked(_ node: ASN1Node) throws {
      guard case .constructed(let entries) = node.content else { return }
      for entry in entries {
        guard case .constructed(let children) = entry.content else { continue }
        var fields = children.makeIterator()
        let serial = try ArraySlice<UInt8>(derEncoded: &fields)
        serialNumbers.append(Certificate.SerialNumber(bytes: serial))
        _ = fields.next()
        if let extensions = fields.next() { try Self.refuseCritical(within: extensions) }
      }
    }

    /// `[0] EXPLICIT Extensions`.
    private static func refuseCritical(in tagged: ASN1Node) throws {
      guard case .constructed(let children) = tagged.content else { return }
      for extensions in children { try refuseCritical(within: extensions) }
    }

    /// RFC 5280 §5.2: a list with a critical extension that is not understood does not say what it seems to.
    private static func refuseCritical(within extensions: ASN1Node) throws {
      guard case .constructed(let entries) = extensions.content else { return }
      for entry in entries {
        guard case .constructed(let children) = entry.content else { continue }
        var fields = children.makeIterator()
        let name = try ASN1ObjectIdentifier(derEncoded: &fields)
        if let flag = fields.next(), flag.identifier == .boolean, try Bool(derEncoded: flag) {
          throw Fault(description: "it has the critical extension \(name); indirect and delta lists are not taken")
        }
      }
    }

    private static func time(_ node: ASN1Node) throws -> Date? {
      var parts = DateComponents()
      if node.identifier == .utcTime {
        let time = try UTCTime(derEncoded: node)
        (parts.year, parts.month, parts.day) = (time.year, time.month, time.day)
        (parts.hour, parts.minute, parts.second) = (time.hours, time.minutes, time.seconds)
      } else {
        let time = try GeneralizedTime(derEncoded: node)
        (parts.year, parts.month, parts.day) = (time.year, time.month, time.day)
        (parts.hour, parts.minute, parts.second) = (time.hours, time.minutes, time.seconds)
      }
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = .gmt
      return calendar.date(from: parts)
    }
  }
}

extension ASN1NodeCollection.Iterator {
  fileprivate mutating func required() throws -> ASN1Node {
    guard let node = next() else { throw CertificateRevocationList.Fault(description: "it ends too early") }
    return node
  }
}
