// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Archive

@Suite struct BackupTests {
  @Test func theNewestBackupRestoresAnArchiveThatIsGone() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    _ = try await archive.makeCaller("WS")
    _ = try await archive.administration(as: .current).addGrant(to: "WS", scope: .everything, until: nil)
    let operations = archive.operations(as: .current)
    let first = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(first.instances == all && first.copiedFiles == all && first.isClean)
    test.clock.advance(by: 3600)
    try await archive.store(TestObject(instance: "9.9"))
    let second = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(second.instances == all + 1 && second.copiedFiles == 1)
    #expect(second.name > first.name)
    let before = try ExactIndexDump.exact(test)
    try await archive.close()
    try FileManager.default.removeItem(atPath: test.directory)
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.instances == all + 1 && report.copiedFiles == all + 1 && report.takenIn == 0 && report.isClean)
    #expect(report.activeGrants == 1 && !report.warnings.isEmpty)
    #expect(try ExactIndexDump.exact(test) == before)
    let again = try test.open()
    #expect(try await again.operations(as: .current).check(CheckOrder()).isClean)
    let caller = try #require(try await again.admitted("WS"))
    #expect(try await again.values(of: .sopInstanceUID, at: .image, as: caller).count == all + 1)
    try await again.close()
  }

  /// The database is destroyed, the files are there: nothing that was acknowledged is lost, also what came after the backup.
  @Test func whatCameAfterTheBackupIsNotLost() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    _ = try await archive.makeCaller("WS")
    let administration = archive.administration(as: .current)
    let grant = try await administration.addGrant(to: "WS", scope: .everything, until: nil)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.store(TestObject(instance: "9.9"))
    try await administration.revokeGrant(grant.number)
    try await archive.close()
    for suffix in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: "\(test.directory)/index.sqlite\(suffix)")
    }
    try Data("no database".utf8).write(to: URL(filePath: "\(test.directory)/index.sqlite"))
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.presentFiles == all && report.takenIn == 1)
    #expect(report.carriedOver.isEmpty)
    // Nothing revives in silence.
    #expect(report.activeGrants == 1)
    #expect(report.warnings.contains { $0.contains("revoked after") })
    let again = try test.open()
    #expect(try await again.instanceUIDs().count == all + 1)
    #expect(try await again.operations(as: .current).check(CheckOrder()).isClean)
    try await again.close()
    let strict = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: true)
    #expect(strict.activeGrants == 0)
    let revoked = try test.open()
    #expect(try await revoked.administration(as: .current).grants().allSatisfy { $0.state == .revoked })
    try await revoked.close()
  }

  /// Where the old index can be read, nothing that was closed since the backup is opened by it.
  @Test func whatWasTakenAwaySinceStaysAway() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    for name in ["WS", "GONE"] { _ = try await archive.makeCaller(name) }
    let administration = archive.administration(as: .current)
    try await administration.setGroup("CLINIC", members: ["WS", "GONE"])
    let grant = try await administration.addGrant(to: "WS", scope: .everything, until: nil)
    _ = try await administration.addGrant(to: "GONE", scope: .everything, until: nil)
    let operations = archive.operations(as: .current)
    _ = try await operations.backup(to: vault.directory, keeping: nil)
    try await administration.revokeGrant(grant.number)
    try await administration.removePeer("GONE")
    _ = try await operations.delete(.instance(uid: "1.1"), DeletionOrder(reason: "erasure", keepsOut: true))
    _ = try await operations.addHold(.study(uid: "2"), reason: "lawsuit")
    try await archive.close()
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(report.activeGrants == 0)
    #expect(
      Set(report.carriedOver) == [
        "deletion", "tombstone", "who knew of what was deleted", "access_grant", "principal", "grant state",
        "rules and codes", "consent", "user", "what a grant is suspended with", "peer", "peer profile", "forwarding",
        "roles, attributes and links", "lockouts", "what was theirs", "retention", "conflict_choice", "correction",
        "addresses and demands of peers", "places of corrected studies", "legal_hold", "audit",
      ])
    let again = try test.open()
    #expect(try await again.admitted("GONE") == nil)
    #expect(try await again.administration(as: .current).grants().allSatisfy { $0.state == .revoked })
    #expect(try await again.administration(as: .current).groups().map(\.members) == [["WS"]])
    #expect(try await again.instanceUIDs().count == all - 1)
    let operationsAgain = again.operations(as: .current)
    #expect(try await operationsAgain.check(CheckOrder()).faults == [])
    await #expect(throws: ArchiveError.self) {
      try await operationsAgain.delete(.study(uid: "2"), DeletionOrder(reason: "test"))
    }
    await #expect(throws: ReceptionError.self) { try await again.store(TestObject(instance: "1.1")) }
    try await again.close()
  }

  @Test func damagedFilesAreNeitherBackedUpNorRestored() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    try await Self.flip(CheckTests.path(of: "1.2", in: test))
    let report = try await operations.backup(to: vault.directory, keeping: nil)
    #expect(report.instances == all - 1 && report.withoutFile.count == 1)
    // Named, and served to nobody from then on.
    #expect(try await !archive.instanceUIDs().contains("1.2"))
    #expect(try test.files(in: "quarantine").count == 1 && test.files(in: "instances").count == all - 1)
    try await archive.close()
    // In the vault another file is damaged; in place it is whole, and stays.
    let copies = try vault.files(in: "objects").filter { $0.hasSuffix(".dcm") }
    for copy in copies { try Self.flip("\(vault.directory)/objects/\(copy)") }
    let restored = try await Restore.perform(
      from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    #expect(restored.presentFiles == all - 1 && restored.withoutFile.count == 1)
    // Into an empty directory nothing damaged is brought.
    let other = TestArchive()
    let bare = try await Restore.perform(
      from: vault.directory, name: nil, into: other.directory, revokingGrants: false)
    #expect(bare.instances == 0 && bare.withoutFile.count == all)
    #expect(try other.files(in: "instances").isEmpty)
  }

  @Test func oldBackupsAreLetGoWithWhatOnlyTheyNeeded() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    var names: [String] = []
    for _ in 0..<2 { names.append(try await operations.backup(to: vault.directory, keeping: nil).name) }
    #expect(Set(names).count == 2)
    _ = try await operations.delete(.study(uid: "1.2.3"), DeletionOrder(reason: "test"))
    test.clock.advance(by: 60)
    let report = try await operations.backup(to: vault.directory, keeping: 1)
    #expect(Set(report.removedBackups) == Set(names) && report.removedFiles == 3)
    #expect(try vault.files(in: "objects").filter { $0.hasSuffix(".dcm") }.count == all - 3)
    await #expect(throws: ArchiveError.self) { try await operations.backup(to: vault.directory, keeping: 0) }
    try await archive.close()
    await #expect(throws: ArchiveError.self) {
      _ = try await Restore.perform(from: vault.directory, name: names[0], into: test.directory, revokingGrants: false)
    }
  }

  /// Every row in the copy has its file, whatever came and went while it was made.
  @Test func itIsOfOneMomentWhileObjectsComeAndGo() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let operations = archive.operations(as: .current)
    for number in 0..<150 { try await archive.store(TestObject(instance: "1.\(number)")) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for number in 0..<150 { try await archive.store(TestObject(instance: "2.\(number)", study: "S\(number)")) }
      }
      group.addTask {
        for number in 0..<150 where number % 3 == 0 {
          _ = try await operations.delete(.instance(uid: "1.\(number)"), DeletionOrder(reason: "test"))
        }
      }
      group.addTask {
        for _ in 0..<3 {
          let report = try await operations.backup(to: vault.directory, keeping: nil)
          #expect(report.isClean, "\(report.withoutFile)")
        }
      }
      try await group.waitForAll()
    }
    #expect(try await operations.check(CheckOrder()).faults == [])
    #expect(try test.files(in: "instances").count == 250)
    try await archive.close()
    for name in try FileManager.default.contentsOfDirectory(atPath: vault.directory + "/backups") {
      let other = TestArchive()
      let report = try await Restore.perform(
        from: vault.directory, name: name, into: other.directory, revokingGrants: false)
      #expect(report.isClean && report.takenIn == 0)
      let restored = try other.open()
      #expect(try await restored.operations(as: .current).check(CheckOrder()).isClean)
      try await restored.close()
    }
  }

  @Test func placesThatCannotBeAreRefused() async throws {
    let test = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    for path in [test.directory, test.directory + "/backup", "relative/path"] {
      await #expect(throws: (any Error).self, "\(path)") { try await operations.backup(to: path, keeping: nil) }
    }
    #expect(!FileManager.default.fileExists(atPath: test.directory + "/backup"), "nothing is left there")
    let vault = TestArchive()
    _ = try await operations.backup(to: vault.directory, keeping: nil)
    // A node runs: it has to be stopped first.
    await #expect(throws: ArchiveError.self) {
      _ = try await Restore.perform(from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    }
    await #expect(throws: ArchiveError.self) {
      _ = try await Restore.perform(
        from: vault.directory + "-none", name: nil, into: test.directory + "2", revokingGrants: false)
    }
    #expect(!FileManager.default.fileExists(atPath: vault.directory + "-none"))
    #expect(try await archive.instanceUIDs().count == 6)
    try await archive.close()
  }

  /// Killed in the middle: not opened half restored, and restored by the next run.
  @Test func aRestoreThatWasKilledIsDoneAgain() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let other = TestArchive()
    for stage in ["copying the database", "copying and comparing files", "copying and comparing files"] {
      await #expect(throws: CancellationError.self) {
        _ = try await Restore.perform(
          from: vault.directory, name: nil, into: other.directory, revokingGrants: false, Self.ending(at: stage))
      }
      #expect(throws: ArchiveError.self) { try other.open() }
    }
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: other.directory, revokingGrants: false)
    #expect(report.instances == all)
    let restored = try other.open()
    #expect(try await restored.instanceUIDs().count == all)
    try await restored.close()
  }

  /// A disk is lost, and a node was started on the new one before anybody thought of the backup; or somebody asked only how
  /// much is stored. What that new index does not know was not removed.
  @Test(arguments: [false, true]) func anIndexThatWasBegunAnewTakesNothingAway(wasUsed: Bool) async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    for name in ["WS", "CT"] { _ = try await archive.makeCaller(name) }
    let administration = archive.administration(as: .current)
    try await administration.setGroup("CLINIC", members: ["WS"])
    _ = try await administration.addGrant(to: "CLINIC", scope: .everything, until: nil)
    _ = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let other = TestArchive()
    let fresh = try other.open()
    if wasUsed {
      _ = try await fresh.makeCaller("ELSE")
      try await fresh.store(TestObject(instance: "7.1", study: "7"))
      try await fresh.store(TestObject(instance: "7.2", study: "7"))
      _ = try await fresh.operations(as: .current).delete(.instance(uid: "7.1"), DeletionOrder(reason: "erasure"))
      _ = try await fresh.operations(as: .current).addHold(.study(uid: "7"), reason: "lawsuit")
    }
    try await fresh.close()
    let report = try await Restore.perform(
      from: vault.directory, name: nil, into: other.directory, revokingGrants: false)
    #expect(!report.carriedOver.contains("principal"))
    #expect(report.warnings.contains { $0.contains("begun anew") })
    let restored = try other.open()
    let caller = try #require(try await restored.admitted("WS"))
    #expect(try await restored.admitted("CT") != nil)
    #expect(try await restored.administration(as: .current).groups().map(\.members) == [["WS"]])
    let seen = try await restored.values(of: .sopInstanceUID, at: .image, as: caller)
    #expect(seen.count == all + (wasUsed ? 1 : 0))
    // What was deleted or held meanwhile stays so.
    #expect(try await restored.operations(as: .current).deletions().count == (wasUsed ? 1 : 0))
    #expect(try await restored.operations(as: .current).holds().count == (wasUsed ? 1 : 0))
    #expect(try await restored.operations(as: .current).check(CheckOrder()).faults == [])
    try await restored.close()
  }

  /// The index that is here is older than the backup: it does not know yet what was added in between.
  @Test func anOlderIndexTakesNothingAway() async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let operations = archive.operations(as: .current)
    let early = try await operations.backup(to: vault.directory, keeping: nil)
    _ = try await archive.makeCaller("WS")
    test.clock.advance(by: 60)
    let late = try await operations.backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let other = TestArchive()
    for name in [early.name, late.name] {
      _ = try await Restore.perform(from: vault.directory, name: name, into: other.directory, revokingGrants: false)
    }
    let restored = try other.open()
    #expect(try await restored.admitted("WS") != nil)
    // Backups go on in the same folder, from whichever of its backups the archive became.
    _ = try await restored.operations(as: .current).backup(to: vault.directory, keeping: 1)
    try await restored.close()
  }

  /// A disk that is not mounted looks like an archive with nothing in it.
  @Test(arguments: [false, true]) func backupsOfAnotherArchiveAreNotPushedOut(isEmpty: Bool) async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    let all = try await archive.storeFamily()
    let made = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let other = TestArchive()
    let stranger = try other.open()
    if !isEmpty { for _ in 0..<2 { try await stranger.storeFamily() } }
    let error = await #expect(throws: ArchiveError.self) {
      try await stranger.operations(as: .current).backup(to: vault.directory, keeping: 1)
    }
    #expect(error?.description.contains("another archive") == true)
    try await stranger.close()
    #expect(try vault.files(in: "objects").filter { $0.hasSuffix(".dcm") }.count == all)
    #expect(try FileManager.default.contentsOfDirectory(atPath: vault.directory + "/backups") == [made.name])
  }

  /// A backup that is damaged, or of a later version, is refused before anything is changed: the archive still opens.
  @Test(arguments: [false, true]) func aBackupThatIsNoGoodLeavesTheArchiveAsItIs(isDamaged: Bool) async throws {
    let test = TestArchive()
    let vault = TestArchive()
    let archive = try test.open()
    try await archive.storeFamily()
    let made = try await archive.operations(as: .current).backup(to: vault.directory, keeping: nil)
    try await archive.close()
    let index = "\(vault.directory)/backups/\(made.name)/index.sqlite"
    if isDamaged {
      var bytes = try Data(contentsOf: URL(filePath: index))
      bytes.replaceSubrange(4096..<40960, with: Data(repeating: 0xAA, count: 36864))
      try bytes.write(to: URL(filePath: index))
    } else {
      try Self.markAsLater(index)
    }
    await #expect(throws: (any Error).self) {
      _ = try await Restore.perform(from: vault.directory, name: nil, into: test.directory, revokingGrants: false)
    }
    #expect(!FileManager.default.fileExists(atPath: test.directory + "/index.sqlite.restoring"))
    let again = try test.open()
    #expect(try await again.instanceUIDs().count == 6)
    try await again.close()
  }

  /// What a later version wrote may mean what this one does not know.
  @Test func anIndexOfALaterVersionIsNotOpened() async throws {
    let test = TestArchive()
    try await test.open().close()
    try Self.markAsLater(test.directory + "/index.sqlite")
    let error = #expect(throws: ArchiveError.self) { try test.open() }
    #expect(error?.description.contains("later version") == true)
  }

  private static func markAsLater(_ index: String) throws {
    let database = try DatabaseQueue(path: index)
    try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 of another time')") }
    try database.close()
  }

  /// Whose operation ends when it comes to a stage.
  private static func ending(at stage: String) -> OperationProgress {
    let holder = Mutex<OperationProgress?>(nil)
    let progress = OperationProgress { step in
      if step.stage == stage { holder.withLock { $0 }?.cancel() }
    }
    holder.withLock { $0 = progress }
    return progress
  }

  private static func flip(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(filePath: path))
  }
}
