// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Where pictures are drawn and compressed, one after the other: a large one takes seconds, which the cooperative pool has not.
struct PictureThread: Sendable {
  private let queue = DispatchQueue(label: "collimator.pictures", qos: .utility)

  /// Throws what `body` throws, and where nobody waits for the picture any more when its turn comes.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
