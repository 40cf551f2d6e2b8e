// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// The files of one batch of small objects: written among the incoming while the log that has the objects too is synced, and
/// given their place once it is. What a crash leaves of them is swept, and made again from the log where that was synced.
final class ArrivingFiles: Sendable {
  private let records: [ArrivalsRecord]
  private let paths: ObjectPaths
  private let outcomes = Mutex<[Result<Void, FileError>]>([])
  private let written = DispatchSemaphore(value: 0)

  init(_ records: [ArrivalsRecord], at paths: ObjectPaths, on thread: FileThread) {
    self.records = records
    self.paths = paths
    guard !records.isEmpty else { return }
    thread.perform { self.writeAll() }
  }

  private func writeAll() {
    let written = records.map { record in
      Result { () throws(FileError) in try FileObjectStore.create(record, at: paths.incoming(record.key)) }
    }
    outcomes.withLock { $0 = written }
    self.written.signal()
  }

  /// Blocks until all are written: once the log is synced, each gets its place; otherwise all are gone again.
  func settle(isKept: Bool) -> [ObjectKey: FileError] {
    guard !records.isEmpty else { return [:] }
    written.wait()
    var failures: [ObjectKey: FileError] = [:]
    for (record, written) in zip(records, outcomes.withLock(\.self)) {
      do throws(FileError) {
        try written.get()
        if isKept { try place(record.key) } else { unlink(paths.incoming(record.key)) }
      } catch {
        failures[record.key] = error
      }
    }
    return failures
  }

  private func place(_ key: ObjectKey) throws(FileError) {
    guard rename(paths.incoming(key), paths.path(of: key)) == 0 else {
      let failure = FileError("place", paths.incoming(key))
      unlink(paths.incoming(key))
      throw failure
    }
  }
}
