// SPDX-License-Identifier: Apache-2.0

/// An answer without matches comes on the beat of a clock that began with its question: whether nothing is there, or nothing
/// that the caller may see, is not told by how long it took to find out.
struct EmptyAnswerPace {
  private let began = ContinuousClock.now
  private let step: Duration

  init(step: Duration) {
    self.step = step
  }

  func hold() async {
    var beat = began + step
    let now = ContinuousClock.now
    while beat < now { beat += step }
    try? await Task.sleep(until: beat, tolerance: .zero, clock: .continuous)
  }
}
