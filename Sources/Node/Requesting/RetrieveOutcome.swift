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

  package var isComplete: Bool { status == Status.success.hex }
}

extension RetrieveOutcome {
  init(_ response: RetrieveResponse) {
    status = response.status.hex
    comment = response.comment
    completed = response.completed
    failed = response.failed
    warning = response.warning
    failedSOPInstanceUIDs = response.failedSOPInstanceUIDs
    files = []
  }

  /// Of several C-GETs, each for something else: together.
  init(together responses: [RetrieveResponse], files: [String]) {
    let failure = responses.first { $0.status != .success }
    status = (failure?.status ?? .success).hex
    comment = failure?.comment
    completed = responses.reduce(0) { $0 + $1.completed }
    failed = responses.reduce(0) { $0 + $1.failed }
    warning = responses.reduce(0) { $0 + $1.warning }
    failedSOPInstanceUIDs = responses.flatMap(\.failedSOPInstanceUIDs)
    self.files = files
  }

  /// Of several C-GETs for the same, each with contexts for other SOP classes: what failed on one may have come on another.
  /// `arrived`: SOP Instance UIDs.
  init(oneByOne responses: [RetrieveResponse], arrived: Set<String>, files: [String]) {
    let total = responses.first?.total ?? 0
    let isComplete = responses.count > 1 && total <= arrived.count
    let decisive = isComplete ? nil : responses.first { $0.status != .success }
    status = (decisive?.status ?? .success).hex
    comment = decisive?.comment
    completed = responses.reduce(0) { $0 + $1.completed }
    warning = responses.reduce(0) { $0 + $1.warning }
    failed = max(0, total - completed - warning)
    let failures = responses.map { Set($0.failedSOPInstanceUIDs) }
    failedSOPInstanceUIDs = failures.dropFirst().reduce(failures.first ?? []) { $0.intersection($1) }
      .subtracting(arrived).sorted()
    self.files = files
  }
}

extension RetrieveResponse {
  /// The sub-operations of a retrieve.
  var total: Int { remaining + completed + failed + warning }
}
