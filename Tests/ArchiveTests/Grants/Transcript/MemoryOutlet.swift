// SPDX-License-Identifier: Apache-2.0

import DIMSE

/// What one side of an association without a network says, for the other to hear.
struct MemoryOutlet: RequestOutlet {
  let said: AsyncStream<DIMSERequest>
  private let say: AsyncStream<DIMSERequest>.Continuation

  init() { (said, say) = AsyncStream.makeStream() }

  func untilWritable() async throws {}

  func write(_ requests: [DIMSERequest]) async throws {
    for request in requests { say.yield(request) }
  }

  func write(_ request: DIMSERequest) async throws { say.yield(request) }

  func settle() async throws {}

  func finish() { say.finish() }
}
