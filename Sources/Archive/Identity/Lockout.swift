// SPDX-License-Identifier: Apache-2.0

/// How long a user takes no password after wrong ones in a row: guessing must not pay, and a person who mistyped must not
/// lose the day.
enum Lockout {
  static let toleratedFailures = 5
  private static let first = 300.0
  private static let longest = 3600.0

  /// In seconds; nil while so many are tolerated. Each failure after a lock doubles it.
  static func duration(afterFailures failures: Int) -> Double? {
    guard failures >= toleratedFailures else { return nil }
    let doublings = min(failures - toleratedFailures, 8)
    return min(first * Double(1 << doublings), longest)
  }
}
