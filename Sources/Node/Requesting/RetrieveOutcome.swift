// SPDX-License-Identifier: Apache-2.0

import DIMSE
import ServiceClasses

/// How a retrieve that this node asked for ended.
package struct RetrieveOutcome: Codable, Sendable {
  /// Four hexadecimal digits.
  package let status: String
  package let comment: String?
  package let completed: Int
  package let failed: Int
  package let warning: Int
  package let failedSOPInstanceUIDs: [String]
  /// What C-GET wrote.
  package let files: [String]

  package var isComplete: Bool { status == Status.success.hex && failed == 0 }
}

extension RetrieveOutcome {
  init(_ response: RetrieveResponse, files: [String] = []) {
    status = response.status.hex
    comment = response.comment
    completed = response.completed
    failed = response.failed
    warning = response.warning
    failedSOPInstanceUIDs = response.failedSOPInstanceUIDs
    self.files = files
  }

  /// Of several C-GETs: what failed in one may have come in another.
  init(
    together responses: [RetrieveResponse], arrived: Int, failed: Int, failedSOPInstanceUIDs: [String], files: [String]
  ) {
    let failure = failed == 0 ? nil : responses.first { $0.status != .success }
    status = (failure?.status ?? .success).hex
    comment = failure?.comment
    completed = arrived
    self.failed = failed
    warning = 0
    self.failedSOPInstanceUIDs = failedSOPInstanceUIDs
    self.files = files
  }
}

extension RetrieveResponse {
  /// The sub-operations of a retrieve.
  var total: Int { remaining + completed + failed + warning }
}
