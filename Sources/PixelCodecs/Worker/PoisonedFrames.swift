// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Frames that ended a worker, by what they are made of: they are not tried again. The oldest are forgotten.
struct PoisonedFrames {
  private struct Mark: Hashable {
    let request: CodecRequest
    let count: Int
    let hash: Int
  }

  private static let limit = 4096
  private var marks: Set<Mark> = []
  private var order: [Mark] = []
  /// How long poisoned frames are, so that others need not be hashed.
  private var counts: Set<Int> = []

  var count: Int { marks.count }

  mutating func insert(_ job: CodecJob) {
    let mark = Self.mark(job)
    guard marks.insert(mark).inserted else { return }
    counts.insert(mark.count)
    order.append(mark)
    guard order.count > Self.limit else { return }
    marks.remove(order.removeFirst())
    counts = Set(order.map(\.count))
  }

  func contains(_ job: CodecJob) -> Bool {
    counts.contains(job.input.count) && marks.contains(Self.mark(job))
  }

  /// SipHash with this process's own key: nobody outside can make two frames look alike.
  private static func mark(_ job: CodecJob) -> Mark {
    var hasher = Hasher()
    job.input.withSpan { span in span.withUnsafeBytes { hasher.combine(bytes: $0) } }
    return Mark(request: job.request, count: job.input.count, hash: hasher.finalize())
  }
}
