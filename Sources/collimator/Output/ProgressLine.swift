// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation
import Synchronization

/// One line on a terminal that says how far a long operation has come; silent when standard error is a file or a pipe.
final class ProgressLine: Sendable {
  private let isDrawn = Mutex(false)

  func draw(_ step: OperationProgress.Step) {
    guard Output.noteIsTerminal else { return }
    isDrawn.withLock { isDrawn in
      isDrawn = true
      let count = step.total.map { "\(step.done) of \($0)" } ?? (step.done > 0 ? "\(step.done)" : "")
      let percent = step.total.flatMap { $0 > 0 ? " (\(min(step.done * 100 / $0, 100)) %)" : nil } ?? ""
      Output.write("\r\u{1B}[K\(step.stage) \(count)\(percent)", to: .standardError)
    }
  }

  func clear() {
    isDrawn.withLock { isDrawn in
      if isDrawn { Output.write("\r\u{1B}[K", to: .standardError) }
      isDrawn = false
    }
  }
}
