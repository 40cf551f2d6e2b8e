// SPDX-License-Identifier: Apache-2.0

import COpenJPEG

/// Memory as OpenJPEG reads and writes it.
final class MemoryStream {
  private let memory: UnsafeMutableRawBufferPointer
  private(set) var stream: UnsafeMutablePointer<opj_stream_t?>?
  private var position = 0
  /// How far was written.
  private(set) var length = 0
  private let isForReading: Bool

  init(reading bytes: UnsafeRawBufferPointer) {
    memory = UnsafeMutableRawBufferPointer(mutating: bytes)
    isForReading = true
    length = bytes.count
    open()
  }

  init(writing memory: UnsafeMutableRawBufferPointer) {
    self.memory = memory
    isForReading = false
    open()
  }

  func close() {
    opj_stream_destroy(stream)
    stream = nil
  }

  private func open() {
    guard let opened = opj_stream_default_create(isForReading ? 1 : 0) else { return }
    opj_stream_set_user_data(opened, Unmanaged.passUnretained(self).toOpaque(), nil)
    opj_stream_set_user_data_length(opened, UInt64(isForReading ? memory.count : 0))
    opj_stream_set_read_function(opened) { room, count, user in
      MemoryStream.of(user)?.read(into: room, count: count) ?? -1
    }
    opj_stream_set_write_function(opened) { bytes, count, user in
      MemoryStream.of(user)?.write(bytes, count: count) ?? -1
    }
    opj_stream_set_skip_function(opened) { count, user in MemoryStream.of(user)?.skip(Int(count)) ?? -1 }
    opj_stream_set_seek_function(opened) { place, user in MemoryStream.of(user)?.seek(Int(place)) == true ? 1 : 0 }
    stream = opened
  }

  private static func of(_ user: UnsafeMutableRawPointer?) -> MemoryStream? {
    user.map { Unmanaged<MemoryStream>.fromOpaque($0).takeUnretainedValue() }
  }

  /// -1 is the end of the stream.
  private func read(into room: UnsafeMutableRawPointer?, count: Int) -> Int {
    let taken = min(count, memory.count - position)
    guard taken > 0, let room, let base = memory.baseAddress else { return -1 }
    room.copyMemory(from: base + position, byteCount: taken)
    position += taken
    return taken
  }

  private func write(_ bytes: UnsafeMutableRawPointer?, count: Int) -> Int {
    guard count >= 0, count <= memory.count - position, let bytes, let base = memory.baseAddress else { return -1 }
    (base + position).copyMemory(from: bytes, byteCount: count)
    position += count
    length = max(length, position)
    return count
  }

  private func skip(_ count: Int) -> Int64 {
    let (place, overflow) = position.addingReportingOverflow(count)
    guard !overflow, seek(place) else { return -1 }
    return Int64(count)
  }

  private func seek(_ place: Int) -> Bool {
    guard (0...memory.count).contains(place) else { return false }
    position = place
    return true
  }
}
