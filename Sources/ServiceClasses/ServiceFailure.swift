// SPDX-License-Identifier: Apache-2.0

package import DICOMData
package import DIMSE

/// Why a service answers a request with something other than success: the status, and a sentence for the peer's log.
package struct ServiceFailure: Error, Sendable, CustomStringConvertible {
  package let status: Status
  /// At most 64 characters of ASCII (VR LO), without patient data (PS3.7 annex C).
  package let comment: String
  package let offendingElements: [Tag]

  package init(_ status: Status, _ comment: String, offendingElements: [Tag] = []) {
    self.status = status
    self.comment = String(comment.unicodeScalars.filter { $0.isASCII && $0.value >= 0x20 && $0 != "\\" }.prefix(64).map(Character.init))
    self.offendingElements = offendingElements
  }

  package var description: String { comment }

  /// The final response that says so.
  package func response(to request: CommandSet) -> CommandSet {
    var response = CommandSet.response(to: request, status: status)
    response.errorComment = comment
    response.offendingElements = offendingElements
    return response
  }
}
