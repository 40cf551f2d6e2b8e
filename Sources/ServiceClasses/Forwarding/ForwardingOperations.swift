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
    var object: OutgoingObject
    do {
      object = try await outgoing(planned, accepted)
      object.disclosure = disclosure
    } catch {
      if Task.isCancelled { throw CancellationError() }
      await settle(planned, failure: "\(error)")
      return nil
    }
    try await record.begin()
    return object
  }

  func note(_ status: Status, of planned: ServedInstance, sent object: OutgoingObject) async {
    let isStored = status == .success || status.isWarning
    await settle(planned, failure: isStored ? nil : "the destination answered \(status)")
    if isStored { archive.noteAccess(studyInstanceUID: planned.studyInstanceUID) }
  }

  func giveUp(_ planned: ServedInstance, sentInPart failure: SubOperationFailure) async {
    await settle(planned, failure: failure.description)
  }

  func giveUp(_ planned: ServedInstance, _ why: String) async {
    state.withLock { $0.isUnreachable = true }
  }

  /// As it stands at this moment: a grant that ended since it was read ends here.
  private func outgoing(
    _ planned: ServedInstance, _ accepted: (String) -> [String]
  ) async throws(SubOperationFailure) -> OutgoingObject {
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
    let syntaxes = accepted(instance.sopClassUID)
    guard !syntaxes.isEmpty else { throw SubOperationFailure("the destination takes no objects of its SOP class") }
    guard let target = ObjectConversion.target(for: instance.transferSyntaxUID, among: syntaxes) else {
      throw SubOperationFailure("the destination takes no transfer syntax that it could be sent in")
    }
    return try await OutgoingObject(instance, in: target, reader: reader, conversion: conversion)
  }

  /// What cannot be written down now is sent again: twice is better than never.
  private func settle(_ planned: ServedInstance, failure: String?) async {
    let numbers = state.withLock { state in
      if failure == nil { state.sent += 1 }
      return state.jobs.removeValue(forKey: planned.sopInstanceUID) ?? []
    }
    await record.note(planned, failure: failure)
    do {
      guard let failure else { return try await archive.forwarding.sent(numbers) }
      logger.notice("an object is not sent on: \(failure)", metadata: ["instance": "\(planned.sopInstanceUID)"])
      for number in numbers { try await archive.forwarding.failed(number, failure) }
    } catch {
      logger.error("the queue cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
