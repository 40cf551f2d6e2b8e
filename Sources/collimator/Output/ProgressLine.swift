// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation
import Synchronization

/// One line on a terminal that says how far a long operation has come; silent when standard error is a file or a pipe.
final class ProgressLine: Sendable {
  private let isDrawn = Mutex(false)

  func draw(_ step: OperationProgress.Step) {
    let count = step.total.map { "\(step.done) of \($0)" } ?? (step.done > 0 ? "\(step.done)" : "")
    let percent = step.total.flatMap { $0 > 0 ? " (\(min(step.done * 100 / $0, 100)) %)" : nil } ?? ""
    draw("\(step.stage) \(count)\(percent)")
  }

  func draw(_ words: String) {
    guard Output.noteIsTerminal else { return }
    isDrawn.withLock { isDrawn in
      // Of a ticking that ended, nothing comes behind what took its place.
      guard !Task.isCancelled else { return }
      isDrawn = true
      Output.write("\r\u{1B}[K\(Output.harmless(words))", to: .standardError)
    }
  }

  /// Draws each second what `words` says after so many, until `body` has ended.
  static func ticking<Value>(
    _ words: @escaping @Sendable (_ seconds: Int) -> String, _ body: () async throws -> Value
  ) async rethrows -> Value {
    guard Output.noteIsTerminal else { return try await body() }
    let line = ProgressLine()
    let began = ContinuousClock.now
    let ticking = Task {
      while !Task.isCancelled {
        line.draw(words(Int((ContinuousClock.now - began) / .seconds(1))))
        try? await Task.sleep(for: .seconds(1))
      }
    }
    defer {
      ticking.cancel()
      line.clear()
    }
    return try await body()
  }

  func clear() {
    isDrawn.withLock { isDrawn in
      if isDrawn { Output.write("\r\u{1B}[K", to: .standardError) }
      isDrawn = false
    }
  }
}
