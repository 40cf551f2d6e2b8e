// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Node

/// Of many reports on one association one goes at a time, and none is forgotten.
@Suite struct ReportsInTurnTests {
  private final class Counts: Sendable {
    struct Values {
      var going = 0
      var most = 0
      var done: [Int64] = []
    }

    let values = Mutex(Values())
  }

  @Test func oneAtATimeAndAllOfThem() async {
    let reports = ReportsInTurn()
    let counts = Counts()
    await withTaskGroup(of: Void.self) { group in
      for number in Int64(0)..<1000 {
        group.addTask {
          guard reports.begin(number) else { return }
          var numbers = [number]
          repeat {
            counts.values.withLock { values in
              values.going += 1
              values.most = max(values.most, values.going)
            }
            await Task.yield()
            counts.values.withLock { [numbers] values in
              values.done += numbers
              values.going -= 1
            }
            numbers = reports.next()
          } while !numbers.isEmpty
        }
      }
    }
    #expect(counts.values.withLock(\.most) == 1)
    #expect(counts.values.withLock { $0.done.sorted() } == Array(0..<1000))
  }
}
