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
  /// One object to wherever `store` sends it; it is accounted for when this returns. Throws `CancellationError`,
  /// `SubOperationFailure` of one that is accounted for and was sent in part, and what `store` throws of an association that
  /// is over.
  func perform(
    _ planned: ServedInstance, accepted: (String) -> [String], store: (OutgoingObject) async throws -> Status
  ) async throws {
    for _ in 0..<mostPreparations {
      guard let object = try await prepareToDepart(planned, accepted: accepted) else { return }
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
    guard var object = try await prepare(planned, accepted: accepted) else { return nil }
    if let disclosure = object.disclosure {
      let instance = object.instance
      object.departure = { try await depart(planned, as: instance, disclosure) }
    }
    return object
  }
}
