// SPDX-License-Identifier: Apache-2.0

/// What was asked is written, and nothing else is to be done before the peer answers. Goes towards the socket.
package struct AnswerAwaited: Sendable {
  package init() {}
}
