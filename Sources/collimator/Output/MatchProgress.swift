// SPDX-License-Identifier: Apache-2.0

/// How many matches have come, on a terminal.
struct MatchProgress {
  private let line = ProgressLine()
  private let whom: String
  private static let step = 100

  init(of whom: String) {
    self.whom = whom
    line.draw("asking \(whom)")
  }

  func draw(_ count: Int) {
    if count == 1 || count.isMultiple(of: Self.step) { line.draw("\(whom) answers: \(count)") }
  }

  func clear() { line.clear() }
}
