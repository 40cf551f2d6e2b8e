// SPDX-License-Identifier: Apache-2.0

// The importer of C files `struct stat` under this module where crypto packages are imported beside Glibc.
import CoreFoundation
import Glibc
import NIOCore
import NIOPosix

/// Reads files on threads that may wait for a disk, never on those that serve associations.
enum FileReading {
  private static let chunkSize = 1 << 20

  /// Up to a megabyte from `offset` on; empty at the end of the file.
  static func chunk(of path: String, from offset: Int) async throws -> ByteBuffer {
    try await NIOThreadPool.singleton.runIfActive { try read(path, from: offset) }
  }

  private static func read(_ path: String, from offset: Int) throws(OperationError) -> ByteBuffer {
    // Opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw OperationError("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw OperationError("it is not a regular file")
    }
    var buffer = ByteBufferAllocator().buffer(capacity: chunkSize)
    var code: CInt = 0
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkSize) { space in
      let count = pread(descriptor, space.baseAddress, chunkSize, offset)
      code = count < 0 ? errno : 0
      return max(count, 0)
    }
    guard code == 0 else { throw OperationError("cannot be read: \(String(cString: strerror(code)))") }
    return buffer
  }
}
