// SPDX-License-Identifier: Apache-2.0

import Archive
import DIMSE
import Logging

/// What is done about each object that is sent somewhere.
protocol Sending: Sendable {
  var logger: Logger { get }

  /// The object as it stands at this moment, in one of the syntaxes that are accepted for its SOP class; nil where it is not
  /// sent, and accounted for. Throws `CancellationError`.
  func prepare(_ planned: ServedInstance, accepted: (String) -> [String]) async throws -> OutgoingObject?

  /// The same where nothing has to be waited for: all that it takes is known and in memory. nil where it is not: then `prepare`
  /// does it.
  func prepareAtOnce(_ planned: ServedInstance, accepted: (String) -> [String]) -> OutgoingObject?

  /// When nothing keeps the first byte of an object from going out any more: remembers that it goes. Throws `ChangedMeanwhile`
  /// where it may not go as it was prepared.
  func depart(_ planned: ServedInstance, as instance: ServedInstance, _ disclosure: Disclosures.Disclosure) async throws

  /// What the receiver answered.
  func note(_ status: Status, of planned: ServedInstance, sent object: OutgoingObject) async

  /// It was tried, and is not tried any more.
  func giveUp(_ planned: ServedInstance, _ why: String) async

  /// One that was never tried, since no association with the destination came about.
  /// `wasReached`: one did before.
  func leave(_ planned: ServedInstance, _ why: String, wasReached: Bool) async
}

extension Sending {
  func prepareAtOnce(_ planned: ServedInstance, accepted: (String) -> [String]) -> OutgoingObject? { nil }

  /// One object to wherever `store` sends it; it is accounted for when this returns. Throws `CancellationError`,
  /// `SubOperationFailure` of one that is accounted for and was sent in part, and what `store` throws of an association that
  /// is over. `prepare`: what `prepareToDepart` does, as it is to be done here.
  func perform(
    _ planned: ServedInstance, prepare: (ServedInstance) async throws -> OutgoingObject?,
    store: (OutgoingObject) async throws -> Status
  ) async throws {
    for _ in 0..<mostPreparations {
      guard let object = try await prepare(planned) else { return }
      do {
        return await note(try await store(object), of: planned, sent: object)
      } catch is ChangedMeanwhile {
        object.giveBackRoom()
      } catch let failure as SubOperationFailure {
        await giveUp(planned, failure.description)
        throw failure
      }
    }
    await giveUp(planned, changesTooOften)
  }

  /// What changes so often while it waits for its turn is not sent.
  var mostPreparations: Int { 3 }
  var changesTooOften: String { "it changes again and again" }

  /// The object, which asks once more when it goes.
  func prepareToDepart(
    _ planned: ServedInstance, accepted: (String) -> [String]
  ) async throws -> OutgoingObject? {
    try await prepare(planned, accepted: accepted).map { askingAtDeparture($0, of: planned) }
  }

  /// The same where nothing has to be waited for.
  func prepareToDepartAtOnce(_ planned: ServedInstance, accepted: (String) -> [String]) -> OutgoingObject? {
    prepareAtOnce(planned, accepted: accepted).map { askingAtDeparture($0, of: planned) }
  }

  private func askingAtDeparture(_ object: OutgoingObject, of planned: ServedInstance) -> OutgoingObject {
    guard let disclosure = object.disclosure else { return object }
    let instance = object.instance
    var object = object
    object.departure = { try await depart(planned, as: instance, disclosure) }
    return object
  }
}
