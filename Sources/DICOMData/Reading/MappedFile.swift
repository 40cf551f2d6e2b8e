// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file as memory. Only for files that nobody else truncates: reading behind such an end kills the process (SIGBUS).
package final class MappedFile: Sendable {
  // An address, not a pointer, so that the class is Sendable by itself: the mapping is read only and lives as long as it.
  private let address: UInt
  package let count: Int

  package init(path: String) throws(ReadingError) {
    let file = try RegularFile(path: path)
    count = file.size
    guard count > 0 else {
      address = 0
      return
    }
    let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.number, 0)
    guard let mapping, mapping != MAP_FAILED else { throw ReadingError.cannotRead(errno) }
    address = UInt(bitPattern: mapping)
  }

  deinit {
    if count > 0 { munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
  }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
  }
}
