// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore
import ServiceClasses

/// The folder that the objects of a C-GET arrive in, for the one task that receives them.
final class Reception {
  private let folder: String
  private let sourceAETitle: String
  private let report: ObjectRetrieval.Report
  /// Empty where the node does not say what it has.
  private let listed: Set<RemoteObjects.Listed>
  private var files: [String] = []
  /// Their SOP Instance UIDs.
  private(set) var arrived: Set<String> = []
  private(set) var total: Int
  var responses: [RetrieveResponse] = []

  init(
    of listed: Set<RemoteObjects.Listed>, into folder: String, from sourceAETitle: String,
    report: @escaping ObjectRetrieval.Report
  ) {
    self.listed = listed
    self.folder = folder
    self.sourceAETitle = sourceAETitle
    self.report = report
    total = listed.count
  }

  /// Of what was listed.
  var missing: Set<RemoteObjects.Listed> { listed.filter { !arrived.contains($0.sopInstanceUID) } }

  var outcome: RetrieveOutcome {
    if responses.count == 1, let response = responses.first { return RetrieveOutcome(response, files: files) }
    let failures = responses.map { Set($0.failedSOPInstanceUIDs) }
    let failed =
      listed.isEmpty
      ? failures.dropFirst().reduce(failures.first ?? []) { $0.intersection($1) }.subtracting(arrived)
      : Set(missing.map(\.sopInstanceUID))
    return RetrieveOutcome(
      together: responses, arrived: arrived.count, failed: max(failed.count, total - arrived.count),
      failedSOPInstanceUIDs: failed.sorted(), files: files)
  }

  func note(_ response: RetrieveResponse) {
    total = max(total, response.total)
    report(ObjectRetrieval.Progress(done: arrived.count, total: max(total, arrived.count)))
  }

  /// What came before stays: another time it may have been converted.
  func receive(_ command: CommandSet, _ transferSyntaxUID: String, _ messages: MessageReader) async throws {
    guard let sopClass = command.affectedSOPClassUID, let uid = command.affectedSOPInstanceUID,
      uid.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }), (1...64).contains(uid.utf8.count),
      uid.first != "."
    else { throw OperationError("the node sends an object whose SOP Instance UID is none") }
    guard !arrived.contains(uid) else { return }
    let path = "\(folder)/\(uid).dcm"
    let file = try await ReceivedFile.create(path)
    let head = FileMetaInformation.encoded(
      sopClassUID: sopClass, sopInstanceUID: uid, transferSyntaxUID: transferSyntaxUID, sourceAETitle: sourceAETitle)
    try await file.write(ByteBuffer(bytes: head))
    while let fragment = try await messages.nextFragment() { try await file.write(fragment) }
    try await file.finish()
    arrived.insert(uid)
    files.append(path)
  }
}
