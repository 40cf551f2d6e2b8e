// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import DIMSE
import Foundation
import GRDB
import NIOCore
import Synchronization
import Testing
import UpperLayer

@testable import Archive
@testable import ServiceClasses

/// What was asked about before something was taken away, and waits, asks once more before its first byte goes; and what went
/// is on record, whatever the receiver answers.
@Suite struct DepartureTests {
  @Test func whatWaitsTooLongIsStale() async throws {
    let disclosures = Disclosures()
    let (waits, goes) = (disclosures.begin(), disclosures.begin())
    #expect(goes.mayGo())
    await disclosures.settle(within: .milliseconds(1))
    let later = disclosures.begin()
    #expect(later.mayGo() && goes.mayGo())
    #expect(!waits.mayGo(), "it is to be asked anew")
    // Asked anew, it counts as begun now: who takes something away after this waits for it again.
    #expect(waits.mayGo())
    let settled = Mutex(false)
    let settling = Task {
      await disclosures.settle(within: .seconds(600))
      settled.withLock { $0 = true }
    }
    goes.end()
    later.end()
    for _ in 0..<1000 { await Task.yield() }
    #expect(settled.withLock { $0 } == false)
    waits.end()
    await settling.value
  }

  /// Several C-GETs on an association: one writes, the others were asked about and wait for their turn.
  @Test(arguments: ["nothing", "revoke"]) func whatWaitsForItsTurnAsksAnew(what: String) async throws {
    let many = try await ManyInstances(8)
    let (archive, grant) = (many.archive, many.grant)
    let operations = many.operations(try await many.plan())
    let prepared = Mutex(0)
    try await operations.performAll(accepted: { _ in [TransferSyntax.explicitVRLittleEndian.uid] }) { object in
      let count = prepared.withLock { count in
        count += 1
        return count
      }
      // In the turn of another, whose receiver does not read.
      if count == 4, what == "revoke" {
        try await archive.settling(within: .milliseconds(10)) {
          try await archive.administration(as: .current).revokeGrant(grant)
        }
      }
      try await object.depart()
      return .success
    }
    let counts = operations.progress.counts
    let expected = what == "revoke" ? 3 : 8
    #expect(operations.departed.count == expected && counts.completed == expected && counts.failed == 8 - expected)
    try await archive.close()
  }

  /// A page that waits for its turn, or for a receiver that does not read, while its grant is revoked.
  @Test func aPageThatWaitsAsksAnew() async throws {
    let many = try await ManyInstances(20)
    let (archive, grant) = (many.archive, many.grant)
    var identifier = DataSetBuilder(characterSet: .utf8)
    identifier.set(.queryRetrieveLevel, .cs, "IMAGE")
    identifier.setEmpty(.sopInstanceUID, .ui)
    identifier.set(.studyInstanceUID, .ui, ManyInstances.study)
    identifier.set(.seriesInstanceUID, .ui, "1.2.3.1")
    let request = ServiceRequest(
      command: CommandSet(.cFindRQ), abstractSyntax: UIDRegistry.studyRootFind, transferSyntax: .explicitVRLittleEndian,
      caller: many.caller, callingAETitle: "WS")
    let told = Mutex<[Int]>([])
    let total = try await FindService(archive: archive, aeTitle: "COLLIMATOR").find(
      request, model: .studyRoot, identifier: identifier.encoded(as: .explicitVRLittleEndian)
    ) { _, identifiers in
      try await archive.settling(within: .milliseconds(10)) {
        try await archive.administration(as: .current).revokeGrant(grant)
      }
      let count = try await identifiers().count
      told.withLock { $0.append(count) }
    }
    #expect(told.withLock(\.self) == [0] && total == 0)
    try await archive.close()
  }

  /// Whoever reads an object in full has seen it: a failure in answer, or none, hides nobody from `audit who-saw`.
  @Test(arguments: ["refuses", "hangs up"]) func whoReadsHasSeen(how: String) async throws {
    let many = try await ManyInstances(5)
    let archive = many.archive
    let operations = many.operations(try await many.plan())
    let record = RetrieveRecord(
      archive.audited(.retrieve, "C-GET", as: many.caller, detail: "a study"), of: operations)
    do {
      try await record.during(operations.plan.instances) {
        try await operations.performAll(accepted: { _ in [TransferSyntax.explicitVRLittleEndian.uid] }) { object in
          try await object.depart()
          if how == "hangs up", object.sopInstanceUID == operations.plan.instances[2].sopInstanceUID {
            throw BrokenAssociation(cause: CancellationError())
          }
          return how == "refuses" ? .refusedOutOfResources : .success
        }
      }
      #expect(how == "refuses")
    } catch is BrokenAssociation {
      #expect(how == "hangs up")
    }
    let seen = how == "refuses" ? operations.plan.instances : Array(operations.plan.instances.prefix(3))
    #expect(operations.departed == seen)
    let viewers = try await archive.operations(as: .current).viewers(ofPatient: "P1", issuer: nil)
    #expect(viewers.map(\.principal) == ["WS"])
    let records = try await archive.auditRecords(after: 0, limit: 100).records
    let end = try #require(records.last { $0.act == "C-GET" })
    #expect(end.outcome == "failed" && end.count == (how == "refuses" ? 0 : 2))
    #expect(end.subjects.flatMap { $0.instances.values.joined() }.count == seen.count)
    try await archive.close()
  }

  /// To convert an object takes a while, and it may wait for its turn: what was revoked or corrected meanwhile is honoured.
  @Test(.timeLimit(.minutes(15)), arguments: ["nothing", "revoke", "correct"], [false, true])
  func whatChangesDuringAConversionIsHonoured(what: String, isForwarding: Bool) async throws {
    let many = try await ManyInstances(1)
    let archive = many.archive
    let conversion = many.conversion(limit: 100)
    let plan = try await many.plan()
    let planned = try #require(plan.instances.first)
    let sending: any Sending =
      isForwarding
      ? try await many.forwarding(conversion) : many.operations(plan, conversion: conversion)
    let held = try await conversion.room.take(1000, for: "OTHER")
    let preparing = Task {
      try await sending.prepare(planned) { _ in [TransferSyntax.implicitVRLittleEndian.uid] }
    }
    while conversion.room.waiting == 0 { await Task.yield() }
    switch what {
    case "revoke": try await archive.administration(as: .current).revokeGrant(many.grant)
    case "correct": try await many.correct(name: "Roe^Jane")
    default: break
    }
    held.giveBack()
    var object = try await preparing.value
    #expect((object == nil) == (what == "revoke"))
    guard object != nil else { return try await archive.close() }
    var bytes: [UInt8] = []
    while let chunk = try await object?.nextChunk() { bytes += chunk.readableBytesView }
    let sent = try DataSet(reading: bytes, transferSyntax: .implicitVRLittleEndian)
    #expect(sent.string(.patientName) == (what == "correct" ? "Roe^Jane" : nil))
    #expect(conversion.room.taken > 0, "it is held until it is out")
    object?.giveBackRoom()
    #expect(conversion.room.taken == 0)
    try await archive.close()
  }

  /// What is converted goes out in pieces, as what is stored does: a slow receiver shows that it reads.
  @Test func whatIsConvertedGoesInPieces() async throws {
    let many = try await ManyInstances(1, comment: String(repeating: "x", count: 5 << 20))
    let operations = many.operations(try await many.plan())
    var object = try #require(
      try await operations.prepare(operations.plan.instances[0]) { _ in [TransferSyntax.implicitVRLittleEndian.uid] })
    var sizes: [Int] = []
    while let chunk = try await object.nextChunk() { sizes.append(chunk.readableBytes) }
    #expect(sizes.count >= 5 && sizes.allSatisfy { $0 <= 1 << 20 } && sizes.reduce(0, +) > 5 << 20)
    try await many.archive.close()
  }

  /// What is too large to be converted is known before anything of it is read.
  @Test func whatIsTooLargeIsNotRead() async throws {
    let many = try await ManyInstances(1)
    try await many.archive.database.write { try $0.execute(sql: "UPDATE instance SET size = 1 << 31") }
    let operations = many.operations(try await many.plan())
    let object = try await operations.prepare(operations.plan.instances[0]) { _ in
      [TransferSyntax.implicitVRLittleEndian.uid]
    }
    #expect(object == nil && operations.firstFailure?.contains("too large") == true)
    try await many.archive.close()
  }

  /// A moment's trouble of a question that is asked ahead, for many, fails none of them.
  @Test func aQuestionAheadThatFailsFailsNobody() async throws {
    let many = try await ManyInstances(2)
    let archive = many.archive
    let failed = Mutex(0)
    let own = withUnsafeCurrentTask { $0?.hashValue }
    let ahead = OpenAhead(of: 4000, in: archive) { places in
      // What is asked ahead is asked by another task.
      if withUnsafeCurrentTask(body: { $0?.hashValue }) != own {
        failed.withLock { $0 += 1 }
        throw ArchiveError("the disk is busy")
      }
      return OpenAhead.Answer(moment: try await archive.moment(), places: places, areOpen: places.map { _ in true })
    }
    for place in 0..<4000 {
      do { _ = try await ahead.isOpen(place) } catch { Issue.record("place \(place): \(error)") }
    }
    #expect(failed.withLock { $0 } > 1)
    try await archive.close()
  }
}
