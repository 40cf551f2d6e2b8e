// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Glibc
import Synchronization
import Testing

@testable import Archive

@Suite struct ArrivalsLogTests {
  private func uids(in archive: Archive) async throws -> Set<String> {
    try await archive.database.read { database in
      try Set(String.fetchAll(database, sql: "SELECT v_00080018 FROM instance WHERE fault = 0"))
    }
  }

  /// The power went after the log was synced: of files and rows there may be anything.
  @Test func whatTheLogHasIsThereAfterACrash() async throws {
    let test = TestArchive()
    do {
      let archive = try test.open()
      for number in 1...4 { try await archive.store(TestObject(instance: "1.\(number)")) }
    }
    let files = try test.files(in: "instances").map { "\(test.directory)/instances/\($0)" }.sorted()
    let before = try files.map { try Data(contentsOf: URL(filePath: $0)) }
    try FileManager.default.removeItem(atPath: files[0])
    try Data(before[1].prefix(200)).write(to: URL(filePath: files[1]))
    try Data(repeating: 0, count: before[2].count).write(to: URL(filePath: files[2]))
    let queue = try test.database()
    try await queue.write { database in
      try database.execute(sql: "DELETE FROM instance WHERE v_00080018 IN ('1.1', '1.4')")
    }
    try queue.close()
    for _ in 0..<2 {
      let archive = try test.open()
      #expect(try await uids(in: archive) == ["1.1", "1.2", "1.3", "1.4"])
      #expect(try files.map { try Data(contentsOf: URL(filePath: $0)) } == before)
      #expect(try test.files(in: "arrivals").isEmpty)
      #expect(archive.recovery.quarantined == 0)
      try await archive.close()
    }
  }

  /// Segments are closed, freed and used again; nothing of them stays after an orderly end.
  @Test(arguments: [600, 4096, 1 << 20])
  func segmentsAreUsedAgain(size: Int) async throws {
    let test = TestArchive()
    let all = Set((1...60).map { "1.\($0)" })
    do {
      let archive = try test.open(options: ArchiveOptions(arrivalsSegmentSize: size))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for uid in all { group.addTask { try await archive.store(TestObject(instance: uid)) } }
        try await group.waitForAll()
      }
      #expect(try test.files(in: "arrivals").count <= 60)
    }
    let archive = try test.open(options: ArchiveOptions(arrivalsSegmentSize: size))
    #expect(try await uids(in: archive) == all)
    for number in 61...70 { try await archive.store(TestObject(instance: "1.\(number)")) }
    try await archive.close()
    #expect(try test.files(in: "arrivals").isEmpty)
    #expect(try test.files(in: "instances").count == 70)
  }

  /// What was deleted is not in the log any more, and a log that came back in a power cut does not bring it back.
  @Test func whatWasDeletedStaysDeleted() async throws {
    let test = TestArchive()
    let kept = test.directory + ".log"
    defer { try? FileManager.default.removeItem(atPath: kept) }
    do {
      let archive = try test.open()
      try await archive.store(TestObject(instance: "1.1", comment: "a secret"))
      try await archive.store(TestObject(instance: "1.2", comment: "no secret"))
      let log = try #require(try test.files(in: "arrivals").first)
      try FileManager.default.copyItem(atPath: "\(test.directory)/arrivals/\(log)", toPath: kept)
      let report = try await archive.operations(as: .current).delete(
        .instance(uid: "1.1"), DeletionOrder(reason: "asked for"))
      #expect(report.filesAreGone)
      #expect(try test.files(in: "arrivals").isEmpty)
      try await archive.store(TestObject(instance: "1.3"))
    }
    try FileManager.default.copyItem(atPath: kept, toPath: "\(test.directory)/arrivals/999")
    let archive = try test.open()
    #expect(try await uids(in: archive) == ["1.2", "1.3"])
    #expect(try test.files(in: "arrivals").isEmpty)
    for file in try test.files(in: "instances") {
      let bytes = try Data(contentsOf: URL(filePath: "\(test.directory)/instances/\(file)"))
      #expect(bytes.range(of: Data("a secret".utf8)) == nil)
    }
    try await archive.close()
  }

  /// Cut at every byte, and with every byte changed: whole records of the beginning are read, and nothing else.
  @Test func onlyWholeRecordsAreRead() throws {
    let pass = [UInt8](repeating: 7, count: 16)
    let records = [[], [1, 2, 3], [UInt8](repeating: 9, count: 40)].map { ArrivalsRecord(.random(), $0) }
    var file: [UInt8] = []
    for record in records { record.encode(pass: pass, into: &file) }
    func read(_ file: [UInt8]) -> [ObjectKey] {
      var keys: [ObjectKey] = []
      var offset = 0
      while let record = ArrivalsRecord(decoding: file, at: offset, pass: pass) {
        keys.append(record.key)
        offset += record.size
      }
      return keys
    }
    let keys = records.map(\.key)
    #expect(read(file) == keys)
    let ends = [96, 96 + 99, 96 + 99 + 136]
    for count in 0..<file.count {
      #expect(read(Array(file.prefix(count))) == Array(keys.prefix(ends.count { $0 <= count })))
      var changed = file
      changed[count] ^= 0x40
      #expect(read(changed) == Array(keys.prefix(ends.count { $0 <= count })), "\(count)")
    }
    #expect(ArrivalsRecord(decoding: file, at: 0, pass: [UInt8](repeating: 8, count: 16)) == nil)
    #expect(ArrivalsRecord(decoding: file, at: -1, pass: pass) == nil)
    #expect(ArrivalsRecord(decoding: file, at: .max, pass: pass) == nil)
  }

  /// A UID may look like the room for the digest.
  @Test func theDigestGoesWhereItBelongs() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let uid = String(repeating: "0", count: 64)
    #expect(try await archive.store(TestObject(instance: uid, comment: "x")) == .stored)
    let file = try #require(try test.files(in: "instances").first)
    let read = try Part10File(path: "\(test.directory)/instances/\(file)", stoppingBefore: .pixelData)
    #expect(read.meta.mediaStorageSOPInstanceUID == uid)
    let report = try await archive.operations(as: .current).check(CheckOrder())
    #expect(report.faults.isEmpty)
    try await archive.close()
  }

  /// The disk has lost or changed it: its sender may bring it again, and is not told that it is there.
  @Test(arguments: ["lost", "changed", "cut"])
  func whatCannotBeReadIsReplaced(how: String) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let object = TestObject(instance: "1.1", comment: "content")
    try await archive.store(object)
    let path = "\(test.directory)/instances/\(try #require(try test.files(in: "instances").first))"
    let bytes = try Data(contentsOf: URL(filePath: path))
    switch how {
    case "lost": try FileManager.default.removeItem(atPath: path)
    case "cut": try Data(bytes.prefix(bytes.count / 2)).write(to: URL(filePath: path))
    default: try Data(bytes.dropLast(1) + [bytes[bytes.count - 1] ^ 1]).write(to: URL(filePath: path))
    }
    #expect(try await archive.store(object) == .stored)
    #expect(try await archive.store(object) == .alreadyStored)
    #expect(try test.files(in: "instances").count == 1)
    #expect(try test.files(in: "quarantine").count == (how == "lost" ? 0 : 1))
    #expect(try await archive.operations(as: .current).check(CheckOrder()).faults.isEmpty)
    try await archive.close()
  }

  /// In another encoding it is kept beside what cannot be read, for nobody can say that they are the same.
  @Test func whatCannotBeReadIsNoRepeat() async throws {
    for making in Seams.Making.allCases where making == .memory || making == .memoryAndSQLite {
      let seams = try Seams(making)
      let object = TestObject(instance: "1.1", comment: "content")
      #expect(try await seams.store(object) == .stored)
      #expect(try await seams.store(object, as: .implicitVRLittleEndian) == .alreadyStored)
      let store = try #require(seams.store as? MemoryObjectStore)
      store.damage(try #require(try await seams.keys().first))
      #expect(try await seams.store(object, as: .implicitVRLittleEndian) == .keptBesideAnother)
      #expect(try await seams.store(object) == .stored)
      #expect(try await seams.store(object) == .alreadyStored)
      #expect(store.count == 2)
    }
  }

  /// An object that the index never learnt of, as after a failing disk, keeps its segment for the next start, and the end of
  /// the node waits for none of it.
  @Test func whatTheIndexNeverLearntOfStaysBehind() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/collimator-log-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/arrivals", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = ArrivalsLog(at: ObjectPaths(directory: folder), segmentSize: 1 << 20)
    let (lost, kept) = (ObjectKey.random(), ObjectKey.random())
    let segment = try await log.append(ArrivalsRecord(lost, [1]))
    log.settle(kept, in: try await log.append(ArrivalsRecord(kept, [2])))
    #expect(try await OperationThread.run { try log.forget(isLast: true) } == false)
    #expect(try log.leftovers() == [segment.path])
    #expect(try ArrivalsSegment.records(at: segment.path).map(\.key) == [lost, kept])
  }

  /// A disk that says only at the sync that it is full: what was refused is taken back, and the next goes on; where it cannot
  /// be taken back, no more is promised.
  @Test func whatASyncRefusedIsTakenBack() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/collimator-log-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let failures = Mutex(0)
    let segment = try ArrivalsSegment(
      creating: folder + "/1",
      syncing: { descriptor in
        guard
          failures.withLock({
            $0 -= 1; return $0 < 0
          })
        else {
          errno = ENOSPC
          return -1
        }
        return fdatasync(descriptor)
      })
    let records = (0..<3).map { ArrivalsRecord(.random(), [UInt8](repeating: UInt8($0), count: 40)) }
    let found = { try ArrivalsSegment.records(at: segment.path).map(\.key) }
    try segment.append([records[0]])
    failures.withLock { $0 = 1 }
    let refused = #expect(throws: FileError.self) { try segment.append([records[1]]) }
    #expect(refused.map { StoreError($0).kind } == .exhausted)
    #expect(segment.isSpoilt)
    #expect(try found() == [records[0].key])
    try segment.append([records[2]])
    #expect(try found() == [records[0].key, records[2].key])
    failures.withLock { $0 = 2 }
    let lost = #expect(throws: FileError.self) { try segment.append([records[1]]) }
    #expect(lost.map { StoreError($0).kind } == .untrustworthy)
  }

  /// Whoever was refused may have sent something else since: the log brings nothing of it back.
  @Test func whatHasNoPlaceIsRefusedForGood() async throws {
    let test = TestArchive()
    do {
      let archive = try test.open()
      try await archive.store(TestObject(instance: "1.1"))
      for shelf in ObjectPaths.shelves { rmdir("\(test.directory)/instances/\(shelf)") }
      try FileManager.default.createDirectory(atPath: "\(test.directory)/away", withIntermediateDirectories: false)
      for shelf in try FileManager.default.contentsOfDirectory(atPath: "\(test.directory)/instances") {
        #expect(rename("\(test.directory)/instances/\(shelf)", "\(test.directory)/away/\(shelf)") == 0)
      }
      for size in [0, 40_000] {
        let object = TestObject(instance: "1.2", comment: String(repeating: "x", count: size))
        await #expect(throws: ReceptionError.self) { try await archive.store(object) }
      }
      for shelf in try FileManager.default.contentsOfDirectory(atPath: "\(test.directory)/away") {
        #expect(rename("\(test.directory)/away/\(shelf)", "\(test.directory)/instances/\(shelf)") == 0)
      }
      #expect(try test.files(in: "incoming").isEmpty)
    }
    let archive = try test.open()
    #expect(archive.recovery.indexed == 0)
    #expect(try await uids(in: archive) == ["1.1"])
    try await archive.store(TestObject(instance: "1.3"))
    #expect(try await uids(in: archive) == ["1.1", "1.3"])
    try await archive.close()
  }

  /// A record in the middle of others is taken out without them.
  @Test func aVoidRecordIsPassedOver() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/collimator-log-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let segment = try ArrivalsSegment(creating: folder + "/1")
    let records = (0..<6).map { ArrivalsRecord(.random(), [UInt8](repeating: UInt8($0), count: 40 + $0)) }
    try segment.append(Array(records[..<3]))
    try segment.append(Array(records[3...]))
    try segment.void([records[0].key, records[4].key])
    #expect(try ArrivalsSegment.records(at: segment.path).map(\.key) == [1, 2, 3, 5].map { records[$0].key })
    #expect(!segment.isSpoilt)
  }

  /// The disk is full in the middle of a batch: what was refused is not found after a crash, whether more was written since
  /// or not, also where the next record ends just where a refused one began.
  @Test func whatWasRefusedIsNotFound() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/collimator-log-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let room = Mutex(Int.max)
    let segment = try ArrivalsSegment(creating: folder + "/1") { descriptor, bytes, count, offset in
      let fits = room.withLock { $0 }
      guard fits > 0 else {
        errno = ENOSPC
        return -1
      }
      let written = pwrite(descriptor, bytes, min(count, fits), offset)
      room.withLock { $0 = $0 == .max ? $0 : $0 - max(written, 0) }
      return written
    }
    let records = (0..<6).map { ArrivalsRecord(.random(), [UInt8](repeating: UInt8($0), count: 40)) }
    let found = { try ArrivalsSegment.records(at: segment.path).map(\.key) }
    for refused in [[0, 1, 2], [3, 4, 5]] {
      // All but the last of them.
      room.withLock { $0 = 24 + 2 * 136 + 50 }
      #expect(throws: FileError.self) { try segment.append(refused.map { records[$0] }) }
      room.withLock { $0 = .max }
      #expect(try found() == (refused[0] == 0 ? [] : [records[0].key]))
      let kept = refused[0] / 3
      try segment.append([records[kept]])
      #expect(try found() == records.prefix(kept + 1).map(\.key))
    }
  }
}
