// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 of a certificate's DER encoding: names this one certificate, whoever signed it.
package struct CertificateFingerprint: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// nil unless there are 32 bytes.
  package init?(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
    guard self.bytes.count == 32 else { return nil }
  }

  /// The first 32 bytes are it: for a SHA-256, which has no more.
  package init(digest: some Sequence<UInt8>) {
    bytes = Array(digest.prefix(32))
  }

  /// Reads what `description` and OpenSSL write: 64 hexadecimal digits, colons between them or none.
  package init?(_ text: String) {
    let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }.map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for pair in stride(from: 0, to: 64, by: 2) {
      guard let high = digits[pair], let low = digits[pair + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    self.bytes = bytes
  }

  package var description: String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
