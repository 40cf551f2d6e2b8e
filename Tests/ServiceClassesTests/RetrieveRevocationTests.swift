// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Foundation
import GRDB
import NIOCore
import Synchronization
import Testing

@testable import Archive
@testable import ServiceClasses

/// A45: what is revoked in the midst of a retrieve is not sent any more, whatever was read or asked ahead; and what is asked
/// ahead saves questions.
@Suite struct RetrieveRevocationTests {
  /// By day a few; `COLLIMATOR_OBJECTS` for the night.
  private static let count = ProcessInfo.processInfo.environment["COLLIMATOR_OBJECTS"].flatMap(Int.init) ?? 1000

  @Test(arguments: ["nothing", "revoke", "suspend", "veto", "remove", "expire"])
  func notOneObjectFollows(what: String) async throws {
    let many = try await ManyInstances(Self.count)
    let (archive, grant) = (many.archive, many.grant)
    let administration = archive.administration(as: .current)
    let operations = many.operations(try await many.plan())
    let size = try await many.dataSetSize()
    // In the midst of what was read and asked ahead.
    let moment = Self.count - 77
    let sent = Mutex<[String]>([])
    let total = Mutex(0)
    try await operations.performAll(accepted: { _ in [TransferSyntax.explicitVRLittleEndian.uid] }) { object in
      var (object, bytes) = (object, 0)
      while let chunk = try await object.nextChunk() { bytes += chunk.readableBytes }
      total.withLock { $0 += bytes }
      let count = sent.withLock { sent in
        sent.append(object.sopInstanceUID)
        return sent.count
      }
      guard count == moment else { return .success }
      switch what {
      case "revoke": try await administration.revokeGrant(grant)
      case "suspend": _ = try await administration.suspendGrant(grant)
      case "veto":
        _ = try await administration.record(ConsentDraft(kind: .veto, scope: .patient(id: "P1", issuer: nil)))
      case "remove": try await administration.removePeer("WS")
      case "expire": try await archive.database.write { try $0.execute(sql: "UPDATE access_grant SET until = 1") }
      default: break
      }
      return .success
    }
    let uids = sent.withLock(\.self)
    #expect(total.withLock(\.self) == uids.count * size)
    #expect(uids.count == (what == "nothing" ? Self.count : moment))
    #expect(uids == operations.plan.instances.prefix(uids.count).map(\.sopInstanceUID))
    let counts = operations.progress.counts
    #expect(counts.completed == uids.count && counts.failed == Self.count - uids.count && counts.remaining == 0)
    #expect(counts.failedSOPInstanceUIDs == operations.plan.instances.dropFirst(uids.count).map(\.sopInstanceUID))
    #expect(await Self.named(operations).isEmpty)
    try await archive.close()
  }

  /// What the final response says of those that failed: how many, and which of them.
  private static func named(_ operations: SubOperations, isMove: Bool = false) async -> [String] {
    var command = CommandSet(isMove ? .cMoveRQ : .cGetRQ)
    command.messageID = 1
    let counts = operations.progress.counts
    let outcome = RetrieveService.Outcome(counts: counts, comment: nil, plan: operations.plan)
    let (response, identifier, disclosure) = await outcome.final(to: command)
    #expect(response.numberOfFailedSuboperations == UInt16(clamping: counts.failed))
    #expect(response.status == counts.status && (disclosure != nil || counts.failed == 0 || identifier != nil))
    guard let bytes = identifier?.encoded(as: .implicitVRLittleEndian),
      let dataSet = try? DataSet(reading: bytes, transferSyntax: .implicitVRLittleEndian)
    else { return [] }
    return dataSet.strings(.failedSOPInstanceUIDList).filter { !$0.isEmpty }
  }

  /// Objects that failed for another reason are named as long as the caller sees them, and not afterwards.
  @Test(arguments: [false, true], ["nothing", "revoke", "again", "view-only", "veto", "remove", "expire"])
  func whatIsHiddenMeanwhileIsNotNamed(isMove: Bool, what: String) async throws {
    let many = try await ManyInstances(300)
    let administration = many.archive.administration(as: .current)
    let operations = many.operations(try await many.plan(), to: isMove ? many.caller : nil)
    try await operations.performAll(accepted: { _ in [TransferSyntax.explicitVRLittleEndian.uid] }) { object in
      object.sopInstanceUID.hasSuffix("7") ? Status(rawValue: 0xA700) : .success
    }
    let failed = operations.progress.counts.failedSOPInstanceUIDs
    #expect(failed.count == 30)
    switch what {
    case "revoke": try await administration.revokeGrant(many.grant)
    case "again", "view-only":
      try await administration.revokeGrant(many.grant)
      let rights: GrantRights = what == "again" ? [.query, .retrieve] : .query
      _ = try await administration.addGrant(to: "WS", GrantTerms(.everything, rights: rights))
    case "veto":
      _ = try await administration.record(ConsentDraft(kind: .veto, scope: .patient(id: "P1", issuer: nil)))
    case "remove": try await administration.removePeer("WS")
    case "expire": try await many.archive.database.write { try $0.execute(sql: "UPDATE access_grant SET until = 1") }
    default: break
    }
    #expect(await Self.named(operations, isMove: isMove) == (["nothing", "again"].contains(what) ? failed : []))
    try await many.archive.close()
  }

  /// Many are asked for by one question while nothing changes; after a change none of them is believed.
  @Test func anAnswerHoldsUntilSomethingChanges() async throws {
    let many = try await ManyInstances(2)
    let archive = many.archive
    let asked = Mutex<[Range<Int>]>([])
    let isGranted = Atomic(true)
    let ahead = OpenAhead(of: 2000, in: archive) { places in
      asked.withLock { $0.append(places) }
      return OpenAhead.Answer(
        moment: try await archive.moment(), places: places,
        areOpen: places.map { _ in isGranted.load(ordering: .acquiring) })
    }
    // On a machine that is busy with others the time of an answer may pass before it is used.
    var late = 0
    for place in 0..<1500 { if try await !ahead.isOpen(place) { late += 1 } }
    #expect(late < 50)
    #expect(asked.withLock(\.count) < 200, "one question for each: \(asked.withLock(\.count))")
    isGranted.store(false, ordering: .releasing)
    try await archive.administration(as: .current).revokeGrant(many.grant)
    for place in 1500..<1600 { #expect(try await !ahead.isOpen(place)) }
    try await archive.close()
  }

  /// What the plan was made by is known of its objects, until something changes.
  @Test func aPlanIsKnownUntilSomethingChanges() async throws {
    let many = try await ManyInstances(1100)
    let plan = try await many.plan()
    #expect(plan.instances.count == 1100)
    let ahead = plan.openAhead(for: nil)
    #expect(plan.instances.indices.allSatisfy { ahead.knows($0) == true })
    _ = try await many.archive.rights(of: many.caller)
    #expect(plan.isKnownToBeOpen(plan.instances[1099], ahead))
    try await many.archive.administration(as: .current).revokeGrant(many.grant)
    #expect(plan.instances.indices.allSatisfy { ahead.knows($0) == nil })
    #expect(!plan.isKnownToBeOpen(plan.instances[0], ahead))
    #expect(try await !ahead.isOpen(0))
    try await many.archive.close()
  }

  /// Another receiver has what its own grants open, whether it sees as much as is sent, or far more, or nothing.
  @Test(arguments: [("nothing", 0), ("all", 3), ("later", 0)] as [(String, Int)])
  func aReceiverHasItsOwnGrants(what: String, count: Int) async throws {
    let many = try await ManyInstances(3)
    let administration = many.archive.administration(as: .current)
    try await administration.addPeer(
      Peer(
        name: "OTHER", aeTitle: try #require(AETitle("OTHER")), addresses: [try #require(Network("127.0.0.2"))],
        port: nil,
        rights: [.query], acceptsPrivateSOPClasses: false))
    if what != "nothing" {
      let terms = GrantTerms(.everything, from: what == "later" ? 1_790_000_010 : nil)
      _ = try await administration.addGrant(to: "OTHER", terms)
    }
    let receiver = try await administration.caller(named: "OTHER", through: nil, assurance: nil)
    let plan = try await many.plan()
    let areOpen = try await plan.areOpen(to: receiver)
    #expect(areOpen.count == 3 && areOpen.count { $0 } == count)
    #expect(try await plan.areOpen(to: many.caller) == [true, true, true])
    let ahead = plan.openAhead(for: receiver)
    #expect(ahead.knows(0) == nil, "nobody asked for the receiver yet")
    #expect(try await ahead.isOpen(0) == (count > 0))
    try await many.archive.close()
  }

  /// In their order and whole; those that are passed over are not read, and nothing is given twice.
  @Test func whatComesNextIsReadBefore() async throws {
    let many = try await ManyInstances(100)
    let plan = try await many.plan()
    let readAhead = ReadAhead(plan.instances, reader: plan.reader)
    readAhead.pass(plan.instances[50])
    let first = try #require(await readAhead.take(plan.instances[0])).get()
    for (place, instance) in plan.instances.enumerated().dropFirst() {
      let piece = await readAhead.take(instance)
      #expect((piece == nil) == (place == 50))
      guard let piece = try piece?.get() else { continue }
      #expect(piece.dataSet == first.dataSet && piece.fileCount == instance.size)
      if place % 2 == 0 { readAhead.giveBack(piece.dataSet) }
      #expect(await readAhead.take(instance) == nil)
    }
    try await many.archive.close()
  }
}
