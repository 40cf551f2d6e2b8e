// SPDX-License-Identifier: Apache-2.0

import Crypto

/// One object in the arrivals log: a head by which it can be told to be whole, then its bytes.
///
/// Eight bytes of magic, sixteen of the pass that wrote it, eight of length, the key's 32 digits, SHA-256 of key and bytes.
struct ArrivalsRecord: Sendable {
  let key: ObjectKey
  let bytes: [UInt8]
  /// Its sender was told afterwards that it is not kept.
  private(set) var isVoid = false
  private let digest: [UInt8]

  static let headSize = 96
  private static let magic = Array("CLMTRRCD".utf8)
  /// In the place of the first byte of the magic: one byte is changed whole or not at all.
  static let void = UInt8(ascii: "V")

  var size: Int { Self.headSize + bytes.count }

  init(_ key: ObjectKey, _ bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
    digest = Self.digest(of: key, bytes)
  }

  private static func digest(of key: ObjectKey, _ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Array(key.name.utf8))
    hash.update(data: bytes)
    return Array(hash.finalize())
  }

  func encode(pass: [UInt8], into room: inout [UInt8]) {
    room += Self.magic
    room += pass
    room += withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) }
    room += key.name.utf8
    room += digest
    room += bytes
  }

  /// nil where no whole record of this pass begins at `offset`.
  init?(decoding file: [UInt8], at offset: Int, pass: [UInt8]) {
    guard offset >= 0, file.count - offset >= Self.headSize else { return nil }
    let head = file[offset..<offset + Self.headSize]
    let isVoid = head.first == Self.void
    guard isVoid || head.first == Self.magic.first, head.prefix(8).dropFirst().elementsEqual(Self.magic.dropFirst()),
      head.dropFirst(8).prefix(16).elementsEqual(pass)
    else { return nil }
    let length = head.dropFirst(24).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let rest = file.count - offset - Self.headSize
    guard length <= UInt64(rest), let count = Int(exactly: length),
      let key = ObjectKey(checking: String(decoding: head.dropFirst(32).prefix(32), as: UTF8.self))
    else { return nil }
    let begin = offset + Self.headSize
    self.key = key
    self.isVoid = isVoid
    bytes = Array(file[begin..<begin + count])
    digest = Self.digest(of: key, bytes)
    guard head.dropFirst(64).elementsEqual(digest) else { return nil }
  }
}
