// SPDX-License-Identifier: Apache-2.0

/// Wakes the one who waits: after a time, or when somebody rings. Who rings while nobody waits is heard later.
actor Alarm {
  private var isRung = false
  private var sleeper: CheckedContinuation<Void, Never>?

  func ring() {
    isRung = true
    sleeper?.resume()
    sleeper = nil
  }

  func wait(atMost time: Duration) async {
    let timer = Task {
      try await Task.sleep(for: time)
      self.ring()
    }
    await withTaskCancellationHandler {
      await untilRung()
    } onCancel: {
      Task { await self.ring() }
    }
    timer.cancel()
    isRung = false
  }

  private func untilRung() async {
    guard !isRung else { return }
    await withCheckedContinuation { sleeper = $0 }
  }
}
