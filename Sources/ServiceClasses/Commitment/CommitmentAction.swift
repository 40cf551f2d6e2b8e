// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
import DIMSE

/// The Action Information of a storage commitment request (PS3.4 Table J.3-1).
package struct CommitmentAction: Sendable, Equatable {
  /// PS3.4 J.3.2.1.1: Action Type ID.
  package static let requestStorageCommitment: UInt16 = 1
  private static let mostReferences = 50_000

  package let transactionUID: String
  package let objects: [ReferencedObject]

  package init(transactionUID: String, objects: [ReferencedObject]) {
    self.transactionUID = transactionUID
    self.objects = objects
  }

  /// Throws the status of PS3.7 §10.1.4.1.10 that says what is wrong.
  package init(reading bytes: [UInt8], transferSyntax: TransferSyntax) throws(ServiceFailure) {
    let dataSet: DataSet
    do {
      dataSet = try DataSet(reading: bytes, transferSyntax: transferSyntax)
    } catch {
      throw ServiceFailure(.processingFailure, "the action information cannot be read: \(error.reason)")
    }
    guard let uid = dataSet.string(.transactionUID), Self.isUID(uid) else {
      throw ServiceFailure(.invalidArgumentValue, "needs a Transaction UID", offendingElements: [.transactionUID])
    }
    transactionUID = uid
    let items = dataSet.items(.referencedSOPSequence)
    guard !items.isEmpty else {
      throw ServiceFailure(
        .invalidArgumentValue, "Referenced SOP Sequence names no object", offendingElements: [.referencedSOPSequence])
    }
    guard items.count <= Self.mostReferences else {
      throw ServiceFailure(.resourceLimitation, "more than \(Self.mostReferences) objects: ask for fewer")
    }
    var objects: [ReferencedObject] = []
    var known: Set<ReferencedObject> = []
    for item in items {
      guard let sopClass = item.string(.referencedSOPClassUID), let instance = item.string(.referencedSOPInstanceUID)
      else {
        throw ServiceFailure(
          .invalidArgumentValue, "an item of Referenced SOP Sequence names no object",
          offendingElements: [.referencedSOPClassUID, .referencedSOPInstanceUID])
      }
      let object = ReferencedObject(sopClassUID: sopClass, sopInstanceUID: instance)
      if known.insert(object).inserted { objects.append(object) }
    }
    self.objects = objects
  }

  package var dataSet: DataSetBuilder {
    var action = DataSetBuilder()
    action.set(.transactionUID, .ui, transactionUID)
    action.setSequence(.referencedSOPSequence, objects.map(\.item))
    return action
  }

  private static func isUID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
  }
}

extension ReferencedObject {
  var item: DataSetBuilder {
    var item = DataSetBuilder()
    item.set(.referencedSOPClassUID, .ui, sopClassUID)
    item.set(.referencedSOPInstanceUID, .ui, sopInstanceUID)
    return item
  }
}
