// SPDX-License-Identifier: Apache-2.0

import Archive
import DIMSE
import Logging
import Synchronization

/// The C-STOREs of what is sent on; each is settled in the queue by itself.
final class ForwardingOperations: Sending {
  let logger: Logger
  let record: ForwardingRecord
  private let destination: MoveDestination
  private let archive: Archive
  private let conversion: ObjectConversion
  private let state: Mutex<State>

  private struct State {
    var jobs: [String: [Int64]]
    var sent = 0
    var isUnreachable = false
  }

  init(
    _ open: OpenForwarding, to destination: MoveDestination, archive: Archive,
    conversion: ObjectConversion, logger: Logger
  ) {
    self.logger = logger
    self.destination = destination
    self.archive = archive
    self.conversion = conversion
    record = ForwardingRecord(of: open, to: destination, in: archive)
    let jobs = Dictionary(grouping: open.objects, by: \.instance.sopInstanceUID).mapValues { $0.map(\.job.number) }
    state = Mutex(State(jobs: jobs))
  }

  var sent: Int { state.withLock(\.sent) }
  var isUnreachable: Bool { state.withLock(\.isUnreachable) }

  /// Throws where it cannot be recorded that anything is sent: then nothing is.
  func prepare(_ planned: ServedInstance, accepted: (String) -> [String]) async throws -> OutgoingObject? {
    let disclosure = archive.disclosures.begin()
    do {
      for _ in 0..<mostPreparations {
        let moment = try await archive.moment()
        let instance = try await current(planned)
        var object = try await outgoing(instance, accepted)
        object.disclosure = disclosure
        try await record.begin()
        // To convert and to record it takes a while, in which a grant may end, or a correction be made.
        if archive.isStill(moment) { return object }
        if try await current(planned) == instance { return object }
      }
      throw SubOperationFailure(changesTooOften)
    } catch let trouble as AuditError {
      throw trouble
    } catch {
      if Task.isCancelled { throw CancellationError() }
      await settle(planned, failure: (error as? SubOperationFailure)?.inFull ?? "\(error)")
      return nil
    }
  }

  func depart(
    _ planned: ServedInstance, as instance: ServedInstance, _ disclosure: Disclosures.Disclosure
  ) async throws {
    while !disclosure.mayGo() {
      guard (try? await current(planned)) == instance else { throw ChangedMeanwhile() }
    }
    await record.depart(instance)
  }

  func note(_ status: Status, of planned: ServedInstance, sent object: OutgoingObject) async {
    let isStored = status == .success || status.isWarning
    await settle(planned, failure: isStored ? nil : "the destination answered \(status)")
    if isStored { archive.noteAccess(studyInstanceUID: planned.studyInstanceUID) }
  }

  func giveUp(_ planned: ServedInstance, _ why: String) async { await settle(planned, failure: why) }

  /// It waits, through no fault of its own.
  func leave(_ planned: ServedInstance, _ why: String, wasReached: Bool) async {
    if !wasReached { state.withLock { $0.isUnreachable = true } }
  }

  /// As it stands at this moment: a grant that ended since it was read ends here.
  private func current(_ planned: ServedInstance) async throws(SubOperationFailure) -> ServedInstance {
    let reader = archive.reading(as: destination.caller)
    let selection = InstanceSelection(sopInstanceUIDs: [planned.sopInstanceUID])
    var current: ServedInstance?
    do {
      for try await page in reader.instances(in: selection) { current = current ?? page.instances.first }
    } catch {
      throw SubOperationFailure("the index cannot be read: \(error)")
    }
    guard let instance = current else { throw SubOperationFailure("the destination has no grant for it") }
    guard instance.fault == .none else { throw SubOperationFailure("its file is gone, or not what was received") }
    return instance
  }

  private func outgoing(
    _ instance: ServedInstance, _ accepted: (String) -> [String]
  ) async throws(SubOperationFailure) -> OutgoingObject {
    let syntaxes = accepted(instance.sopClassUID)
    guard !syntaxes.isEmpty else { throw SubOperationFailure("the destination takes no objects of its SOP class") }
    guard let target = ObjectConversion.target(for: instance.transferSyntaxUID, among: syntaxes) else {
      throw SubOperationFailure("the destination takes no transfer syntax that it could be sent in")
    }
    return try await OutgoingObject(
      instance, in: target, for: destination.caller.peerName, reader: archive.reading(as: destination.caller),
      conversion: conversion)
  }

  /// What cannot be written down now is sent again: twice is better than never.
  private func settle(_ planned: ServedInstance, failure: String?) async {
    let numbers = state.withLock { state in
      if failure == nil { state.sent += 1 }
      return state.jobs.removeValue(forKey: planned.sopInstanceUID) ?? []
    }
    await record.note(failure: failure)
    do {
      guard let failure else { return try await archive.forwarding.sent(numbers) }
      logger.notice("an object is not sent on: \(failure)", metadata: ["instance": "\(planned.sopInstanceUID)"])
      for number in numbers { try await archive.forwarding.failed(number, failure) }
    } catch {
      logger.error("the queue cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
