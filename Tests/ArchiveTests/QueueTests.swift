// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite struct QueueTests {
  /// The same request again is answered once; another under a Transaction UID in use is refused in its own report.
  @Test func aTransactionIsOneRequest() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let caller = try await peer("MOD", in: archive)
    try await store(TestObject(instance: "1.1"), by: caller, in: archive)
    let first = try #require(try await ask(["1.1"], "1.9", by: caller, in: archive))
    #expect(try await ask(["1.1"], "1.9", by: caller, in: archive) == first)
    let other = try #require(try await ask(["1.1", "1.2"], "1.9", by: caller, in: archive))
    #expect(other != first)
    #expect(try await reasons(of: first, in: archive) == [nil])
    #expect(try await reasons(of: other, in: archive) == [.duplicateTransactionUID, .duplicateTransactionUID])
    #expect(try await archive.commitments.judged(other)?.transactionUID == "1.9")
    try await archive.commitments.reported(first)
    #expect(try await archive.commitments.judged(first) == nil)
    try await archive.close()
  }

  /// What a caller neither brought nor may see is nowhere; a grant, or bringing it too, changes that; losing the right to
  /// store changes it back.
  @Test func aPromiseIsForWhoBroughtOrMaySee() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (one, two) = (try await peer("ONE", in: archive), try await peer("TWO", in: archive))
    for uid in ["1.1", "1.2"] { try await store(TestObject(instance: uid), by: one, in: archive) }
    func asked(_ transaction: String) async throws -> [CommitmentResult.FailureReason?] {
      let number = try #require(try await ask(["1.1", "1.2", "1.3"], transaction, by: two, in: archive))
      return try await reasons(of: number, in: archive)
    }
    #expect(try await asked("1.90") == Array(repeating: .noSuchObjectInstance, count: 3))
    try await store(TestObject(instance: "1.1"), by: two, in: archive)
    #expect(try await asked("1.91") == [nil, .noSuchObjectInstance, .noSuchObjectInstance])
    let grant = try await archive.administration(as: .current).addGrant(to: "TWO", scope: .everything, until: nil)
    #expect(try await asked("1.92") == [nil, nil, .noSuchObjectInstance])
    try await archive.administration(as: .current).revokeGrant(grant.number)
    #expect(try await asked("1.93") == [nil, .noSuchObjectInstance, .noSuchObjectInstance])
    try await archive.administration(as: .current).changePeer("TWO") { try Self.peer($0.name, rights: .query) }
    #expect(try await asked("1.94") == Array(repeating: .noSuchObjectInstance, count: 3))
    try await archive.close()
  }

  /// A report that waits for its peer tells what is true when it goes, not when it was first tried.
  @Test func aPromiseThatWaitsIsJudgedAnew() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (one, two) = (try await peer("ONE", in: archive), try await peer("TWO", in: archive))
    for uid in ["1.1", "1.2", "1.3", "1.4"] { try await store(TestObject(instance: uid), by: one, in: archive) }
    let grant = try await archive.administration(as: .current).addGrant(to: "TWO", scope: .everything, until: nil)
    let own = try #require(try await ask(["1.1", "1.2", "1.3", "1.4"], "1.9", by: one, in: archive))
    let granted = try #require(try await ask(["1.1"], "1.9", by: two, in: archive))
    #expect(try await reasons(of: own, in: archive) == [nil, nil, nil, nil])
    #expect(try await reasons(of: granted, in: archive) == [nil])
    try await archive.administration(as: .current).revokeGrant(grant.number)
    let names = try await archive.database.read {
      try String.fetchAll($0, sql: "SELECT object FROM instance ORDER BY v_00080018")
    }
    func path(_ place: Int) -> String { "\(test.directory)/instances/\(names[place].prefix(2))/\(names[place]).dcm" }
    try FileManager.default.removeItem(atPath: path(1))
    var file = try Data(contentsOf: URL(filePath: path(2)))
    file[file.count - 1] ^= 1
    try file.write(to: URL(filePath: path(2)))
    try await archive.database.write { try $0.execute(sql: "DELETE FROM instance WHERE v_00080018 = '1.4'") }
    #expect(
      try await reasons(of: own, in: archive) == [
        nil, .noSuchObjectInstance, .processingFailure, .noSuchObjectInstance,
      ])
    #expect(try await reasons(of: granted, in: archive) == [.noSuchObjectInstance])
    try await archive.close()
  }

  /// Neither many requests nor long ones of a peer that never listens fill the disk, and none is taken once it is full.
  @Test func requestsThatWaitHaveABound() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (one, two) = (try await peer("ONE", in: archive), try await peer("TWO", in: archive))
    let time = test.clock.now
    func insert(_ caller: Caller, _ transaction: String, _ count: Int) async throws -> Int64? {
      let request = CommitmentRequest(
        caller: caller, callingAETitle: "X", address: "127.0.0.1", transactionUID: transaction,
        objects: (0..<count).map { ReferencedObject(sopClassUID: "1.2", sopInstanceUID: "1.2.\($0)") })
      return try await archive.database.write {
        try CommitmentTable.insert(request, sender: "x", at: time, due: time, mostBytes: 10_000, in: $0)
      }
    }
    #expect(try await insert(one, "1", 100) != nil)
    #expect(try await insert(one, "2", 300) == nil)
    #expect(try await insert(two, "2", 100) != nil, "of another peer")
    let again = try await insert(one, "1", 100)
    #expect(again == 1, "the same once more takes nothing")
    #expect(try await insert(one, "1", 120) == nil, "another under the same Transaction UID, and its refusal")
    try await archive.commitments.reported(1)
    #expect(try await insert(one, "2", 150) != nil)
    try await archive.close()
    let full = try Archive.open(directory: test.directory, options: ArchiveOptions(reserve: 1 << 60))
    await #expect(throws: ReceptionError.self) { _ = try await ask(["1.1"], "1.99", by: one, in: full) }
    try await full.close()
  }

  /// What is due to a peer that does not answer, however much, hides nothing of the others'.
  @Test func everyPeersRequestsAreDue() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let (dead, alive) = (try await peer("DEAD", in: archive), try await peer("ALIVE", in: archive))
    let time = test.clock.now
    try await archive.database.write { database in
      for number in 0..<1500 {
        // The last of all are those of the peer that answers.
        let request = CommitmentRequest(
          caller: number < 1350 ? dead : alive, callingAETitle: "X", address: "127.0.0.1",
          transactionUID: "1.\(number)", objects: [])
        let due = time - 2000 + Double(number)
        _ = try CommitmentTable.insert(request, sender: "x", at: time, due: due, in: database)
      }
    }
    let due = try await archive.commitments.due()
    #expect(due[dead.peer] == Array(1...100) && due[alive.peer] == Array(1351...1450))
    try await archive.close()
  }

  /// In the transaction that stores: by rule, once, not back to its sender, and not again when the index is built anew.
  @Test func rulesQueueWhatArrives() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    let (one, two) = (try await peer("ONE", in: archive), try await peer("TWO", in: archive))
    _ = try await peer("NEXT", port: 104, in: archive)
    await #expect(throws: ArchiveError.self) {
      _ = try await administration.addForwardingRule(to: "TWO", from: nil, callingAETitle: nil, modalities: [])
    }
    let rule = try await administration.addForwardingRule(
      to: "NEXT", from: "ONE", callingAETitle: "MODALITY", modalities: ["CT", "PT"])
    _ = try await administration.addForwardingRule(to: "NEXT", from: nil, callingAETitle: nil, modalities: ["MR"])
    try await store(TestObject(instance: "1.1"), by: one, in: archive)
    try await store(TestObject(instance: "1.1"), by: one, in: archive)
    try await store(TestObject(instance: "1.2"), by: two, in: archive)
    try await store(
      TestObject(instance: "1.3", series: "1.2.4.1", study: "1.2.4", modality: "MR"), by: two, in: archive)
    try await store(TestObject(instance: "1.4", series: "1.2.3.3", modality: "US"), by: one, in: archive)
    #expect(try await administration.queue(atMost: 10).deliveries.map(\.what) == ["1.1", "1.3"])
    try await administration.removeForwardingRule(rule)
    try await store(TestObject(instance: "1.5"), by: one, in: archive)
    #expect(try await administration.queue(atMost: 1).count == 2)
    _ = try await archive.operations(as: .current).reindex()
    #expect(try await administration.queue(atMost: 10).deliveries.map(\.what) == ["1.1", "1.3"])
    #expect(try await administration.dropQueue(.forwarding, number: nil, to: "NEXT") == 2)
    try await archive.close()
  }

  /// By what an object says of who asked for it, each of the conditions.
  @Test(
    arguments: [
      ([ReferralRule.Condition(.referringName, ["WEBER^*", "LANG^OTTO"])], nil, ["1", "2", "3"]),
      ([ReferralRule.Condition(.referringID, ["77"])], nil, ["2", "3"]),
      ([ReferralRule.Condition(.referringID, ["77"])], "L", ["3"]),
      ([ReferralRule.Condition(.requestingName, ["lang^otto"])], nil, ["4"]),
      ([ReferralRule.Condition(.institution, ["ST. *"]), ReferralRule.Condition(.referringID, ["77"])], nil, ["2"]),
      ([ReferralRule.Condition(.responsible, ["Owner^*"])], nil, ["5"]),
      ([ReferralRule.Condition(.institution, ["NOWHERE"])], nil, []),
    ] as [([ReferralRule.Condition], String?, [String])])
  func rulesAskWhatObjectsSay(conditions: [ReferralRule.Condition], scheme: String?, sent: [String]) async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    _ = try await peer("NEXT", port: 104, in: archive)
    let number = try await administration.addForwardingRule(
      to: "NEXT", from: nil, callingAETitle: nil, modalities: [],
      conditions: ForwardingConditions(conditions, scheme: scheme))
    let rule = try await administration.forwardingRules().first { $0.number == number }
    #expect(rule?.conditions == ForwardingConditions(conditions, scheme: scheme))
    for object in [
      ReferredObject(instance: "1", referring: "Weber^Anna"),
      ReferredObject(instance: "2", referring: "Wéber^Bo", referringID: "77", scheme: "X", institution: "St. Anna"),
      ReferredObject(instance: "3", referring: "LANG^OTTO", referringID: "77", scheme: "L"),
      ReferredObject(instance: "4", requesting: "Lang^Otto"), ReferredObject(instance: "5", responsible: "Owner^Ann"),
    ] { try await object.store(in: archive) }
    #expect(try await administration.queue(atMost: 10).deliveries.map(\.what) == sent)
    try await archive.close()
    _ = test
  }

  /// Everybody's name would send on what nobody meant.
  @Test(arguments: [["*"], [" "], []])
  func rulesThatMeanEverybodyAreRefused(values: [String]) async throws {
    let test = TestArchive()
    let archive = try test.open()
    _ = try await peer("NEXT", port: 104, in: archive)
    await #expect(throws: ArchiveError.self) {
      _ = try await archive.administration(as: .current).addForwardingRule(
        to: "NEXT", from: nil, callingAETitle: nil, modalities: [],
        conditions: ForwardingConditions([ReferralRule.Condition(.referringName, values)]))
    }
    try await archive.close()
    _ = test
  }

  /// What was read stays true until something changes that decides, a grant ends, or a moment has passed.
  @Test func aMomentEndsWithWhatDecides() async throws {
    let test = TestArchive()
    let archive = try test.open()
    let administration = archive.administration(as: .current)
    _ = try await peer("WS", in: archive)
    var moment = try await archive.moment()
    archive.recordKnock(callingAETitle: "X", calledAETitle: "Y", address: "10.0.0.1", reason: "none")
    try await archive.keepHouse()
    #expect(archive.isStill(moment))
    let grant = try await administration.addGrant(to: "WS", scope: .everything, until: test.clock.now + 0.05)
    #expect(!archive.isStill(moment))
    moment = try await archive.moment()
    test.clock.advance(by: 0.06)
    #expect(!archive.isStill(moment) && !archive.hasChanged(since: moment))
    moment = try await archive.moment()
    test.clock.advance(by: 1.1)
    #expect(!archive.isStill(moment))
    moment = try await archive.moment()
    try await administration.revokeGrant(grant.number)
    #expect(!archive.isStill(moment) && archive.hasChanged(since: moment))
    try await archive.close()
  }

  private static func peer(_ name: String, rights: Rights, port: Int? = nil) throws -> Peer {
    guard let title = AETitle(name), let network = Network("127.0.0.1") else { throw ArchiveError("a bad test") }
    return Peer(
      name: name, aeTitle: title, addresses: [network], port: port, rights: rights, acceptsPrivateSOPClasses: false)
  }

  private func peer(_ name: String, port: Int? = nil, in archive: Archive) async throws -> Caller {
    try await archive.administration(as: .current).addPeer(try Self.peer(name, rights: [.store, .add], port: port))
    guard case .admitted(let caller, _) = try await archive.caller(callingAETitle: name, address: "127.0.0.1") else {
      throw ArchiveError("a peer that was added is not admitted")
    }
    return caller
  }

  private func store(_ object: TestObject, by caller: Caller, in archive: Archive) async throws {
    let reception = try await archive.receive(object.announcement, from: .peer(caller))
    try await reception.append(object.dataSet)
    _ = try await reception.commit()
  }

  private func ask(
    _ uids: [String], _ transaction: String, by caller: Caller, in archive: Archive
  ) async throws -> Int64? {
    try await archive.commitments.accept(
      CommitmentRequest(
        caller: caller, callingAETitle: "MODALITY", address: "127.0.0.1", transactionUID: transaction,
        objects: uids.map { ReferencedObject(sopClassUID: TestObject(instance: $0).sopClass, sopInstanceUID: $0) }),
      isLeased: false)
  }

  private func reasons(of number: Int64, in archive: Archive) async throws -> [CommitmentResult.FailureReason?] {
    try #require(try await archive.commitments.judged(number)).results.map(\.failure)
  }
}
