// SPDX-License-Identifier: Apache-2.0

import Access
import Archive

/// What the audit says of objects that are sent on: before the first goes, that it began, with which and by which rules; at
/// last, which went. It is the destination that is told something, by its own grants.
actor ForwardingRecord {
  private let read: AuditedRead
  private let instances: [ServedInstance]
  private let grants: [Int]
  /// nil where nothing was to be sent yet.
  private var beginning: Task<Void, any Error>?
  /// Of which the destination may have read something, whatever it answered.
  private var departed: [ServedInstance] = []
  private var sent = 0
  private var failed = 0
  private var firstFailure: String?

  init(of open: OpenForwarding, to destination: MoveDestination, in archive: Archive) {
    instances = open.objects.map(\.instance)
    grants = open.grants
    let rules = Set(open.objects.map(\.job.rule)).sorted().map(String.init).joined(separator: ", ")
    read = archive.audited(
      .retrieve, "forwarding", as: destination.caller, detail: "by rule \(rules)", destination: destination.description)
  }

  /// Returns when it is on the disk that something is sent; throws where that cannot be.
  func begin() async throws {
    let beginning =
      beginning
      ?? Task { [read, instances, grants] in
        try await read.begin(showing: AuditDisclosure(subjects: [AuditSubject](of: instances), grants: grants))
      }
    self.beginning = beginning
    try await beginning.value
  }

  func depart(_ instance: ServedInstance) { departed.append(instance) }

  func note(failure: String?) {
    guard let failure else {
      sent += 1
      return
    }
    failed += 1
    firstFailure = firstFailure ?? failure
  }

  /// Of what was never tried nothing is said; the queue shows it.
  func end() async throws {
    guard beginning != nil || failed > 0 else { return }
    let left = instances.count - sent - failed
    var remarks: [String] = []
    if failed > 0 {
      remarks.append("\(failed) of \(instances.count) objects were not sent, or not taken: \(firstFailure ?? "")")
    }
    if left > 0 { remarks.append("\(left) wait for the destination") }
    let outcome: AuditOutcome = sent == instances.count ? .success : sent == 0 ? .failed : .partial
    try await read.end(
      outcome, count: sent, only: [AuditSubject](of: departed),
      remark: remarks.isEmpty ? nil : remarks.joined(separator: "; "))
  }
}
