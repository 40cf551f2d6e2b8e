// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A DICOM file (PS3.10 §7): preamble, group 0002, data set; or, where a device left the first two out, the bare data set.
package struct Part10File: Sendable {
  package let meta: FileMetaInformation
  package let dataSet: DataSet
  package let transferSyntax: TransferSyntax
  /// Where the data set begins in the file.
  package let dataSetOffset: Int

  package init(
    path: String, options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    try self.init(reading: try Self.contents(of: path), options: options, stoppingBefore: stop)
  }

  package init(
    reading bytes: [UInt8], options: ReadingOptions = .lenient, stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    let head = try Part10Head(reading: bytes)
    meta = head.meta
    transferSyntax = head.transferSyntax
    dataSetOffset = head.dataSetOffset
    do throws(ReadingError) {
      dataSet = try DataSet(
        reading: Array(bytes[head.dataSetOffset...]), transferSyntax: head.transferSyntax, options: options,
        stoppingBefore: stop)
    } catch {
      throw ReadingError(error.reason, offset: error.offset + head.dataSetOffset, tagPath: error.tagPath)
    }
  }

  private static func contents(of path: String) throws(ReadingError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ReadingError(.cannotOpen(String(cString: strerror(errno))), offset: 0) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ReadingError(.cannotOpen("it is not a regular file"), offset: 0)
    }
    let size = Int(status.st_size)
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { room, count in
      while count < size {
        let got = read(descriptor, room.baseAddress.map { $0 + count }, size - count)
        guard got > 0 else {
          failure = got < 0 ? errno : 0
          return
        }
        count += got
      }
    }
    guard failure == 0 else { throw ReadingError(.cannotOpen(String(cString: strerror(failure))), offset: 0) }
    return bytes
  }
}
