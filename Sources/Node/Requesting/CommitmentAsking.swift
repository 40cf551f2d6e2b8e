// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import ServiceClasses
import UpperLayer

/// What a node says of a request to keep objects.
package struct CommitmentOutcome: Codable, Sendable {
  package struct Failed: Codable, Sendable {
    package let sopInstanceUID: String
    /// Failure Reason (0008,1197) as four hexadecimal digits.
    package let reason: String
  }

  package let transactionUID: String
  /// SOP Instance UIDs.
  package let committed: [String]
  package let failed: [Failed]

  package var isComplete: Bool { failed.isEmpty }

  init(_ report: CommitmentReport) {
    transactionUID = report.transactionUID
    committed = report.committed.map(\.sopInstanceUID)
    failed = report.failed.map {
      Failed(
        sopInstanceUID: $0.object.sopInstanceUID, reason: Status(rawValue: UInt16(clamping: $0.reason)).hex)
    }
  }
}

/// Asks another node whether it keeps the objects of files (PS3.4 annex J), and waits for its report: on the same
/// association, or where this machine listens for a new one.
package struct CommitmentAsking: Sendable {
  private let objects: [ReferencedObject]
  private let node: RemoteNode

  /// Throws for a file that is no DICOM.
  package init(about paths: [String], to node: RemoteNode) async throws {
    var objects: [ReferencedObject] = []
    for path in paths {
      let header = try await FileHeader(of: path)
      objects.append(ReferencedObject(sopClassUID: header.sopClassUID, sopInstanceUID: header.sopInstanceUID))
    }
    self.objects = objects
    self.node = node
  }

  /// `port`: where to listen for the report, on `address`; nil waits on the association of the request. Throws
  /// `AssociationEnd.timedOut` past `time`.
  package func outcome(
    listeningOn port: Int?, at address: String, waiting time: Duration
  ) async throws -> CommitmentOutcome {
    let action = CommitmentAction(transactionUID: Self.newUID(), objects: objects)
    guard let port else {
      guard let report = try await ask(action, andWait: true) else {
        throw OperationError(
          "\(node.calledAETitle) took the request and released the association; it reports on a new one: see --listen")
      }
      return CommitmentOutcome(report)
    }
    let ear = try await CommitmentEar(port: port, address: address, aeTitle: node.callingAETitle)
    defer { ear.close() }
    if let report = try await ask(action, andWait: false) { return CommitmentOutcome(report) }
    return CommitmentOutcome(try await ear.report(on: action.transactionUID, within: time))
  }

  /// The report, where it came on this association.
  private func ask(_ action: CommitmentAction, andWait waits: Bool) async throws -> CommitmentReport? {
    try await node.withAssociation(proposing: [CommitmentReporting.context]) { association in
      var user = ServiceUser(association)
      var early: CommitmentReport?
      let response = try await user.requestCommitment(action) { early = $0 }
      guard response.status == .success else {
        let status = response.status.map { "\($0)" } ?? "no status"
        throw OperationError(
          "\(node.calledAETitle) answered \(status)" + (response.errorComment.map { ": \($0)" } ?? ""))
      }
      if let early, early.transactionUID == action.transactionUID { return early }
      guard waits else { return nil }
      while let report = try await user.nextCommitmentReport() {
        if report.transactionUID == action.transactionUID { return report }
      }
      return nil
    }
  }

  /// PS3.5 §B.2: a UUID as a UID.
  private static func newUID() -> String {
    var digits = [0]
    for byte in (0..<16).map({ _ in UInt8.random(in: .min ... .max) }) {
      var carry = Int(byte)
      for index in digits.indices.reversed() {
        carry += digits[index] * 256
        digits[index] = carry % 10
        carry /= 10
      }
      while carry > 0 {
        digits.insert(carry % 10, at: 0)
        carry /= 10
      }
    }
    return "2.25." + digits.map(String.init).joined()
  }
}
