// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import GRDB

/// The hash of a record: SHA-256 over the hash of the one before it and every column of it, each with its type and length, so
/// that no byte can move from one column to another.
struct AuditDigest {
  /// What stands before the first record.
  static let start = [UInt8](repeating: 0, count: 32)

  private var bytes: [UInt8]

  init(after previous: [UInt8]) {
    bytes = previous
    bytes.reserveCapacity(512)
  }

  mutating func add(_ value: DatabaseValue) {
    switch value.storage {
    case .null: addNothing()
    case .int64(let integer): add(integer)
    case .double(let double): add(double)
    case .string(let text): add(text)
    case .blob(let data): add(blob: data)
    }
  }

  mutating func addNothing() { bytes.append(0) }

  mutating func add(_ real: Double) {
    bytes.append(2)
    add(real.bitPattern)
  }

  mutating func add(blob data: some Collection<UInt8>) {
    bytes.append(4)
    add(UInt64(data.count))
    bytes += data
  }

  mutating func add(_ integer: Int64) {
    bytes.append(1)
    add(UInt64(bitPattern: integer))
  }

  mutating func add(_ text: String) {
    bytes.append(3)
    add(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  /// A text as it stands in the database, which need not be UTF-8 where somebody wrote into it.
  mutating func add(text data: Data) {
    bytes.append(3)
    add(UInt64(data.count))
    bytes += data
  }

  private mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }

  func finalize() -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
