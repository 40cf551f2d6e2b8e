// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import UpperLayer

/// A peer that reads slowly is told from one that does not read.
@Suite struct PeerClockTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  /// `left`: bytes that wait a minute, two, … after the channel was full.
  @Test(
    arguments: [
      ([900_000, 700_000, 300_000], nil), ([1 << 20], 1), ([900_000, 890_000], 2),
      // As fast as others have to send, and a byte less.
      ([(1 << 20) - 60 * 1024, 1000], nil), ([(1 << 20) - 60 * 1024 + 1], 1),
      // More than at first is none of its reading.
      ([2 << 20], 1),
    ] as [([Int], Int?)])
  func whoReadsIsNotHungUpOn(left: [Int], overdueAfter: Int?) {
    var clock = PeerClock(limits: UpperLayerLimits(idleTimeout: .hours(9)), now: Self.start)
    clock.becameWritable(false, at: Self.start)
    clock.look(at: Self.start, waiting: 1 << 20)
    for (minute, waiting) in left.enumerated() {
      let now = Self.start + .seconds(Int64(60 * (minute + 1)))
      clock.look(at: now, waiting: waiting)
      guard case .overdue(_, let isUnread) = clock.verdict(at: now) else { continue }
      #expect(isUnread && overdueAfter == minute + 1)
      return
    }
    #expect(overdueAfter == nil)
    clock.becameWritable(true, at: Self.start)
    guard case .wait = clock.verdict(at: Self.start + .hours(8)) else {
      Issue.record("all was read")
      return
    }
  }
}
