// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Commits instances to the index, as many to a transaction as wait: a lone one waits for none, many share one sync.
actor IndexWriter {
  private struct Waiting {
    let insertion: InstanceInsertion
    let continuation: CheckedContinuation<Result<Addition, IndexError>, Never>
  }

  /// Enough to make the sync cheap, few enough that the first of them does not wait long.
  private static let largestBatch = 256

  private let database: DatabasePool
  private let layout: IndexLayout
  private let rules: StandingRules
  private var waiting: [Waiting] = []
  private var isCommitting = false

  init(database: DatabasePool, layout: IndexLayout, rules: StandingRules) {
    self.database = database
    self.layout = layout
    self.rules = rules
  }

  /// Returns once the instance's row is on the disk.
  func add(_ record: InstanceRecord, compared: [ObjectKey: [UInt8]]) async throws(IndexError) -> Addition {
    let insertion = InstanceInsertion(record, layout: layout, compared: compared, rules: rules)
    return try await withCheckedContinuation { continuation in
      waiting.append(Waiting(insertion: insertion, continuation: continuation))
      guard !isCommitting else { return }
      isCommitting = true
      Task { await commitAll() }
    }.get()
  }

  private func commitAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(Self.largestBatch))
      waiting.removeFirst(batch.count)
      switch await outcomes(of: batch.map(\.insertion)) {
      case .success(let additions):
        for (waiter, addition) in zip(batch, additions) { waiter.continuation.resume(returning: .success(addition)) }
      case .failure(let error) where error.kind == .impossible && batch.count > 1:
        // One that cannot be committed must not fail the others.
        for waiter in batch {
          let alone = await outcomes(of: [waiter.insertion])
          waiter.continuation.resume(returning: alone.flatMap { $0.first.map(Result.success) ?? .failure(error) })
        }
      case .failure(let error):
        for waiter in batch { waiter.continuation.resume(returning: .failure(error)) }
      }
    }
    isCommitting = false
  }

  private func outcomes(of insertions: [InstanceInsertion]) async -> Result<[Addition], IndexError> {
    do {
      return .success(
        try await database.write { database in try insertions.map { try $0.perform(in: database) } })
    } catch {
      return .failure(IndexError(writing: error))
    }
  }
}
