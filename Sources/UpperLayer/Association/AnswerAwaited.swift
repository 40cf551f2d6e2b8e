// SPDX-License-Identifier: Apache-2.0

/// Nothing else is to be done on the event loop before this is there, and it is likely to be there soon. Goes towards the socket.
package enum AnswerAwaited: Sendable {
  /// What was asked is written.
  case fromPeer
  /// Of what another thread of this process was asked.
  case fromThread(isThere: @Sendable () -> Bool)
  /// It is found out right there, which takes a moment at most. `isThere`: whether that did; where it did not, another thread is
  /// to be asked.
  case fromHere(isThere: @Sendable () -> Bool)
}
