// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE

/// What the audit says of one retrieval: before the first object goes, that it began and with which; at last, which went,
/// taken or not: who reads an object and answers with a failure has seen it.
struct RetrieveRecord {
  private let read: AuditedRead
  private let operations: SubOperations

  init(_ read: AuditedRead, of operations: SubOperations) {
    self.read = read
    self.operations = operations
  }

  /// Returns what `body` returns when it is on the disk how it ended. `instances`: those that are to be sent.
  func during<Value>(_ instances: [ServedInstance], _ body: () async throws -> Value) async throws -> Value {
    do {
      if !instances.isEmpty {
        if instances.count == operations.plan.instances.count { operations.readAhead() }
        try await read.begin(
          showing: AuditDisclosure(subjects: [AuditSubject](of: instances), grants: operations.plan.grants))
      }
      let value: Value
      do {
        value = try await body()
      } catch {
        try? await end(.failed, remark: "the association is over")
        throw error
      }
      try await end(outcome, remark: remark)
      return value
    } catch let error as AuditError {
      throw ServiceFailure(auditing: error, .unableToProcess)
    }
  }

  private func end(_ outcome: AuditOutcome, remark: String?) async throws(AuditError) {
    let counts = operations.progress.counts
    try await read.end(
      outcome, count: counts.completed + counts.warning, only: [AuditSubject](of: operations.departed), remark: remark)
  }

  private var outcome: AuditOutcome {
    let counts = operations.progress.counts
    if counts.remaining > 0 { return .cancelled }
    if counts.failed == 0 { return .success }
    return counts.completed + counts.warning == 0 ? .failed : .partial
  }

  private var remark: String? {
    let counts = operations.progress.counts
    guard counts.failed > 0 else { return nil }
    return "\(counts.failed) of \(counts.total) objects were not sent, or not taken: \(operations.firstFailure ?? "")"
  }
}
