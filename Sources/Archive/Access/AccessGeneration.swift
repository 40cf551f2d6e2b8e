// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// Counts how often anything changed by which somebody sees more or less. Whoever made the change goes on only when it was
/// counted: what was read before it can be told from what was read after.
final class AccessGeneration: Sendable {
  private final class Counter: Sendable {
    let value = Atomic(0)
  }

  private let counter = Counter()
  private let observation: AnyDatabaseCancellable

  init(database: DatabasePool) {
    let tables = ["access_grant", "consent", "membership", "peer", "principal", "correction"]
    let regions: [any DatabaseRegionConvertible] =
      tables.map { SQLRequest<Row>(sql: "SELECT * FROM \($0)") } + [
        // Not the columns that count wrong passwords.
        SQLRequest<Row>(sql: "SELECT principal, locked_at FROM user")
      ]
    observation = DatabaseRegionObservation(tracking: regions).start(in: database) { [counter] _ in
      counter.value.add(1, ordering: .sequentiallyConsistent)
    } onChange: { [counter] _ in
      counter.value.add(1, ordering: .sequentiallyConsistent)
    }
  }

  var current: Int { counter.value.load(ordering: .sequentiallyConsistent) }
}
