// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Long work over files and tables runs on a thread of its own, never on the cooperative pool or a reception's.
enum OperationThread {
  static func run<Value: Sendable>(
    _ progress: OperationProgress = OperationProgress(), _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "collimator.operation").async {
          continuation.resume(with: Result { try body() }.mapError { ArchiveError(damage: $0) ?? $0 })
        }
      }
    } onCancel: {
      progress.cancel()
    }
  }
}
