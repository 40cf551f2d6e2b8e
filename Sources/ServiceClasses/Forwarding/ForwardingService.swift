// SPDX-License-Identifier: Apache-2.0

package import Archive
import DIMSE
package import Logging
import Synchronization

/// Sends on what arrived, as the destination itself: what its own grants do not open is not sent to it.
package struct ForwardingService: Sendable {
  /// Of one destination at a time; the next come when these are done.
  private static let mostAtOnce = 1000

  private let archive: Archive
  private let conversion: ObjectConversion
  private let connecting: any MoveConnecting

  package init(archive: Archive, conversion: ObjectConversion, connecting: any MoveConnecting) {
    self.archive = archive
    self.conversion = conversion
    self.connecting = connecting
  }

  package enum Outcome: Sendable {
    /// With how many were sent; there may be more.
    case sent(Int)
    case unreachable
  }

  /// Some of what waits for a destination. Throws where the queue cannot be read or written.
  package func send(to destination: MoveDestination, principal: Int64, logger: Logger) async throws -> Outcome {
    let jobs = try await archive.forwarding.due(to: principal, atMost: Self.mostAtOnce)
    let open = try await archive.forwarding.open(jobs, to: destination)
    guard !open.isEmpty else { return .sent(0) }
    let operations = ForwardingOperations(
      open, to: destination, archive: archive, conversion: conversion, logger: logger)
    let transfer = MoveTransfer(
      operations: operations, instances: open.map(\.instance), destination: destination, originator: nil,
      connecting: connecting)
    await transfer.run()
    return operations.isUnreachable ? .unreachable : .sent(operations.sent)
  }
}

/// The C-STOREs of what is sent on; each is settled in the queue by itself.
private final class ForwardingOperations: Sending {
  let logger: Logger
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
    _ open: [(job: ForwardingJob, instance: ServedInstance)], to destination: MoveDestination, archive: Archive,
    conversion: ObjectConversion, logger: Logger
  ) {
    self.logger = logger
    self.destination = destination
    self.archive = archive
    self.conversion = conversion
    let jobs = Dictionary(grouping: open, by: \.instance.sopInstanceUID).mapValues { $0.map(\.job.number) }
    state = Mutex(State(jobs: jobs))
  }

  var sent: Int { state.withLock(\.sent) }
  var isUnreachable: Bool { state.withLock(\.isUnreachable) }

  func perform(
    _ planned: ServedInstance, accepted: (String) -> [String], store: (OutgoingObject) async throws -> Status
  ) async throws {
    let object: OutgoingObject
    do {
      object = try await outgoing(planned, accepted)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      return await settle(planned, failure: "\(error)")
    }
    let status: Status
    do {
      status = try await store(object)
    } catch let failure as SubOperationFailure {
      await settle(planned, failure: failure.description)
      throw failure
    }
    let isStored = status == .success || status.isWarning
    await settle(planned, failure: isStored ? nil : "the destination answered \(status)")
    if isStored { archive.noteAccess(studyInstanceUID: planned.studyInstanceUID) }
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
    do {
      guard let failure else { return try await archive.forwarding.sent(numbers) }
      logger.notice("an object is not sent on: \(failure)", metadata: ["instance": "\(planned.sopInstanceUID)"])
      for number in numbers { try await archive.forwarding.failed(number, failure) }
    } catch {
      logger.error("the queue cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
