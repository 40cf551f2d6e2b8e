// SPDX-License-Identifier: Apache-2.0

import CLinux
import DICOMData
import Glibc

/// Memory that the node and one worker share: two lanes, so that one frame can be brought while another is worked on; in each,
/// what goes in from 0 on, what comes out from `outputOffset` on. Sealed, so that nobody can make it smaller under the other;
/// it takes no more of the machine's memory than was touched.
package final class CodecArena: Sendable {
  package static let lanes = 2
  package static let outputOffset = FrameLayout.byteLimit / 4 * 5 + (1 << 20)
  package static let laneSize = outputOffset + FrameLayout.byteLimit / 4 * 5 + (1 << 20)
  package static let size = lanes * laneSize
  /// Pages of a larger frame are given back at once.
  private static let kept = 16 << 20

  let memory: CInt
  // An address, so that the class is Sendable by itself; who uses it is an actor.
  private let address: UInt

  init() throws(PixelError) {
    memory = clinux_sealed_memory("collimator-frames", UInt64(Self.size))
    guard memory >= 0 else { throw .workerUnavailable(why: "no memory to share: \(String(cString: strerror(errno)))") }
    let mapping = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory, 0)
    guard let mapping, mapping != MAP_FAILED else {
      let why = String(cString: strerror(errno))
      close(memory)
      throw .workerUnavailable(why: "memory cannot be mapped: \(why)")
    }
    address = UInt(bitPattern: mapping)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(bitPattern: address), Self.size)
    close(memory)
  }

  private func base(ofLane lane: Int) -> UnsafeMutableRawPointer? {
    precondition((0..<Self.lanes).contains(lane))
    return UnsafeMutableRawPointer(bitPattern: address).map { $0 + lane * Self.laneSize }
  }

  func write(_ input: Bytes, toLane lane: Int) {
    guard let base = base(ofLane: lane) else { return }
    input.withContiguousStorageIfAvailable { bytes in
      guard let source = bytes.baseAddress else { return }
      base.copyMemory(from: source, byteCount: min(bytes.count, Self.outputOffset))
    }
  }

  /// A copy: the worker may go on changing what lies there.
  func output(count: Int, ofLane lane: Int) -> [UInt8] {
    precondition(count <= Self.laneSize - Self.outputOffset)
    let base = base(ofLane: lane)
    return [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      guard let base, let start = room.baseAddress else { return }
      UnsafeMutableRawPointer(start).copyMemory(from: UnsafeRawPointer(base) + Self.outputOffset, byteCount: count)
      filled = count
    }
  }

  /// What one worker left is nothing for the next.
  func clear() {
    clinux_release_pages(memory, 0, UInt64(Self.size))
  }

  func trim(_ lane: Int, after count: Int) {
    guard count > Self.kept else { return }
    clinux_release_pages(memory, UInt64(lane * Self.laneSize), UInt64(Self.laneSize))
  }
}
