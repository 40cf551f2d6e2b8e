// SPDX-License-Identifier: Apache-2.0

extension Substring {
  /// Without the padding of PS3.5 §6.2: spaces around it, NULs behind it.
  var withoutPadding: Substring {
    var rest = unicodeScalars
    while let last = rest.last, last == " " || last == "\0" { rest.removeLast() }
    while rest.first == " " { rest.removeFirst() }
    return Substring(rest)
  }
}

extension Substring.UTF8View {
  /// A number of digits and nothing else; nil where that is not so or does not fit.
  var digits: Int? {
    guard !isEmpty, allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(Substring(self))
  }
}
