// SPDX-License-Identifier: Apache-2.0

// The importer of C files some structs of Glibc under this module where crypto packages are imported too.
import CoreFoundation
import Crypto
import DICOMData
import Glibc

/// What the archive knows of a file that it keeps, and whether the file is that.
struct StoredFile: Sendable {
  let path: String
  let sopClassUID: String
  let sopInstanceUID: String
  let transferSyntaxUID: String
  /// nil where no record of it is left.
  let arrival: Arrival?
  let digest: [UInt8]
  let size: Int

  enum Fault: String, Codable, Sendable {
    case missing, unreadable, wrongSize, wrongDigest
    /// The data set is whole, what stands before it is not what was written.
    case wrongHead

    /// Behind "the file".
    var words: String {
      switch self {
      case .missing: "is gone"
      case .unreadable: "cannot be read"
      case .wrongSize: "has another size than was received"
      case .wrongDigest: "has other bytes than were received"
      case .wrongHead: "is damaged before its data set: see collimator check"
      }
    }
  }

  /// Reads all of it, once; `each` has every piece of its bytes. nil for a file that is as it was stored.
  func fault(_ each: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> Fault? {
    try judged(each).fault
  }

  /// Writes anew what stands before a whole data set, where it takes the same room. True where the file is as it was stored
  /// then; killed in between it is as damaged as it was.
  func mendHead() throws -> Bool {
    let (fault, head) = try judged { _ in }
    guard fault == .wrongHead, let head, let written = self.head(asRecordedIn: head) else { return false }
    let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard pwrite(descriptor, written, written.count, 0) == written.count, fsync(descriptor) == 0 else { return false }
    return try self.fault() == nil
  }

  /// As it was written, in the same room; nil where it took another, as an earlier version's may. A note of the arrival that is
  /// whole stays: where the record says something else, it need not be the file that was changed.
  private func head(asRecordedIn head: Head) -> [UInt8]? {
    let meta = (try? Part10Head(reading: head.found))?.meta
    let known = meta?.elements == nil ? nil : meta
    let isNoteWhole = known.flatMap { Arrival.confirms(digest, $0) } == true
    let note = isNoteWhole ? known?.ownPrivateInformation : arrival?.note(confirming: digest)
    return [self.head(like: known, note: note ?? []), self.head(like: nil, note: note ?? [])].first { written in
      written.count == head.found.count && written != head.found
    }
  }

  /// `head`: of a file whose data set is whole.
  private func judged(_ each: (UnsafeRawBufferPointer) throws -> Void) throws -> (fault: Fault?, head: Head?) {
    let file: OpenFile
    do {
      file = try OpenFile(reading: path)
    } catch {
      return (error.code == ENOENT ? .missing : .unreadable, nil)
    }
    guard try file.size() == size else { return (.wrongSize, nil) }
    var heads: [Head] = []
    var room = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while true {
      let count: Int
      do {
        count = try file.read(into: &room, at: offset)
      } catch {
        return (.unreadable, nil)
      }
      guard count > 0 else { break }
      if offset == 0 { heads = self.heads(of: room[..<count]) }
      try room.withUnsafeBytes { bytes in
        for index in heads.indices {
          let begin = min(max(heads[index].found.count - offset, 0), count)
          heads[index].hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[begin..<count]))
        }
        try each(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      }
      offset += count
    }
    guard offset == size, let head = heads.first(where: { Array($0.hash.finalize()) == digest }) else {
      return (.wrongDigest, nil)
    }
    return (head.found == head.expected && isNoteOfArrival(in: head.found) ? nil : .wrongHead, head)
  }

  /// A cable or a network may have read it wrong: bytes are other than they were if they are so twice.
  static func confirmed(at path: String, _ reading: () throws -> Fault?) rethrows -> Fault? {
    let fault = try reading()
    guard fault == .wrongSize || fault == .wrongDigest else { return fault }
    OpenFile.forget(path)
    return try reading()
  }

  /// What may stand before the data set, as it is and as it was written; the bytes behind it are the data set's.
  private struct Head {
    let found: [UInt8]
    let expected: [UInt8]
    var hash = SHA256()
  }

  /// As the file itself says how long its head is; and, for when that is damaged, as it must have been written.
  private func heads(of beginning: ArraySlice<UInt8>) -> [Head] {
    let part = try? Part10Head(reading: Array(beginning.prefix(Part10Head.enoughBytes)))
    var expected: [[UInt8]] = []
    if let meta = part?.meta, meta.elements != nil {
      expected.append(head(like: meta, note: meta.ownPrivateInformation ?? []))
    }
    expected.append(head(like: nil, note: arrival?.note ?? []))
    expected.append(head(like: nil, note: []))
    var heads: [Head] = []
    if let part, let first = expected.first {
      heads.append(Head(found: Array(beginning.prefix(part.dataSetOffset)), expected: first))
    }
    for head in expected where !heads.contains(where: { $0.found.count == head.count }) {
      heads.append(Head(found: Array(beginning.prefix(head.count)), expected: head))
    }
    return heads
  }

  /// PS3.10 §7.1, as this node writes it; an earlier version of it wrote another version name of its own.
  private func head(like meta: FileMetaInformation?, note: [UInt8]) -> [UInt8] {
    let version = meta?.elements?.string(.implementationVersionName) ?? ""
    let isOurs = version.hasPrefix("COLLIMATOR_") && version.utf8.count <= 16
    return FileMetaInformation.encoded(
      sopClassUID: Self.asWritten(sopClassUID, meta?.mediaStorageSOPClassUID),
      sopInstanceUID: Self.asWritten(sopInstanceUID, meta?.mediaStorageSOPInstanceUID),
      transferSyntaxUID: transferSyntaxUID,
      sourceAETitle: arrival?.callingAETitle ?? meta?.sourceApplicationEntityTitle ?? "", privateInformation: note,
      versionName: isOurs ? version : Implementation.versionName)
  }

  /// A NUL within a UID is one in the file, and none in the index.
  private static func asWritten(_ indexed: String, _ inFile: String?) -> String {
    inFile.flatMap { MatchingForm.storable($0) == indexed ? $0 : nil } ?? indexed
  }

  /// What the head says of the arrival is what the index says. A head without a note is of an earlier version.
  private func isNoteOfArrival(in head: [UInt8]) -> Bool {
    guard let arrival, let meta = try? Part10Head(reading: head).meta, meta.ownPrivateInformation != nil else {
      return true
    }
    let noted = Arrival(of: meta, time: -1)
    return noted.sender == arrival.sender && noted.time == arrival.time && Arrival.confirms(digest, meta) != false
  }
}

/// A regular file that is read at any place. It blocks.
struct OpenFile: ~Copyable {
  private let descriptor: CInt
  private let path: String

  init(reading path: String) throws(FileError) {
    self.path = path
    // No link is followed: the names of our files are ours.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      errno = EINVAL
      close(descriptor)
      throw FileError("read", path)
    }
  }

  deinit {
    close(descriptor)
  }

  /// Whoever reads it next has it from the disk, as far as the system will.
  static func forget(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    close(descriptor)
  }

  func size() throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
    return Int(status.st_size)
  }

  /// 0 at the end of the file.
  func read(into room: inout [UInt8], at offset: Int) throws(FileError) -> Int {
    while true {
      let count = pread(descriptor, &room, room.count, off_t(offset))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError("read", path) }
      return count
    }
  }
}
