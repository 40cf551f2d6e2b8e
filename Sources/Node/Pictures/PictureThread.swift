// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Where pictures are drawn and compressed, one after the other: a large one takes seconds, which the cooperative pool has not.
struct PictureThread: Sendable {
  private let queue = DispatchQueue(label: "collimator.pictures", qos: .utility)

  /// Throws what `body` throws, and where nobody waits for the picture any more when its turn comes.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try Task.checkCancellation()
    let departure = Departure()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(
            with: Result {
              guard !departure.isThere else { throw CancellationError() }
              return try body()
            })
        }
      }
    } onCancel: {
      departure.set()
    }
  }

  /// That nobody waits for a picture any more.
  private final class Departure: Sendable {
    private let flag = Atomic(false)

    var isThere: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
  }
}
