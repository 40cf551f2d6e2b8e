// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension Channel {
  /// Has whoever writes wait until the system took all that was written before. What a page or an object says is asked for only
  /// then: after a revocation one at most stands before a peer that reads slowly.
  func writePiecesInTurn() throws {
    try syncOptions?.setOption(.writeBufferWaterMark, value: ChannelOptions.Types.WriteBufferWaterMark(low: 1, high: 1))
  }
}
