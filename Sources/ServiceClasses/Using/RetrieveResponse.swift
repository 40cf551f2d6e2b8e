// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE

/// What a node says of a retrieve that was asked of it.
package struct RetrieveResponse: Sendable {
  package let status: Status
  package let comment: String?
  package let remaining: Int
  package let completed: Int
  package let failed: Int
  package let warning: Int
  /// Of final responses alone.
  package let failedSOPInstanceUIDs: [String]

  init(_ response: CommandSet, identifier: DataSet? = nil) {
    status = response.status ?? .processingFailure
    comment = response.errorComment
    remaining = Int(response.numberOfRemainingSuboperations ?? 0)
    completed = Int(response.numberOfCompletedSuboperations ?? 0)
    failed = Int(response.numberOfFailedSuboperations ?? 0)
    warning = Int(response.numberOfWarningSuboperations ?? 0)
    failedSOPInstanceUIDs = identifier?.strings(.failedSOPInstanceUIDList).filter { !$0.isEmpty } ?? []
  }
}
