// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct LongReadingTests {
  private static let endless = """
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number) SELECT max(n) FROM number
    """

  /// One that comes before the statement, and one that comes while it runs.
  @Test(.timeLimit(.minutes(10)), arguments: [true, false])
  func aStatementEndsWithItsOperation(isEarly: Bool) async throws {
    let progress = OperationProgress()
    let (begun, begins) = AsyncStream<Void>.makeStream()
    let reading = Task {
      try await OperationThread.run(progress) {
        try LongReading(try DatabaseQueue(), progress).read { database in
          if isEarly { progress.cancel() } else { begins.finish() }
          _ = try Int.fetchOne(database, sql: Self.endless)
        }
      }
    }
    if !isEarly {
      for await _ in begun {}
      progress.cancel()
    }
    await #expect(throws: CancellationError.self) { try await reading.value }
    await #expect(throws: CancellationError.self) {
      try await OperationThread.run { try LongReading(try DatabaseQueue(), progress).read { _ in } }
    }
  }
}
