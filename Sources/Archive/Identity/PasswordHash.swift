// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import CryptoExtras

/// How much work one guess costs (RFC 7914).
package struct ScryptCost: Sendable, Hashable {
  let rounds: Int
  let blockSize: Int
  let parallelism: Int

  /// OWASP rates it as N = 2^17 with p = 1, but it takes 32 MiB instead of 128: two at once are nothing to a node that bounds
  /// the memory of each association.
  package static let standard = ScryptCost(rounds: 1 << 15, blockSize: 8, parallelism: 3)
}

/// A password as it is kept: what cannot be turned back, and all that it takes to compare with.
struct PasswordHash: Sendable {
  let salt: [UInt8]
  let key: [UInt8]
  let cost: ScryptCost

  /// Blocks for a third of a second: only `PasswordThreads` calls it.
  init(of password: Secret, cost: ScryptCost) throws {
    salt = Self.random(16)
    self.cost = cost
    key = try Self.derive(password, salt: salt, cost: cost).withUnsafeBytes { Array($0) }
  }

  init(salt: [UInt8], key: [UInt8], cost: ScryptCost) {
    self.salt = salt
    self.key = key
    self.cost = cost
  }

  /// What no password has: a caller with an unknown name is compared with it, and waits as long as any other.
  static func ofNobody(cost: ScryptCost) -> PasswordHash {
    PasswordHash(salt: random(16), key: random(32), cost: cost)
  }

  /// Blocks likewise. Symmetric keys are compared in constant time.
  func matches(_ password: Secret) throws -> Bool {
    try Self.derive(password, salt: salt, cost: cost) == SymmetricKey(data: key)
  }

  private static func derive(_ password: Secret, salt: [UInt8], cost: ScryptCost) throws -> SymmetricKey {
    try KDF.Scrypt.deriveKey(
      from: password.bytes, salt: salt, outputByteCount: 32, rounds: cost.rounds, blockSize: cost.blockSize,
      parallelism: cost.parallelism)
  }

  private static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
