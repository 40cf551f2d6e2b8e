// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Glibc

/// Thumbnails beside the archive, in `thumbnails`: a file for each object that has one. All of them may be removed at any time;
/// nothing is synced. Blocks.
struct ThumbnailFiles: Sendable {
  let directory: String

  /// No picture of this kind is near it.
  private static let longest = 1 << 20

  private var folder: String { directory + "/thumbnails" }

  func path(of key: ObjectKey) -> String { "\(folder)/\(key.name).jpg" }

  /// nil where there is none.
  func read(_ key: ObjectKey) -> [UInt8]? {
    let descriptor = open(path(of: key), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0,
      status.st_size <= Self.longest
    else { return nil }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { room, count in
      count = max(pread(descriptor, room.baseAddress, size, 0), 0)
    }
    return bytes.count == size ? bytes : nil
  }

  /// In one step: nobody sees half of one.
  func write(_ picture: [UInt8], of key: ObjectKey) throws(FileError) {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw FileError("make", folder) }
    let draft = "\(folder)/\(key.name).new"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError("create", draft) }
    let written = picture.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    guard written == picture.count, rename(draft, path(of: key)) == 0 else {
      let error = FileError("write", draft)
      unlink(draft)
      throw error
    }
  }

  func remove(_ key: ObjectKey) {
    unlink(path(of: key))
  }

  /// The objects that have one, and drafts that a crash left.
  func names() -> (keys: [ObjectKey], drafts: [String]) {
    let names = (try? FileObjectStore.names(in: folder)) ?? []
    return (
      names.compactMap { $0.hasSuffix(".jpg") ? ObjectKey(checking: String($0.dropLast(4))) : nil },
      names.filter { $0.hasSuffix(".new") }.map { "\(folder)/\($0)" }
    )
  }
}
