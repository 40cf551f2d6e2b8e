// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Archive

@Suite struct DirectorySyncsTests {
  /// Many threads at once, over several directories: each comes back, and a directory that is not there fails for each.
  @Test func manyShareTheirSyncs() throws {
    let test = TestArchive()
    try FileManager.default.createDirectory(atPath: test.directory, withIntermediateDirectories: true)
    let syncs = DirectorySyncs()
    let counts = Mutex((done: 0, failed: 0))
    DispatchQueue.concurrentPerform(iterations: 400) { number in
      let path = number % 4 == 0 ? "\(test.directory)/absent" : test.directory
      do throws(FileError) {
        try syncs.begin(path).wait()
        counts.withLock { $0.done += 1 }
      } catch {
        counts.withLock { $0.failed += 1 }
      }
    }
    #expect(counts.withLock { $0.done } == 300)
    #expect(counts.withLock { $0.failed } == 100)
  }
}
