// SPDX-License-Identifier: Apache-2.0

package import DICOMData
package import DIMSE

/// How a retrieve stands (PS3.4 C.4.2.1.6 to C.4.2.1.9), and the responses that say so.
package struct SubOperationCounts: Sendable, Equatable {
  package enum Result: Sendable, Equatable { case completed, warning, failed }

  package private(set) var remaining: Int
  package private(set) var completed = 0
  package private(set) var warning = 0
  package private(set) var failedSOPInstanceUIDs: [String] = []

  package var failed: Int { failedSOPInstanceUIDs.count }
  package var total: Int { remaining + completed + warning + failed }

  /// What a count (VR US) can say.
  package static let most = 65_535

  package init(total: Int) {
    remaining = total
  }

  package mutating func note(_ result: Result, of sopInstanceUID: String) {
    remaining -= 1
    switch result {
    case .completed: completed += 1
    case .warning: warning += 1
    case .failed: failedSOPInstanceUIDs.append(sopInstanceUID)
    }
  }

  /// A pending response has all four counts and no identifier.
  package func pending(to command: CommandSet) -> CommandSet {
    response(to: command, .pending, isUnfinished: true)
  }

  /// The last response, and the identifier that goes with it. Whatever remains was cancelled. `naming`: those of the failed
  /// that may be named; nil for all.
  package func final(
    to command: CommandSet, naming: [String]? = nil, comment: String? = nil
  ) -> (response: CommandSet, identifier: DataSetBuilder?) {
    var final = response(to: command, status, isUnfinished: remaining > 0)
    guard status != .success else { return (final, nil) }
    final.errorComment = comment.map { ServiceFailure(status, $0).comment }
    final.hasDataSet = true
    var identifier = DataSetBuilder()
    let named = naming ?? failedSOPInstanceUIDs
    if named.isEmpty {
      identifier.setEmpty(.failedSOPInstanceUIDList, .ui)
    } else {
      identifier.set(.failedSOPInstanceUIDList, .ui, named)
    }
    return (final, identifier)
  }

  /// PS3.4 C.4.3.3.1: where no sub-operation succeeded, the retrieve as a whole did not.
  package var status: Status {
    if remaining > 0 { return .cancel }
    if failed == 0 && warning == 0 { return .success }
    return completed + warning == 0 ? .cannotPerformSuboperations : .someSuboperationsFailed
  }

  /// Remaining is for pending and cancelled responses alone.
  private func response(to command: CommandSet, _ status: Status, isUnfinished: Bool) -> CommandSet {
    var response = CommandSet.response(to: command, status: status)
    if isUnfinished { response.numberOfRemainingSuboperations = UInt16(clamping: remaining) }
    response.numberOfCompletedSuboperations = UInt16(clamping: completed)
    response.numberOfFailedSuboperations = UInt16(clamping: failed)
    response.numberOfWarningSuboperations = UInt16(clamping: warning)
    return response
  }
}
