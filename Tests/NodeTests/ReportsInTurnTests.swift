// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Node

/// Of many reports on one association one goes at a time, and none is forgotten.
@Suite struct ReportsInTurnTests {
  @Test func oneAtATimeAndAllOfThem() async {
    let reports = ReportsInTurn()
    let (going, most) = (Mutex(0), Mutex(0))
    let done = Mutex<[Int64]>([])
    await withTaskGroup(of: Void.self) { group in
      for number in Int64(0)..<1000 {
        group.addTask {
          guard reports.begin(number) else { return }
          var numbers = [number]
          repeat {
            let now = going.withLock { going in
              going += 1
              return going
            }
            most.withLock { $0 = max($0, now) }
            await Task.yield()
            done.withLock { [numbers] in $0 += numbers }
            going.withLock { $0 -= 1 }
            numbers = reports.next()
          } while !numbers.isEmpty
        }
      }
    }
    #expect(most.withLock(\.self) == 1)
    #expect(done.withLock { $0.sorted() } == Array(0..<1000))
  }
}
