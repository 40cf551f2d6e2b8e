// SPDX-License-Identifier: Apache-2.0

/// A PDU that is not one, and what the A-ABORT that answers it says (PS3.8 §9.3.8).
package struct PDUError: Error, Sendable, Equatable, CustomStringConvertible {
  package let reason: Abort.Reason
  package let description: String

  init(_ reason: Abort.Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}
