// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

extension TLSConfiguration {
  /// PS3.15 B.10, B.12 and B.13 with BCP 195 (RFC 8996, RFC 9325): TLS 1.2 and 1.3, forward secrecy and authenticated
  /// encryption only, and never less.
  mutating func limitToBCP195(from minimum: TLSProtocolVersion) {
    minimumTLSVersion = minimum.nio
    maximumTLSVersion = .tlsv13
    // The suites of TLS 1.3 all qualify and cannot be chosen.
    cipherSuiteValues = [
      .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    // No SHA-1 (RFC 9155).
    verifySignatureAlgorithms = [
      .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha384,
      .rsaPkcs1Sha384, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .ed25519,
    ]
    renegotiationSupport = .none
    applicationProtocols = []
    // What was to be said has been said: who leaves the farewell out keeps no stop and no deadline waiting.
    shutdownTimeout = .milliseconds(500)
  }
}
