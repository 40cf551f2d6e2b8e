// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One line on a terminal that is redrawn as work goes on; silent when standard error is a file or a pipe.
struct ProgressBar {
  private let total: Int
  private let label: String
  private var done = 0
  private var drawn = -1

  init(_ label: String, total: Int) {
    self.label = label
    self.total = total
  }

  mutating func advance() {
    done += 1
    let percent = total == 0 ? 100 : done * 100 / total
    guard Output.noteIsTerminal, percent != drawn else { return }
    drawn = percent
    let filled = percent * 30 / 100
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    Output.write("\r\(label) \(bar) \(percent) % (\(done) of \(total))", to: .standardError)
  }

  func finish() {
    guard Output.noteIsTerminal, drawn >= 0 else { return }
    Output.write("\r\u{1B}[K", to: .standardError)
  }
}
