// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Memory for objects while they are converted, of all associations together: who finds too little waits for its turn.
actor ConversionRoom {
  private let limit: Int
  private var taken = 0
  private var waiting: [(bytes: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private(set) var mostTaken = 0

  /// A quarter of the machine's memory, and no less than a large object needs.
  static let usual = max(Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE))) / 4, 1 << 30)

  init(limit: Int = usual) {
    self.limit = limit
  }

  /// What needs more than there is has it for itself.
  nonisolated func withRoom<Value: Sendable, Failure: Error>(
    for bytes: Int, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    await take(bytes)
    let result: Result<Value, Failure>
    do throws(Failure) { result = .success(try await body()) } catch { result = .failure(error) }
    await give(bytes)
    return try result.get()
  }

  private func take(_ bytes: Int) async {
    guard !waiting.isEmpty || !fits(bytes) else { return note(bytes) }
    await withCheckedContinuation { waiting.append((bytes, $0)) }
  }

  private func give(_ bytes: Int) {
    taken -= bytes
    // Nobody is passed by those who need less: large objects would wait for ever.
    while let next = waiting.first, fits(next.bytes) {
      waiting.removeFirst()
      note(next.bytes)
      next.continuation.resume()
    }
  }

  private func fits(_ bytes: Int) -> Bool { taken == 0 || bytes <= limit - taken }

  private func note(_ bytes: Int) {
    taken += bytes
    mostTaken = max(mostTaken, taken)
  }
}
