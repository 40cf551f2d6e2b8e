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

  let plan: RetrievePlan
  /// nil where the caller itself gets the objects.
  let receiver: Caller?
  let progress: RetrieveProgress
  let conversion: ObjectConversion
  let archive: Archive
  let logger: Logger
  private let notes = Notes()
  private let openAhead: OpenAhead
  private let ahead: ReadAhead

  init(
    plan: RetrievePlan, receiver: Caller?, progress: RetrieveProgress, conversion: ObjectConversion, archive: Archive,
    logger: Logger
  ) {
    self.plan = plan
    self.receiver = receiver
    self.progress = progress
    self.conversion = conversion
    self.archive = archive
    self.logger = logger
    openAhead = plan.openAhead(for: receiver)
    ahead = ReadAhead(plan.instances, reader: plan.reader)
  }

  private final class Notes: Sendable {
    struct Values {
      var studies: Set<String> = []
      var firstFailure: String?
      var departed: [ServedInstance] = []
    }

    let values = Mutex(Values())
  }

  /// Of which the receiver may have read something, whatever it answered, in the order in which it was sent.
  var departed: [ServedInstance] { notes.values.withLock(\.departed) }

  /// Why the first of the failed failed; without a word about whose it is.
  var firstFailure: String? { notes.values.withLock(\.firstFailure) }

  /// Of what is to be sent, what its receiver may have by its own grants.
  func open() async throws -> [ServedInstance] {
    guard let receiver else { return plan.instances }
    let areOpen = try await plan.areOpen(to: receiver)
    plan.answer(areOpen).map(openAhead.know)
    return zip(plan.instances, areOpen).filter(\.1).map(\.0)
  }

  /// One after the other, until the task is cancelled. Throws what `store` throws of an association that is over.
  func performAll(
    accepted: @escaping @Sendable (String) -> [String], store: (OutgoingObject) async throws -> Status
  ) async throws {
    try await performAll(while: { !Task.isCancelled }, accepted, store: store) { planned in
      try await prepareToDepart(planned, accepted: accepted)
    }
  }

  /// The same on the thread of a connection and in a task that nobody cancels, until the signal is raised: only what has to be
  /// waited for before an object goes is broken off.
  func performAll(
    until stop: StopSignal, on executor: EventLoopExecutor, accepted: @escaping @Sendable (String) -> [String],
    store: (OutgoingObject) async throws -> Status
  ) async throws {
    try await performAll(while: { !stop.isRaised }, accepted, store: store) { planned in
      try await stop.during(on: executor) { try await prepareToDepart(planned, accepted: accepted) }
    }
  }

  private func performAll(
    while mayGoOn: () -> Bool, _ accepted: (String) -> [String], store: (OutgoingObject) async throws -> Status,
    prepare: (ServedInstance) async throws -> OutgoingObject?
  ) async throws {
    for instance in plan.instances where mayGoOn() {
      do {
        try await perform(
          instance,
          prepare: { planned in
            if let object = prepareToDepartAtOnce(planned, accepted: accepted) { return object }
            return try await prepare(planned)
          }, store: store)
      } catch is CancellationError {
        return
      }
    }
  }

  func prepare(_ planned: ServedInstance, accepted: (String) -> [String]) async throws -> OutgoingObject? {
    let disclosure = archive.disclosures.begin()
    do {
      var object = try await outgoing(planned, accepted: accepted)
      object.disclosure = disclosure
      return object
    } catch {
      if Task.isCancelled { throw CancellationError() }
      await fail(planned, "\(error)", inFull: (error as? SubOperationFailure)?.inFull)
      return nil
    }
  }

  /// An object that goes as it is stored, is known to be open, and has been read.
  func prepareAtOnce(_ planned: ServedInstance, accepted: (String) -> [String]) -> OutgoingObject? {
    let disclosure = archive.disclosures.begin()
    guard accepted(planned.sopClassUID).contains(planned.transferSyntaxUID),
      planned.isSent(asStoredIn: planned.transferSyntaxUID), plan.isKnownToBeOpen(planned, openAhead),
      let piece = ahead.takeIfRead(planned)
    else {
      disclosure.end()
      return nil
    }
    var object = OutgoingObject(planned, beginning: piece, reader: plan.reader)
    object.disclosure = disclosure
    return object
  }

  func depart(
    _ planned: ServedInstance, as instance: ServedInstance, _ disclosure: Disclosures.Disclosure
  ) async throws {
    while !disclosure.mayGo() {
      guard (try? await plan.current(planned, for: receiver, openAhead)) == instance else { throw ChangedMeanwhile() }
    }
    notes.values.withLock { $0.departed.append(instance) }
  }

  func note(_ status: Status, of planned: ServedInstance, sent object: OutgoingObject) async {
    if let memory = object.memory { ahead.giveBack(memory) }
    guard status == .success || status.isWarning else {
      return await fail(planned, "the receiver answered \(status)")
    }
    let isNew = notes.values.withLock { $0.studies.insert(planned.studyInstanceUID).inserted }
    if isNew { archive.noteAccess(studyInstanceUID: planned.studyInstanceUID) }
    await progress.note(status == .success ? .completed : .warning, of: planned.sopInstanceUID)
  }

  /// Reads the first of what is to be sent, while something else keeps it from going.
  func readAhead() { ahead.begin() }

  func fail(allBut some: [ServedInstance], _ why: String) async {
    guard some.count < plan.instances.count else { return }
    let others = Set(some)
    for instance in plan.instances where !others.contains(instance) { await fail(instance, why) }
  }

  func giveUp(_ planned: ServedInstance, _ why: String) async { await fail(planned, why) }

  func leave(_ planned: ServedInstance, _ why: String, wasReached: Bool) async { await fail(planned, why) }

  /// `inFull`: for the log, what the peer is not told.
  func fail(_ planned: ServedInstance, _ why: String, inFull: String? = nil) async {
    ahead.pass(planned)
    notes.values.withLock { $0.firstFailure = $0.firstFailure ?? why }
    if progress.counts.failed < Self.mostNamed {
      logger.notice("an object is not sent: \(inFull ?? why)", metadata: ["instance": "\(planned.sopInstanceUID)"])
    }
    await progress.note(.failed, of: planned.sopInstanceUID)
  }

  private func outgoing(_ planned: ServedInstance, accepted: (String) -> [String]) async throws -> OutgoingObject {
    for _ in 0..<mostPreparations {
      let instance = try await plan.current(planned, for: receiver, openAhead)
      let object = try await outgoing(instance, planned: planned, accepted: accepted)
      guard !instance.isSent(asStoredIn: object.transferSyntaxUID) else { return object }
      // To convert it takes a while, in which a grant may end, or a correction be made.
      if try await plan.current(planned, for: receiver, openAhead) == instance { return object }
    }
    throw SubOperationFailure(changesTooOften)
  }

  private func outgoing(
    _ instance: ServedInstance, planned: ServedInstance, accepted: (String) -> [String]
  ) async throws -> OutgoingObject {
    let syntaxes = accepted(instance.sopClassUID)
    guard !syntaxes.isEmpty else { throw SubOperationFailure("the receiver takes no objects of its SOP class") }
    guard let target = ObjectConversion.target(for: instance.transferSyntaxUID, among: syntaxes) else {
      throw SubOperationFailure("the receiver takes no transfer syntax that it could be sent in")
    }
    var piece: FirstPiece?
    if instance.isSent(asStoredIn: target), instance == planned {
      // Where that failed it is read anew, as it stands now; of other bytes there is somebody who does.
      let read = await ahead.take(planned)
      if case .failure(.otherBytes)? = read { throw SubOperationFailure.otherBytes }
      piece = try? read?.get()
    } else {
      ahead.pass(planned)
    }
    return try await OutgoingObject(
      instance, in: target, for: (receiver ?? plan.caller).peerName, reader: plan.reader, conversion: conversion,
      read: piece)
  }
}
