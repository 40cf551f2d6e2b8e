// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that can be read at any place: no pipe, no device, no folder.
struct RegularFile: ~Copyable {
  let number: CInt
  let size: Int

  static func open(_ path: String) throws(ReadingError) -> (number: CInt, size: Int) {
    // Opening a pipe would wait for its writer.
    let number = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw ReadingError.cannotRead(errno) }
    var status = stat()
    guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(number)
      throw ReadingError(.cannotOpen("it is not a regular file"), offset: 0)
    }
    return (number, Int(status.st_size))
  }

  init(path: String) throws(ReadingError) {
    (number, size) = try Self.open(path)
  }

  deinit {
    close(number)
  }

  /// Appends up to `count` bytes from `offset` on; fewer only where the file ends.
  func read(_ count: Int, at offset: Int, into bytes: inout [UInt8]) throws(ReadingError) {
    let wanted = max(min(count, size - offset), 0)
    var failure: CInt = 0
    let piece = [UInt8](unsafeUninitializedCapacity: wanted) { room, filled in
      while filled < wanted {
        let got = pread(number, room.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          failure = got < 0 ? errno : 0
          return
        }
        filled += got
      }
    }
    guard failure == 0 else { throw ReadingError.cannotRead(failure) }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
  }
}

extension ReadingError {
  static func cannotRead(_ code: CInt) -> ReadingError {
    ReadingError(.cannotOpen(String(cString: strerror(code))), offset: 0)
  }
}
