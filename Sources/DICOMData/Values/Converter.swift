// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One of the C library's converters, lent out while text is converted: opening one costs far more than a name takes.
struct Converter: ~Copyable {
  private let key: Key
  private let handle: iconv_t

  private struct Key: Hashable {
    let target: String
    let source: String
  }

  // As numbers: a handle is whoever's who has taken it out.
  private static let idle = Mutex<[Key: [UInt]]>([:])
  /// Of each kind; more than threads convert at once.
  private static let mostIdle = 32

  /// nil where the C library does not know a set.
  init?(from source: String, to target: String) {
    key = Key(target: target, source: source)
    let lent = Self.idle.withLock { [key] in $0[key]?.popLast() }
    guard let opened = lent.flatMap({ iconv_t(bitPattern: $0) }) ?? iconv_open(target, source),
      opened != iconv_t(bitPattern: -1)
    else { return nil }
    handle = opened
    // Back to the initial shift state.
    iconv(handle, nil, nil, nil, nil)
  }

  /// iconv(3); -1 where it stops before the end of the input.
  borrowing func convert(
    _ source: inout UnsafeMutablePointer<CChar>?, _ sourceLeft: inout Int, _ target: inout UnsafeMutablePointer<CChar>?,
    _ targetLeft: inout Int
  ) -> Int {
    iconv(handle, &source, &sourceLeft, &target, &targetLeft)
  }

  deinit {
    let (key, number) = (key, UInt(bitPattern: handle))
    let isKept = Self.idle.withLock { idle in
      guard idle[key, default: []].count < Self.mostIdle else { return false }
      idle[key, default: []].append(number)
      return true
    }
    if !isKept { iconv_close(handle) }
  }
}
