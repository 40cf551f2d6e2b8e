// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// The versions of TLS that BCP 195 leaves.
package enum TLSProtocolVersion: String, Sendable, CaseIterable {
  case tls12 = "1.2"
  case tls13 = "1.3"

  var nio: TLSVersion { self == .tls13 ? .tlsv13 : .tlsv12 }
}
