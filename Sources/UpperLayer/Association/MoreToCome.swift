// SPDX-License-Identifier: Apache-2.0

/// What was read ends inside a PDU or a message: there is no answer that could acknowledge it. Goes towards the socket.
package struct MoreToCome: Sendable {
  package init() {}
}
