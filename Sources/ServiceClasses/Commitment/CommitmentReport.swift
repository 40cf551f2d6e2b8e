// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
import DIMSE

/// The Event Information of a storage commitment report (PS3.4 Table J.3-2).
package struct CommitmentReport: Sendable, Equatable {
  /// PS3.4 J.3.3.1.1: Event Type ID.
  package static let successful: UInt16 = 1
  package static let failuresExist: UInt16 = 2

  /// An object that is not committed, and the Failure Reason as it came.
  package struct Failed: Sendable, Hashable {
    package let object: ReferencedObject
    package let reason: Int
  }

  package let transactionUID: String
  package let committed: [ReferencedObject]
  package let failed: [Failed]
  private let retrieveAETitle: String?

  /// `retrieveAETitle`: from where the committed objects can be had.
  package init(_ commitment: Commitment, retrieveAETitle: String) {
    transactionUID = commitment.transactionUID
    committed = commitment.results.filter { $0.failure == nil }.map(\.object)
    failed = commitment.results.compactMap { result in
      result.failure.map { Failed(object: result.object, reason: $0.rawValue) }
    }
    self.retrieveAETitle = retrieveAETitle
  }

  package init(reading bytes: [UInt8], transferSyntax: TransferSyntax) throws(ServiceFailure) {
    let dataSet: DataSet
    do {
      dataSet = try DataSet(reading: bytes, transferSyntax: transferSyntax)
    } catch {
      throw ServiceFailure(.processingFailure, "the event information cannot be read: \(error.reason)")
    }
    guard let uid = dataSet.string(.transactionUID) else {
      throw ServiceFailure(.invalidArgumentValue, "needs a Transaction UID", offendingElements: [.transactionUID])
    }
    transactionUID = uid
    retrieveAETitle = dataSet.string(.retrieveAETitle)
    committed = dataSet.items(.referencedSOPSequence).compactMap(Self.object)
    failed = dataSet.items(.failedSOPSequence).compactMap { item in
      Self.object(item).map { Failed(object: $0, reason: item.integer(.failureReason) ?? 0x0110) }
    }
  }

  package var eventTypeID: UInt16 { failed.isEmpty ? Self.successful : Self.failuresExist }

  package var dataSet: DataSetBuilder {
    var event = DataSetBuilder()
    if let retrieveAETitle, !committed.isEmpty { event.set(.retrieveAETitle, .ae, retrieveAETitle) }
    event.set(.transactionUID, .ui, transactionUID)
    // Type 1C: there where it has items.
    if !failed.isEmpty {
      event.setSequence(
        .failedSOPSequence,
        failed.map { failed in
          var item = failed.object.item
          item.setIntegers(.failureReason, .us, [failed.reason])
          return item
        })
    }
    if !committed.isEmpty { event.setSequence(.referencedSOPSequence, committed.map(\.item)) }
    return event
  }

  private static func object(_ item: DataSet) -> ReferencedObject? {
    guard let sopClass = item.string(.referencedSOPClassUID), let instance = item.string(.referencedSOPInstanceUID)
    else { return nil }
    return ReferencedObject(sopClassUID: sopClass, sopInstanceUID: instance)
  }
}

extension CommandSet {
  /// The N-EVENT-REPORT-RQ of a report, whose data set follows.
  static func eventReport(_ report: CommitmentReport, messageID: UInt16) -> CommandSet {
    var command = CommandSet(.nEventReportRQ)
    command.messageID = messageID
    command.affectedSOPClassUID = UIDRegistry.storageCommitmentPushModel
    command.affectedSOPInstanceUID = UIDRegistry.storageCommitmentPushModelInstance
    command.eventTypeID = report.eventTypeID
    command.hasDataSet = true
    return command
  }
}
