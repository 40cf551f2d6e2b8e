// SPDX-License-Identifier: Apache-2.0

/// The name of a stored object: 32 hexadecimal digits, by chance. Nothing that a peer sent is part of it.
struct ObjectKey: Hashable, Sendable, Comparable {
  let name: String

  static func random() -> ObjectKey {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<2).map { _ in
      let half = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - half.count) + half
    }
    return ObjectKey(name: digits.joined())
  }

  init(name: String) {
    self.name = name
  }

  /// nil for what is none.
  init?(checking name: String) {
    guard name.utf8.count == 32, name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.name = name
  }

  static func < (left: ObjectKey, right: ObjectKey) -> Bool { left.name < right.name }
}
