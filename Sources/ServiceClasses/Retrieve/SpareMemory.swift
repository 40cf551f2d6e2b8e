// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Buffers that are used again: for each object anew, the memory would be mapped and cleared anew.
final class SpareMemory: Sendable {
  private static let most = 4 << 20

  private let buffers = Mutex<[ByteBuffer]>([])

  /// An empty one. Whoever else still holds it keeps its content: then this is new memory.
  func take(_ capacity: Int) -> ByteBuffer {
    var buffer = buffers.withLock { $0.popLast() } ?? ByteBuffer()
    buffer.clear(minimumCapacity: capacity)
    return buffer
  }

  /// Nobody needs its content any more.
  func giveBack(_ buffer: ByteBuffer) {
    buffers.withLock { buffers in
      guard buffers.reduce(buffer.storageCapacity, { $0 + $1.storageCapacity }) <= Self.most else { return }
      buffers.append(buffer)
    }
  }
}
