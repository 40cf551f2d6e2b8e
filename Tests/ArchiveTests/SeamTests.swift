// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Glibc
import GRDB
import Testing

@testable import Archive

/// One archive's worth of store and index behind their seams, whatever they are made of.
struct Seams: Sendable {
  enum Making: String, CaseIterable, Sendable { case filesAndSQLite, memoryAndSQLite, filesAndMemory, memory }

  let index: any InstanceIndex
  let store: any ObjectStore
  let open: @Sendable (GrantScope, Caller) async throws -> Void
  /// Takes away all that was opened to somebody.
  let close: @Sendable (Caller) async throws -> Void
  let caller: @Sendable (String) async throws -> Caller
  private let threads = FileThreads(count: 2)
  let gate = WriteGate()
  private let test: TestArchive
  private let archive: Archive

  init(_ making: Making) throws {
    test = TestArchive()
    let archive = try test.open()
    self.archive = archive
    caller = { name in try await archive.makeCaller(name) }
    store = making == .filesAndSQLite || making == .filesAndMemory ? archive.store : MemoryObjectStore()
    if making == .filesAndMemory || making == .memory {
      let memory = MemoryIndex()
      index = memory
      open = { scope, caller in memory.open(scope, to: caller) }
      close = { caller in memory.close(to: caller) }
    } else {
      index = archive.index
      open = { scope, caller in
        _ = try await archive.administration(as: .current).addGrant(to: caller.peerName, scope: scope, until: nil)
      }
      close = { caller in
        let administration = archive.administration(as: .current)
        for grant in try await administration.grants() where grant.grantee == caller.peerName && grant.state == .active
        {
          try await administration.revokeGrant(grant.number)
        }
      }
    }
  }

  func store(
    _ object: TestObject, as syntax: TransferSyntax = .explicitVRLittleEndian, issuer: String = "", reserve: Int = 0
  ) async throws -> Receipt.Outcome {
    let surroundings = ReceptionSurroundings(
      store: store, index: index, layout: .standard, gate: gate,
      space: SpaceWatch(directory: test.directory, reserve: reserve))
    let reception = try Reception(
      object.announced(as: syntax),
      arrival: Arrival(sender: "test", callingAETitle: "TEST", time: 1, defaultIssuer: issuer), from: .node,
      threads: threads,
      in: surroundings)
    try await reception.append(object.encoded(as: syntax))
    return try await reception.commit().outcome
  }

  func reader(_ caller: Caller) -> ArchiveReader { ArchiveReader(caller: caller, index: index, store: store) }

  /// The values of one tag in all matches.
  func values(
    of tag: DICOMData.Tag, at level: QueryRetrieveLevel, as caller: Caller, _ keys: [MatchingKey] = []
  ) async throws -> [String] {
    let query = FindQuery(informationModel: .patientRoot, level: level, keys: keys, returning: [tag])
    return try await reader(caller).find(query).reduce(into: []) { found, page in
      found += page.rows.map { $0[tag]?.joined(separator: "\\") ?? "(unsupported)" }
    }
  }

  func served(_ selection: InstanceSelection, to caller: Caller) async throws -> [ServedInstance] {
    try await reader(caller).instances(in: selection).reduce(into: []) { $0 += $1.instances }
  }

  func keys() async throws -> [ObjectKey] {
    var all: [ObjectKey] = []
    while true {
      let page = try await store.keys(after: all.last)
      if page.isEmpty { return all }
      all += page
    }
  }
}

@Suite struct SeamTests {
  @Test(arguments: Seams.Making.allCases)
  func anObjectIsPutAndReadByRange(making: Seams.Making) async throws {
    let seams = try Seams(making)
    let object = TestObject(instance: "1.1")
    #expect(try await seams.store(object) == .stored)
    #expect(try await seams.store(object) == .alreadyStored)
    #expect(try await seams.store(object, as: .implicitVRLittleEndian) == .alreadyStored)
    let keys = try await seams.keys()
    let key = try #require(keys.first)
    #expect(keys.count == 1)
    let size = try await seams.store.size(of: key)
    #expect(try await seams.store.read(size - object.dataSet.count..<size + 50, of: key) == object.dataSet)
    #expect(try await seams.store.read(size + 5..<size + 9, of: key).isEmpty)
    try await seams.store.remove(key)
    try await seams.store.remove(key)
    #expect(try await seams.keys().isEmpty)
    await #expect(throws: StoreError.self) { try await seams.store.read(0..<1, of: key) }
  }

  @Test(arguments: Seams.Making.allCases)
  func manyKeysComeInPages(making: Seams.Making) async throws {
    let seams = try Seams(making)
    for number in 0..<40 { _ = try await seams.store(TestObject(instance: "1.\(number)")) }
    let keys = try await seams.keys()
    #expect(keys.count == 40)
    #expect(Set(keys).count == 40)
  }

  /// A random world: both indexes say what a look at each object by itself says.
  @Test(arguments: Seams.Making.allCases, [11, 12] as [UInt64])
  func eachIndexAnswersTheSame(making: Seams.Making, seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let seams = try Seams(making)
    var objects: [TestObject] = []
    for (number, object) in TestWorld.objects(&random).enumerated() {
      var object = object
      object.name = ["Müller^Jürgen", "MULLER^JURGEN", "Doe^John"][number % 3]
      #expect(try await seams.store(object) == .stored)
      objects.append(object)
    }
    let caller = try await seams.caller("CALLER")
    let scopes = [TestWorld.scope(&random), TestWorld.scope(&random)]
    for scope in scopes { try await seams.open(scope, caller) }
    let visible = objects.filter { object in scopes.contains { TestWorld.opens($0, object) } }
    let found = try await seams.reader(caller).find(
      FindQuery(informationModel: .patientRoot, level: .image, keys: [], returning: [.sopInstanceUID])
    ).reduce(into: [String]()) { $0 += $1.rows.flatMap { $0[.sopInstanceUID] ?? [] } }
    #expect(found.sorted() == visible.map(\.instance).sorted(), "\(scopes)")
    for study in Set(objects.map(\.study)) {
      let served = try await seams.reader(caller).instances(in: InstanceSelection(studyInstanceUIDs: [study]))
        .reduce(into: [String]()) { $0 += $1.instances.map(\.sopInstanceUID) }
      #expect(served.sorted() == visible.filter { $0.study == study }.map(\.instance).sorted(), "\(study)")
    }
    let issuers = Set(visible.filter { $0.patientID == "P1" }.map(\.issuer)).sorted()
    #expect(try await seams.index.issuers(ofPatientID: "P1", as: caller, for: .retrieve) == issuers)
    let asked = objects.prefix(3).map { ReferencedObject(sopClassUID: $0.sopClass, sopInstanceUID: $0.instance) }
    let other = ReferencedObject(sopClassUID: "1.2.840.10008.1.1", sopInstanceUID: objects[0].instance)
    #expect(try await seams.index.kept(asked + [other]) == Set(asked))
    let any = ReferencedObject(sopClassUID: "", sopInstanceUID: objects[0].instance)
    let none = ReferencedObject(sopClassUID: "", sopInstanceUID: "1.2.3.4.5.6")
    #expect(try await seams.index.kept([any, none]) == [any])
  }

  @Test(arguments: Seams.Making.allCases)
  func versionsAreServedEarliestFirst(making: Seams.Making) async throws {
    let seams = try Seams(making)
    #expect(try await seams.store(TestObject(instance: "1.1", study: "3.1", patientID: "P1")) == .stored)
    #expect(try await seams.store(TestObject(instance: "1.1", study: "3.2", patientID: "P2")) == .keptBesideAnother)
    #expect(
      try await seams.store(TestObject(instance: "1.1", study: "3.1", patientID: "P1"), issuer: "X")
        == .keptBesideAnother)
    let caller = try await seams.caller("CALLER")
    try await seams.open(.patient(id: "P2", issuer: nil), caller)
    let selection = InstanceSelection(sopInstanceUIDs: ["1.1"])
    var served = try await seams.reader(caller).instances(in: selection).reduce(into: []) { $0 += $1.instances }
    #expect(served.map(\.studyInstanceUID) == ["3.2"])
    try await seams.open(.everything, caller)
    served = try await seams.reader(caller).instances(in: selection).reduce(into: []) { $0 += $1.instances }
    #expect(served.map(\.studyInstanceUID) == ["3.1"])
  }
}

@Suite struct DegradationTests {
  /// Out of room, out of descriptors, a disk mounted read-only: this object is refused, the next one may go.
  @Test(arguments: [StoreError.Kind.exhausted, .readOnly, .failed], [MemoryObjectStore.Step.begin, .write, .keep])
  func whatPassesIsRefusedOnce(kind: StoreError.Kind, step: MemoryObjectStore.Step) async throws {
    let seams = try Seams(.memoryAndSQLite)
    let store = try #require(seams.store as? MemoryObjectStore)
    store.fail(step, with: StoreError(kind, "as told"))
    let error = await #expect(throws: ReceptionError.self) { try await seams.store(TestObject(instance: "1.1")) }
    #expect(error?.kind == .outOfResources)
    #expect(seams.gate.reason == nil)
    #expect(store.count == 0)
    store.fail(step, with: nil)
    #expect(try await seams.store(TestObject(instance: "1.1")) == .stored)
  }

  /// After a sync that failed nothing more is promised, and questions are answered as before.
  @Test(arguments: [MemoryObjectStore.Step.write, .keep])
  func aBrokenPromiseEndsAllPromises(step: MemoryObjectStore.Step) async throws {
    let seams = try Seams(.memoryAndSQLite)
    let store = try #require(seams.store as? MemoryObjectStore)
    #expect(try await seams.store(TestObject(instance: "1.1")) == .stored)
    store.fail(step, with: StoreError(.untrustworthy, "cannot sync: Input/output error"))
    await #expect(throws: ReceptionError.self) { try await seams.store(TestObject(instance: "1.2")) }
    store.fail(step, with: nil)
    let error = await #expect(throws: ReceptionError.self) { try await seams.store(TestObject(instance: "1.3")) }
    #expect(error?.kind == .outOfResources)
    #expect(error?.description.contains("until it is started anew") == true)
    #expect(store.count == 1)
    let caller = try await seams.caller("ALL")
    try await seams.open(.everything, caller)
    let served = try await seams.reader(caller).instances(in: InstanceSelection(sopInstanceUIDs: ["1.1"]))
      .reduce(into: 0) { $0 += $1.instances.count }
    #expect(served == 1)
  }

  /// F12: another process holds the database for itself: refused, nothing stays, and afterwards it goes.
  @Test func aLockedIndexRefusesAndKeepsNothing() async throws {
    let error = IndexError(.busy, "database is locked")
    for kind in [IndexError.Kind.busy, .exhausted, .readOnly] {
      let seams = try FailingIndex.seams(kind)
      await #expect(throws: ReceptionError.self, "\(error)") { try await seams.reception(TestObject(instance: "1.1")) }
      #expect(seams.store.count == 0)
      #expect(seams.gate.reason == nil)
    }
    // Whether it was written is not known: the object stays for the next start to judge, and nothing more is taken.
    let seams = try FailingIndex.seams(.untrustworthy)
    await #expect(throws: ReceptionError.self) { try await seams.reception(TestObject(instance: "1.1")) }
    #expect(seams.store.count == 1)
    #expect(seams.gate.reason != nil)
  }

  @Test func belowTheReserveObjectsAreRefusedUntilThereIsSpace() async throws {
    let seams = try Seams(.filesAndSQLite)
    #expect(try await seams.store(TestObject(instance: "1.1"), reserve: 1 << 20) == .stored)
    let error = await #expect(throws: ReceptionError.self) {
      try await seams.store(TestObject(instance: "1.2"), reserve: .max / 2)
    }
    #expect(error?.kind == .outOfResources)
    #expect(try await seams.keys().count == 1)
    #expect(try await seams.store(TestObject(instance: "1.2"), reserve: 1 << 20) == .stored)
  }
}

/// An index that can only fail.
private struct FailingIndex: InstanceIndex {
  let kind: IndexError.Kind

  struct Made {
    let store: MemoryObjectStore
    let gate: WriteGate
    let surroundings: ReceptionSurroundings

    func reception(_ object: TestObject) async throws {
      let reception = try Reception(
        object.announcement, arrival: Arrival(sender: "", callingAETitle: "", time: 0, defaultIssuer: ""), from: .node,
        threads: FileThreads(count: 1), in: surroundings)
      try await reception.append(object.dataSet)
      _ = try await reception.commit()
    }
  }

  static func seams(_ kind: IndexError.Kind) throws -> Made {
    let (store, gate) = (MemoryObjectStore(), WriteGate())
    return Made(
      store: store, gate: gate,
      surroundings: ReceptionSurroundings(
        store: store, index: FailingIndex(kind: kind), layout: .standard, gate: gate,
        space: SpaceWatch(directory: "/", reserve: 0)))
  }

  private var error: IndexError { IndexError(kind, "as told") }

  nonisolated(nonsending) func add(
    _ record: InstanceRecord, compared: [ObjectKey: [UInt8]]
  ) async throws(IndexError) -> Addition {
    throw error
  }

  func add(
    _ record: InstanceRecord, once keeping: Keeping, then: @escaping @Sendable (Result<Addition, IndexError>) -> Void
  ) {
    then(.failure(error))
  }

  func matches(of query: FindQuery, as caller: Caller, after mark: PageMark?) async throws(IndexError) -> FindPage {
    throw error
  }

  func instances(
    in selection: InstanceSelection, as caller: Caller, for rights: GrantRights, after mark: PageMark?
  ) async throws(IndexError) -> InstancePage { throw error }

  func issuers(ofPatientID id: String, as caller: Caller, for rights: GrantRights) async throws(IndexError) -> [String]
  { throw error }

  func kept(_ objects: [ReferencedObject]) async throws(IndexError) -> Set<ReferencedObject> { throw error }
}

@Suite struct FailureKindTests {
  /// What the system says, and what follows from it: a sync that failed is never tried again.
  @Test(
    arguments: [
      ("sync", EIO, .untrustworthy), ("sync", ENOSPC, .exhausted), ("write", EIO, .untrustworthy),
      ("write", ENOSPC, .exhausted), ("write", EDQUOT, .exhausted), ("create", EMFILE, .exhausted),
      ("create", EROFS, .readOnly), ("open", ENOENT, .missing), ("sync", EINVAL, .untrustworthy),
      ("list", ENOTDIR, .failed), ("cut back", ENOSPC, .untrustworthy),
    ] as [(String, CInt, StoreError.Kind)])
  func aFileErrorSaysWhatFollows(operation: String, code: CInt, kind: StoreError.Kind) {
    errno = code
    #expect(StoreError(FileError(operation, "a file")).kind == kind, "\(operation) \(code)")
  }

  @Test(
    arguments: [
      (.SQLITE_BUSY, .busy), (.SQLITE_LOCKED, .busy), (.SQLITE_FULL, .exhausted), (.SQLITE_CANTOPEN, .exhausted),
      (.SQLITE_READONLY, .readOnly), (.SQLITE_IOERR, .untrustworthy), (.SQLITE_IOERR_FSYNC, .untrustworthy),
      (.SQLITE_CORRUPT, .untrustworthy), (.SQLITE_CONSTRAINT, .impossible),
    ] as [(ResultCode, IndexError.Kind)])
  func aDatabaseErrorSaysWhatFollows(code: ResultCode, kind: IndexError.Kind) {
    let error = IndexError(writing: DatabaseError(resultCode: code, message: "m", sql: "SELECT 'Doe^John'"))
    #expect(error.kind == kind)
    #expect(!error.description.contains("Doe"), "no patient in a log")
  }
}
