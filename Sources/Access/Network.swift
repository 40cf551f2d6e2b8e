// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An address or a network in CIDR notation, IPv4 or IPv6.
package struct Network: Hashable, Sendable, CustomStringConvertible {
  /// Of the network, 4 or 16.
  private let bytes: [UInt8]
  package let prefixLength: Int

  /// nil for what is no address, and where bits behind the prefix are set: "10.0.0.5/8" is more likely a slip than a wish.
  package init?(_ text: String) {
    guard let (address, length) = Self.parts(of: text), Self.masked(address, length) == address else { return nil }
    (bytes, prefixLength) = (address, length)
  }

  /// The network that is meant where bits behind the prefix are set.
  package init?(enclosing text: String) {
    guard let (address, length) = Self.parts(of: text) else { return nil }
    (bytes, prefixLength) = (Self.masked(address, length), length)
  }

  private static func parts(of text: String) -> (address: [UInt8], length: Int)? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = address(String(parts[0])) else { return nil }
    guard parts.count == 2 else { return (address, address.count * 8) }
    guard let length = Int(parts[1]), (0...address.count * 8).contains(length) else { return nil }
    return (address, length)
  }

  /// What one caller can choose among: an IPv4 address, and of IPv6 the /64 that a single machine has for itself.
  package init?(around address: String) {
    guard let address = Self.address(address) else { return nil }
    prefixLength = address.count == 4 ? 32 : 64
    bytes = Self.masked(address, prefixLength)
  }

  package func contains(_ address: String) -> Bool {
    guard let other = Self.address(address), other.count == bytes.count else { return false }
    return Self.masked(other, prefixLength) == bytes
  }

  /// Whether all addresses of the other are its own too.
  package func contains(_ other: Network) -> Bool {
    other.bytes.count == bytes.count && other.prefixLength >= prefixLength
      && Self.masked(other.bytes, prefixLength) == bytes
  }

  package var description: String { singleAddress ?? "\(Self.text(bytes))/\(prefixLength)" }

  /// nil for a network of several addresses.
  package var singleAddress: String? { prefixLength == bytes.count * 8 ? Self.text(bytes) : nil }

  private static func address(_ text: String) -> [UInt8]? {
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    // An IPv4 peer of a socket that listens for both shows itself as ::ffff:a.b.c.d.
    let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    return isMapped ? Array(bytes.suffix(4)) : bytes
  }

  private static func masked(_ address: [UInt8], _ length: Int) -> [UInt8] {
    address.enumerated().map { index, byte in
      let kept = min(max(length - index * 8, 0), 8)
      return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
    }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = bytes.withUnsafeBytes { source in
      inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, source.baseAddress, &room, socklen_t(room.count))
    }
    return String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
