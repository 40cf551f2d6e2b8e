// SPDX-License-Identifier: Apache-2.0

import DIMSE
import NIOCore

/// A connection that a listener took, with the TLS below it if it came to the TLS port.
struct AcceptedConnection: Sendable {
  let channel: AssociationChannel
  let tls: TLSConnection?

  /// Puts TLS, if there is any, below what `finish` puts on the channel.
  static func begin(
    on channel: any Channel, _ tls: TLSServer?, _ finish: @escaping @Sendable () throws -> AssociationChannel
  ) -> EventLoopFuture<AcceptedConnection> {
    guard let tls else {
      return channel.eventLoop.makeCompletedFuture { AcceptedConnection(channel: try finish(), tls: nil) }
    }
    return tls.secure(channel).flatMapThrowing { AcceptedConnection(channel: try finish(), tls: $0) }
  }
}
