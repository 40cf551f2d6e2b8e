// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData
import Glibc
import GRDB

/// Sets right what a crash left behind: pieces of objects are swept, whole ones that never reached the index are indexed,
/// and rows whose file is gone are marked. Doing it twice does no harm.
struct Recovery {
  private let store: ObjectStore
  private let database: DatabasePool
  private let now: Double

  init(store: ObjectStore, database: DatabasePool, now: Double) {
    self.store = store
    self.database = database
    self.now = now
  }

  func perform() throws {
    for name in try ObjectStore.names(in: store.incoming) { unlink("\(store.incoming)/\(name)") }
    let wasClosed = try database.read { try Bool.fetchOne($0, sql: "SELECT was_closed FROM node") ?? false }
    // A directory that was left in order has nothing to be found in it, however large it is.
    if !wasClosed { try compareFilesAndRows() }
    try database.write { try $0.execute(sql: "UPDATE node SET was_closed = 0") }
  }

  private func compareFilesAndRows() throws {
    let known = try database.read { try Set(String.fetchAll($0, sql: "SELECT object FROM instance")) }
    var found: Set<String> = []
    for shelf in try ObjectStore.names(in: store.instances) {
      for file in try ObjectStore.names(in: "\(store.instances)/\(shelf)") {
        if let key = ObjectStore.Key(fileName: file) { found.insert(key.name) }
      }
    }
    // First what is gone, so that a file that was not known can take the place of one that was lost.
    try mark(missing: known.subtracting(found))
    // What was deleted is no object that was never indexed.
    let deleted = try database.read { try Set(String.fetchAll($0, sql: "SELECT object FROM tombstone")) }
    for name in found.subtracting(known).subtracting(deleted).sorted() { try takeIn(ObjectStore.Key(name: name)) }
  }

  private func mark(missing: Set<String>) throws {
    try database.write { database in
      try database.execute(sql: "UPDATE instance SET is_missing = 0 WHERE is_missing = 1")
      for name in missing {
        try database.execute(sql: "UPDATE instance SET is_missing = 1 WHERE object = ?", arguments: [name])
      }
    }
  }

  /// An object that is whole but was never acknowledged: indexed, for its sender may have been about to hear so. What cannot
  /// be read goes to quarantine.
  private func takeIn(_ key: ObjectStore.Key) throws {
    let record: InstanceRecord
    do {
      record = try self.record(of: key)
    } catch  where error is ReceptionError || error.saysThatTheFileIsNoObject {
      rename(store.path(of: key), "\(store.quarantine)/\(key.name).dcm")
      return
    }
    let outcome = try database.write { try InstanceInsertion(record, at: now).perform(in: $0) }
    if outcome == .alreadyStored || outcome == .keptOut { unlink(store.path(of: key)) }
  }

  private func record(of key: ObjectStore.Key) throws -> InstanceRecord {
    let file = try Part10File(path: store.path(of: key), stoppingBefore: .pixelData)
    let header = file.dataSet
    guard let sopClass = header.string(.sopClassUID), let sopInstance = header.string(.sopInstanceUID) else {
      throw ReceptionError(.doesNotMatch, "the data set has no SOP Class or SOP Instance UID")
    }
    let (digest, size) = try StoredDataSet(path: store.path(of: key), offset: file.dataSetOffset).digest()
    return try InstanceRecord(
      header,
      announcement: Announcement(
        sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntaxUID: file.transferSyntax.uid,
        callingAETitle: file.meta.sourceApplicationEntityTitle ?? ""),
      object: key, digest: digest, size: file.dataSetOffset + size, sender: "recovery")
  }
}

/// The data set of a stored file, read in pieces.
private struct StoredDataSet {
  let path: String
  let offset: Int

  func digest() throws -> (digest: [UInt8], size: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
    defer { close(descriptor) }
    var digest = SHA256()
    var size = 0
    var room = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = pread(descriptor, &room, room.count, offset + size)
      guard count >= 0 else { throw FileError("read", path) }
      guard count > 0 else { return (Array(digest.finalize()), size) }
      digest.update(data: room[..<count])
      size += count
    }
  }
}

extension Error {
  /// A disk that fails for the moment says nothing about the file.
  fileprivate var saysThatTheFileIsNoObject: Bool {
    guard let error = self as? ReadingError else { return false }
    if case .cannotOpen = error.reason { return false }
    return true
  }
}
