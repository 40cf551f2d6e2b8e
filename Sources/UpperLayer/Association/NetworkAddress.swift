// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Whom a connection comes from, as far as shares go: an IPv4 address, or the network of an IPv6 address (64 bits of it: the
/// rest is a caller's own choice).
struct NetworkAddress: Hashable, Sendable {
  static let unknown = NetworkAddress(bytes: [])

  private let bytes: [UInt8]

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// nil where it is none of a network.
  init?(_ address: SocketAddress?) {
    // sockaddr_in and sockaddr_in6: family, port and, by IPv6, flow information come first.
    switch address {
    case .v4(let address): bytes = withUnsafeBytes(of: address.address) { Array($0.dropFirst(4).prefix(4)) }
    case .v6(let address):
      let all = withUnsafeBytes(of: address.address) { Array($0.dropFirst(8).prefix(16)) }
      // RFC 4291 §2.5.5.2: a caller by IPv4 on a port of both.
      let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all.dropFirst(10).prefix(2) == [0xFF, 0xFF]
      bytes = isMapped ? Array(all.dropFirst(12)) : Array(all.prefix(8))
    case .unixDomainSocket, nil: return nil
    }
  }
}
