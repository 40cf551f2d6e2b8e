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

  /// What the receiver answered.
  func note(_ status: Status, of planned: ServedInstance, sent object: OutgoingObject) async

  /// Half of it is on its way: the association has to end.
  func giveUp(_ planned: ServedInstance, sentInPart failure: SubOperationFailure) async

  /// One that was never tried, since the destination cannot be reached.
  func giveUp(_ planned: ServedInstance, _ why: String) async
}

extension Sending {
  /// One object to wherever `store` sends it; it is accounted for when this returns. Throws `CancellationError`,
  /// `SubOperationFailure` of one that is accounted for and was sent in part, and what `store` throws of an association that
  /// is over.
  func perform(
    _ planned: ServedInstance, accepted: (String) -> [String], store: (OutgoingObject) async throws -> Status
  ) async throws {
    guard let object = try await prepare(planned, accepted: accepted) else { return }
    do {
      await note(try await store(object), of: planned, sent: object)
    } catch let failure as SubOperationFailure {
      await giveUp(planned, sentInPart: failure)
      throw failure
    }
  }
}
