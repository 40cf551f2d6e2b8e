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

/// What is revoked while a query is answered is not told any more, whatever was read before.
@Suite struct RevocationTests {
  private static let matches = 10_000
  private func request(_ caller: Caller) -> (ServiceRequest, [UInt8]) {
    var identifier = DataSetBuilder(characterSet: .utf8)
    identifier.set(.queryRetrieveLevel, .cs, "IMAGE")
    identifier.setEmpty(.sopInstanceUID, .ui)
    identifier.set(.studyInstanceUID, .ui, ManyInstances.study)
    identifier.set(.seriesInstanceUID, .ui, "1.2.3.1")
    let request = ServiceRequest(
      command: CommandSet(.cFindRQ), abstractSyntax: UIDRegistry.studyRootFind, transferSyntax: .explicitVRLittleEndian,
      caller: caller, callingAETitle: "WS")
    return (request, identifier.encoded(as: .explicitVRLittleEndian))
  }

  /// Revoked, suspended, vetoed, the peer removed, after a page: not one response follows that page, nor any of one that was read ahead.
  @Test(arguments: ["nothing", "revoke", "suspend", "veto", "remove", "expire"])
  func nothingIsToldAfterwards(what: String) async throws {
    let made = try await ManyInstances(Self.matches)
    let (archive, grant) = (made.archive, made.grant)
    let administration = archive.administration(as: .current)
    let service = FindService(archive: made.archive, aeTitle: "COLLIMATOR")
    let (request, identifier) = request(made.caller)
    let sent = Atomic(0)
    let moment = 12 * QueryCompiler.pageSize
    let send: FindService.Send = { _, told in
      let identifiers = try await told()
      #expect(identifiers.count <= QueryCompiler.pageSize)
      guard sent.wrappingAdd(identifiers.count, ordering: .relaxed).newValue == moment else { return }
      switch what {
      case "revoke": try await administration.revokeGrant(grant)
      case "suspend": _ = try await administration.suspendGrant(grant)
      case "veto":
        _ = try await administration.record(ConsentDraft(kind: .veto, scope: .patient(id: "P1", issuer: nil)))
      case "remove": try await administration.removePeer("WS")
      case "expire":
        // By itself, while the peer reads slowly: nobody says so.
        try await archive.database.write { try $0.execute(sql: "UPDATE access_grant SET until = 1") }
      default: break
      }
    }
    do {
      let total = try await service.find(request, model: .studyRoot, identifier: identifier, send: send)
      #expect(total == sent.load(ordering: .relaxed))
    } catch let failure as ServiceFailure {
      // Who may not query at all any more is told so.
      #expect(what == "remove" && failure.status == .refusedNotAuthorized, "\(failure.comment)")
    }
    #expect(sent.load(ordering: .relaxed) == (what == "nothing" ? Self.matches : moment))
    try await made.archive.close()
  }

  private final class Witness: Sendable {
    enum Happened: Sendable { case told, returned }

    let happened = Mutex<[Happened]>([])
    let revoking = Mutex<Task<Void, any Error>?>(nil)
    let sent = Atomic(0)

    var hasReturned: Bool { happened.withLock { $0.contains(.returned) } }

    func note(_ what: Happened) { happened.withLock { $0.append(what) } }
  }

  /// Whoever revokes goes on when the page that is being told is on its way, and not before; where it takes more than a
  /// second, it is on the wire.
  @Test(.timeLimit(.minutes(5)), arguments: [false, true]) func revokingWaitsForWhatIsBeingTold(isSlow: Bool)
    async throws
  {
    let made = try await ManyInstances(Self.matches)
    let administration = made.archive.administration(as: .current)
    let service = FindService(archive: made.archive, aeTitle: "COLLIMATOR")
    let (request, identifier) = request(made.caller)
    let witness = Witness()
    let (archive, grant) = (made.archive, made.grant)
    let begin = ContinuousClock.now
    let send: FindService.Send = { _, told in
      let identifiers = try await told()
      guard witness.sent.wrappingAdd(identifiers.count, ordering: .relaxed).oldValue == 0 else { return }
      let task = Task {
        try await archive.settling(within: isSlow ? .seconds(1) : .seconds(60)) {
          try await administration.revokeGrant(grant)
        }
        witness.note(.returned)
      }
      witness.revoking.withLock { $0 = task }
      if isSlow {
        try await withTaskCancellationHandler {
          try await task.value
        } onCancel: {
          task.cancel()
        }
      } else {
        // Whoever waits for what is being told cannot have returned; whoever does not wait returns.
        while !archive.disclosures.isAwaited, !witness.hasReturned, !Task.isCancelled { await Task.yield() }
        #expect(archive.disclosures.isAwaited && !witness.hasReturned)
        #expect(try await administration.grants().first?.state == .revoked)
      }
      witness.note(.told)
    }
    _ = try await service.find(request, model: .studyRoot, identifier: identifier, send: send)
    try await witness.revoking.withLock { $0 }?.value
    #expect(witness.happened.withLock { $0 } == (isSlow ? [.returned, .told] : [.told, .returned]))
    #expect(witness.sent.load(ordering: .relaxed) == QueryCompiler.pageSize)
    if isSlow { #expect(begin.duration(to: .now) >= .seconds(1)) }
    try await made.archive.close()
  }

  /// An answer of one page is recorded when it is on its way: also where that fails, and however it was read.
  @Test(.timeLimit(.minutes(5)), arguments: [(false, false), (false, true), (true, false), (true, true)])
  func whatWasToldIsRecorded(isHere: Bool, fails: Bool) async throws {
    struct Gone: Error {}
    let made = try await ManyInstances(3)
    let service = FindService(archive: made.archive, aeTitle: "COLLIMATOR")
    let (request, identifier) = request(made.caller)
    let sent = Atomic(0)
    let wasHere = Atomic(false)
    let end = ContinuousClock.now + .seconds(120)
    var rounds = 0
    repeat {
      rounds += 1
      let look: FindService.Look = { awaited in
        if isHere, case .fromHere(let isThere) = awaited, isThere() { wasHere.store(true, ordering: .relaxed) }
      }
      do {
        let count = try await service.find(request, model: .studyRoot, identifier: identifier, await: look) { _, told in
          sent.add(try await told().count, ordering: .relaxed)
          if fails { throw Gone() }
        }
        #expect(count == 3 && !fails)
      } catch is Gone {
        #expect(fails)
      }
      // On a machine that has much to do a moment may pass with nothing read.
    } while isHere && !wasHere.load(ordering: .relaxed) && ContinuousClock.now < end
    #expect(wasHere.load(ordering: .relaxed) == isHere)
    #expect(sent.load(ordering: .relaxed) == 3 * rounds)
    let recorded = try await made.archive.database.read { database in
      try Int.fetchAll(database, sql: "SELECT count FROM audit WHERE kind = 'query' AND outcome = 'success'")
    }
    #expect(recorded == Array(repeating: 3, count: rounds))
    try await made.archive.close()
  }

  /// Rows go out while their record is written; the query does not end before it is. While none can be written none go out.
  @Test func nothingIsToldThatCannotBeRecorded() async throws {
    let made = try await ManyInstances(Self.matches)
    let service = FindService(archive: made.archive, aeTitle: "COLLIMATOR")
    let (request, identifier) = request(made.caller)
    let sent = Atomic(0)
    let send: FindService.Send = { _, identifiers in
      let count = try await identifiers().count
      sent.add(count, ordering: .relaxed)
    }
    func refuse(_ isRefusing: Bool) async throws {
      try await made.archive.database.write { database in
        try database.execute(
          sql: isRefusing
            ? "CREATE TRIGGER no_more BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
            : "DROP TRIGGER no_more")
      }
    }
    try await refuse(true)
    // The first finds out: no more than the page that was on its way, and no success.
    await #expect(throws: ServiceFailure.self) {
      try await service.find(request, model: .studyRoot, identifier: identifier, send: send)
    }
    #expect(sent.load(ordering: .relaxed) <= QueryCompiler.pageSize)
    sent.store(0, ordering: .relaxed)
    for _ in 0..<3 {
      await #expect(throws: ServiceFailure.self) {
        try await service.find(request, model: .studyRoot, identifier: identifier, send: send)
      }
    }
    #expect(sent.load(ordering: .relaxed) == 0)
    try await refuse(false)
    // It is found out by itself that records can be written again.
    _ = try await service.find(request, model: .studyRoot, identifier: identifier, send: send)
    #expect(sent.load(ordering: .relaxed) == Self.matches)
    let recorded = try await made.archive.database.read { database in
      try Int.fetchOne(database, sql: "SELECT count FROM audit WHERE kind = 'query' AND outcome = 'success'")
    }
    #expect(recorded == Self.matches)
    try await made.archive.close()
  }
}
