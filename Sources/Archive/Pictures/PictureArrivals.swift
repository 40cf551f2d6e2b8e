// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells whoever makes thumbnails of each series' first object, and when there is time for that. What comes while too many
/// wait is left out: it gets its thumbnail when somebody asks for it.
final class PictureArrivals: Sendable {
  private static let longestQueue = 4096
  /// So long after the last object nobody else is likely to want the processor.
  private static let quiet = Duration.milliseconds(100)
  /// While objects come and come, thumbnails get this part of one processor.
  private static let share = 20
  /// One that took longer, as the first does for which a worker is started, is not waited for any longer.
  private static let longestCount = Duration.milliseconds(250)
  private static let seriesRemembered = 4096

  private struct Remembered {
    var series: Set<String> = []
    var order: [String] = []
    var oldest = 0
    var lastArrival = ContinuousClock.now - .seconds(1)
  }

  let stream: AsyncStream<PicturedObject>
  private let continuation: AsyncStream<PicturedObject>.Continuation
  private let remembered = Mutex(Remembered())

  init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.longestQueue))
  }

  func tell(of record: InstanceRecord) {
    guard isFirst(of: record.hierarchy?.seriesInstanceUID) else { return }
    continuation.yield(PicturedObject(record))
  }

  /// Returns once no object has arrived for a while; where they do not end, when `spent` on a picture was long enough ago.
  func leisure(after spent: Duration) async throws {
    let latest = ContinuousClock.now + min(spent, Self.longestCount) * Self.share
    while true {
      let quietFrom = remembered.withLock { $0.lastArrival } + Self.quiet
      let due = min(quietFrom, latest)
      guard due > .now else { return }
      try await Task.sleep(until: due)
    }
  }

  private func isFirst(of series: String?) -> Bool {
    remembered.withLock { remembered in
      remembered.lastArrival = .now
      guard let series, remembered.series.insert(series).inserted else { return false }
      if remembered.order.count < Self.seriesRemembered {
        remembered.order.append(series)
      } else {
        remembered.series.remove(remembered.order[remembered.oldest])
        remembered.order[remembered.oldest] = series
        remembered.oldest = (remembered.oldest + 1) % Self.seriesRemembered
      }
      return true
    }
  }
}
