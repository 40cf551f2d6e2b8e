// SPDX-License-Identifier: Apache-2.0

/// A pattern of `*` and `?` (PS3.4 C.2.2.2.4), matched without backtracking beyond the last star.
struct WildcardPattern: Sendable {
  private let pattern: [Unicode.Scalar]

  init(_ pattern: String) {
    self.pattern = Array(pattern.unicodeScalars)
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

  /// At most pattern × value steps: only the last star is ever tried again.
  private func matches(_ value: [Unicode.Scalar]) -> Bool {
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
