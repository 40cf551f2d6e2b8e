// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// What ended a connection, in words for whoever reads the log.
struct ConnectionFailure: CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description =
      switch error {
      case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
        "the peer reset the connection"
      case let error as IOError: String(cString: strerror(error.errnoCode))
      case is ChannelError: "the connection was closed"
      case is CancellationError: "this node stopped it"
      default: "\(error)"
      }
  }
}
