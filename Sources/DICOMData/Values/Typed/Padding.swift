// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
  /// The value without its padding (PS3.5 §6.2): spaces around it, and spaces and NULs behind it.
  var withoutPadding: Substring {
    // Bytes, not characters: a combining mark behind a space makes another character of it.
    var rest = Substring(self).utf8
    while let last = rest.last, last == UInt8(ascii: " ") || last == 0 { rest.removeLast() }
    while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
    return Substring(rest)
  }
}
