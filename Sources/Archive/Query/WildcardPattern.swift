// SPDX-License-Identifier: Apache-2.0

/// A pattern of `*` and `?` (PS3.4 C.2.2.2.4), matched without backtracking beyond the last star.
struct WildcardPattern: Sendable {
  private let pattern: [Unicode.Scalar]
  /// No match is shorter.
  private let least: Int

  init(_ pattern: String) {
    var scalars: [Unicode.Scalar] = []
    // Several stars in a row are one.
    for scalar in pattern.unicodeScalars where scalar != "*" || scalars.last != "*" { scalars.append(scalar) }
    self.pattern = scalars
    least = scalars.count { $0 != "*" }
  }

  /// What every match begins with.
  var literalPrefix: String {
    String(String.UnicodeScalarView(pattern.prefix { $0 != "*" && $0 != "?" }))
  }

  /// Whether it says no more than how a value begins.
  var isPrefix: Bool { pattern.last == "*" && literalPrefix.unicodeScalars.count == pattern.count - 1 }

  /// What every match has somewhere.
  var longestLiteral: String {
    let runs = pattern.split { $0 == "*" || $0 == "?" }
    let longest = runs.max { $0.count < $1.count } ?? []
    return String(String.UnicodeScalarView(longest))
  }

  /// Whether any of the values matches in full.
  func matches(anyOf values: some Sequence<Substring>) -> Bool {
    values.contains { matches(Array($0.unicodeScalars)) }
  }

  /// At most as many steps as the value has characters, squared, however long the pattern is: only the last star is ever tried
  /// again, and a pattern that asks for more than the value has is not begun.
  private func matches(_ value: [Unicode.Scalar]) -> Bool {
    guard value.count >= least else { return false }
    var position = 0
    var at = 0
    var lastStar: (pattern: Int, value: Int)?
    while position < value.count {
      if at < pattern.count, pattern[at] == "*" {
        lastStar = (at, position)
        at += 1
      } else if at < pattern.count, pattern[at] == "?" || pattern[at] == value[position] {
        at += 1
        position += 1
      } else if let star = lastStar {
        lastStar = (star.pattern, star.value + 1)
        at = star.pattern + 1
        position = star.value + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }
}
