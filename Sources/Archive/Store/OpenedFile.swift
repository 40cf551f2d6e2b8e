// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// A kept object's file while some of it is read.
struct OpenedFile: ReadableBytes {
  private let descriptor: CInt
  private let path: String
  private let range: Range<Int>

  let stamp: FileStamp?

  var count: Int { range.count }

  init(_ path: String, _ range: Range<Int>) throws(StoreError) {
    do throws(FileError) { self = try OpenedFile(opening: path, range) } catch { throw StoreError(error) }
  }

  /// Whoever opens it closes it.
  init(opening path: String, _ range: Range<Int>) throws(FileError) {
    // Who opens a pipe waits for ever for somebody to write.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError("open", path) }
    do throws(FileError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        errno = EINVAL
        throw FileError("read", path)
      }
      self.range = range.clamped(to: 0..<Int(status.st_size))
      stamp = FileStamp(
        file: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int64(status.st_ctim.tv_sec),
        nanoseconds: Int64(status.st_ctim.tv_nsec))
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.path = path
  }

  func close() { Glibc.close(descriptor) }

  package func copy(to memory: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    do throws(FileError) { return try read(to: memory) } catch { throw StoreError(error) }
  }

  func read(to memory: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let wanted = min(memory.count, range.count)
    var count = 0
    while count < wanted {
      let got = pread(
        descriptor, memory.baseAddress.map { $0 + count }, wanted - count, off_t(range.lowerBound + count))
      if got < 0 && errno == EINTR { continue }
      if got < 0 { throw FileError("read", path) }
      guard got > 0 else { break }
      count += got
    }
    return count
  }
}
