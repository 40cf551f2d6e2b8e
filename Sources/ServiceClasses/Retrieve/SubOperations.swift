// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import Logging
import Synchronization

/// The C-STOREs of one retrieve, one by one; each answers for itself.
struct SubOperations: Sending {
  /// Of objects that are not sent, so many are named in the log.
  private static let mostNamed = 20
  private static let mostReadAhead = 16

  let plan: RetrievePlan
  /// nil where the caller itself gets the objects.
  let receiver: Caller?
  let progress: RetrieveProgress
  let conversion: ObjectConversion
  let archive: Archive
  let logger: Logger
  private let notes = Notes()

  private final class Notes: Sendable {
    struct Values {
      var studies: Set<String> = []
      var firstFailure: String?
      var sent: [ServedInstance] = []
      /// First pieces of files that are likely to be sent next.
      var read: [ServedInstance: Task<[UInt8], any Error>] = [:]
    }

    let values = Mutex(Values())
  }

  /// What the receiver took, in the order in which it was sent.
  var sent: [ServedInstance] { notes.values.withLock(\.sent) }

  /// Why the first of the failed failed; without a word about whose it is.
  var firstFailure: String? { notes.values.withLock(\.firstFailure) }

  /// One object to wherever `store` sends it, in one of the syntaxes that are accepted there for its SOP class. Throws
  /// `CancellationError`, and what `store` throws of an association that is over.
  func perform(
    _ planned: ServedInstance, accepted: (String) -> [String], store: (OutgoingObject) async throws -> Status
  ) async throws {
    let disclosure = archive.disclosures.begin()
    defer { disclosure.end() }
    let object: OutgoingObject
    do {
      object = try await outgoing(planned, accepted: accepted)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      return await fail(planned, "\(error)")
    }
    let status: Status
    do {
      status = try await store(object)
    } catch let failure as SubOperationFailure {
      // Half of it is on its way: the association has to end.
      await fail(planned, failure.description)
      throw failure
    }
    guard status == .success || status.isWarning else {
      return await fail(planned, "the receiver answered \(status)")
    }
    let isNew = notes.values.withLock { notes in
      notes.sent.append(planned)
      return notes.studies.insert(planned.studyInstanceUID).inserted
    }
    if isNew { archive.noteAccess(studyInstanceUID: planned.studyInstanceUID) }
    await progress.note(status == .success ? .completed : .warning, of: planned.sopInstanceUID)
  }

  func fail(allBut some: [ServedInstance], _ why: String) async {
    guard some.count < plan.instances.count else { return }
    let others = Set(some)
    for instance in plan.instances where !others.contains(instance) { await fail(instance, why) }
  }

  func giveUp(_ planned: ServedInstance, _ why: String) async { await fail(planned, why) }

  func fail(_ planned: ServedInstance, _ why: String) async {
    notes.values.withLock { $0.firstFailure = $0.firstFailure ?? why }
    if progress.counts.failed < Self.mostNamed {
      logger.notice("an object is not sent: \(why)", metadata: ["instance": "\(planned.sopInstanceUID)"])
    }
    await progress.note(.failed, of: planned.sopInstanceUID)
  }

  /// While this one is sent and answered. Whether the next may be sent is asked when it is its turn.
  private func readAhead(of planned: ServedInstance) {
    guard let next = plan.next(after: planned), next.fault == .none else { return }
    let reader = plan.reader
    notes.values.withLock { values in
      guard values.read.count < Self.mostReadAhead, values.read[next] == nil else { return }
      values.read[next] = Task { try await reader.bytes(OutgoingObject.firstPiece(of: next), of: next) }
    }
  }

  private func outgoing(_ planned: ServedInstance, accepted: (String) -> [String]) async throws -> OutgoingObject {
    let instance = try await plan.current(planned, for: receiver)
    let syntaxes = accepted(instance.sopClassUID)
    guard !syntaxes.isEmpty else { throw SubOperationFailure("the receiver takes no objects of its SOP class") }
    guard let target = ObjectConversion.target(for: instance.transferSyntaxUID, among: syntaxes) else {
      throw SubOperationFailure("the receiver takes no transfer syntax that it could be sent in")
    }
    let read = notes.values.withLock { $0.read.removeValue(forKey: planned) }
    var piece: [UInt8]?
    if instance == planned { piece = try? await read?.value }
    let object = try await OutgoingObject(
      instance, in: target, reader: plan.reader, conversion: conversion, read: piece)
    // To convert it takes a while, in which a grant may end.
    if target != instance.transferSyntaxUID { _ = try await plan.current(planned, for: receiver) }
    readAhead(of: planned)
    return object
  }
}
