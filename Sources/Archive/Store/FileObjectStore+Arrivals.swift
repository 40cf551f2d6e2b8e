// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

extension FileObjectStore {
  /// Gives an object of the arrivals log its file, which is not synced.
  func create(_ record: ArrivalsRecord) throws(FileError) {
    try Self.create(record, at: path(of: record.key))
  }

  static func create(_ record: ArrivalsRecord, at path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
    do throws(FileError) {
      try write(record.bytes, to: descriptor, path)
    } catch {
      close(descriptor)
      unlink(path)
      throw error
    }
    guard close(descriptor) == 0 else {
      let failure = FileError("close", path)
      unlink(path)
      throw failure
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError("write", path) }
      done += count
    }
  }

  /// The file of an object that the log has, whatever a crash left of it.
  func complete(_ record: ArrivalsRecord) throws(FileError) {
    if let there = try? readNow(0..<record.bytes.count + 1, of: record.key), there == record.bytes { return }
    guard unlink(path(of: record.key)) == 0 || errno == ENOENT else { throw FileError("remove", path(of: record.key)) }
    try create(record)
  }
}
