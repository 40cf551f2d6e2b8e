// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells whoever makes thumbnails of each series' first object. What comes while too many wait is left out: it gets its
/// thumbnail when somebody asks for it.
final class PictureArrivals: Sendable {
  private static let longestQueue = 256
  private static let seriesRemembered = 4096

  private struct Remembered {
    var series: Set<String> = []
    var order: [String] = []
    var oldest = 0
  }

  let stream: AsyncStream<PicturedObject>
  private let continuation: AsyncStream<PicturedObject>.Continuation
  private let remembered = Mutex(Remembered())

  init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.longestQueue))
  }

  func tell(of record: InstanceRecord) {
    guard let hierarchy = record.hierarchy, isFirst(of: hierarchy.seriesInstanceUID) else { return }
    continuation.yield(PicturedObject(record))
  }

  private func isFirst(of series: String) -> Bool {
    remembered.withLock { remembered in
      guard remembered.series.insert(series).inserted else { return false }
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
