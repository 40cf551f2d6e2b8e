// SPDX-License-Identifier: Apache-2.0

import NIOSSL

extension NIOSSLCertificate {
  /// As RFC 4514 writes names, near enough for people: "CN=CT1, O=City Hospital".
  var subjectText: String { Self.text(of: subjectName) }
  var issuerText: String { Self.text(of: issuerName) }

  private static func text(of name: [SSLCertificateName]) -> String {
    // Whoever asks for a certificate chooses its name.
    name.map { "\(keyword(of: $0.type))=\($0.value)" }.joined(separator: ", ").printable
  }

  private static func keyword(of type: SSLCertificateNameType) -> String {
    switch type {
    case .commonName: "CN"
    case .organization: "O"
    case .organizationalUnit: "OU"
    case .country: "C"
    case .state: "ST"
    case .city: "L"
    case .emailAddress: "emailAddress"
    case .userId: "UID"
    default: "?"
    }
  }

  /// RFC 5280 §4.2.1.6.
  var dnsNames: [String] {
    _subjectAlternativeNames().filter { $0.nameType == .dnsName }.map { entry in
      entry.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// RFC 9525 §6.3: a name is compared with names alone. NIOSSL also takes a certificate of the address that the name led
  /// to, which is what whoever forges names chooses.
  func hasName(_ name: String) -> Bool {
    let names = dnsNames
    // Without any alternative name NIOSSL compared the common name.
    guard !_subjectAlternativeNames().isEmpty else { return true }
    let wanted = Self.labels(of: name)
    return names.contains { candidate in
      let labels = Self.labels(of: candidate)
      guard labels.count == wanted.count, let first = labels.first else { return false }
      return labels.dropFirst() == wanted.dropFirst()
        && (first == wanted.first || (first == "*" && labels.count > 2))
    }
  }

  private static func labels(of name: String) -> [String] {
    let labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return labels.last == "" ? labels.dropLast() : labels
  }
}
