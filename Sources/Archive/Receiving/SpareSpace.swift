// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc
import GRDB

/// A file that takes space and is worth nothing: where the disk is full to the last byte, it is given up, so that the index
/// can be written once more. Deleting is how space comes back, and a deletion has to write first; and what is shown to somebody
/// has to be on record, for which there is one of its own, or asking would leave none to delete with.
struct SpareSpace: Sendable {
  private let directory: String
  private let name: String
  /// Bytes; 0 for none.
  private let size: Int

  init(directory: String, name: String = Self.forDeleting, size: Int) {
    self.directory = directory
    self.name = name
    self.size = size
  }

  static let forDeleting = "spare"
  static let forRecords = "spare-records"

  private var path: String { "\(directory)/\(name)" }

  /// Takes the space where there is some to take; never the last of it.
  func take() {
    var status = stat()
    let there = lstat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    guard size > 0, there < size else { return }
    guard let free = SpaceWatch(directory: directory, reserve: 0).room, free > 2 * size else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    let outcome = posix_fallocate(descriptor, 0, off_t(size))
    close(descriptor)
    if outcome != 0 { unlink(path) }
  }

  /// True where there was something to give up.
  func giveUp() -> Bool { unlink(path) == 0 }

  /// Does what writes to the index; where there is no space left, once more without the spare.
  func during<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError where error.mayBeForLackOfSpace && giveUp() {
      return try body()
    } catch let error as FileError where error.saysThatTheDiskIsFull && giveUp() {
      return try body()
    }
  }
}

extension DatabaseError {
  /// Also what a full disk may show itself as, where giving up the spare does no harm.
  fileprivate var mayBeForLackOfSpace: Bool { saysThatTheDiskIsFull || extendedResultCode == .SQLITE_CANTOPEN }
}
