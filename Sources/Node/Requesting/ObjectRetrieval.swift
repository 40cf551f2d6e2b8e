// SPDX-License-Identifier: Apache-2.0

package import DICOMData
import DIMSE
import NIOCore
package import ServiceClasses
import UpperLayer

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

/// Asks another node for objects, by C-GET or C-MOVE.
package struct ObjectRetrieval {
  package typealias Report = @Sendable (RetrieveResponse) -> Void

  private let node: RemoteNode
  private let isPatientRoot: Bool
  private let identifier: DataSetBuilder

  /// `identifier`: Query/Retrieve Level and unique keys (PS3.4 C.4.2.1.4).
  package init(of identifier: DataSetBuilder, patientRoot: Bool, from node: RemoteNode) {
    self.node = node
    isPatientRoot = patientRoot
    self.identifier = identifier
  }

  /// Has them sent to the application entity that the node knows by this title.
  package func move(to destination: String, report: @escaping Report) async throws -> RetrieveOutcome {
    let model = isPatientRoot ? UIDRegistry.patientRootMove : UIDRegistry.studyRootMove
    return try await node.withAssociation(proposing: [Self.context(1, model)]) { association in
      var user = ServiceUser(association)
      let response = try await user.move(
        sopClassUID: model, identifier: identifier, destination: destination, report: report)
      return RetrieveOutcome(response, files: [])
    }
  }

  /// Writes them to a folder, each under its SOP Instance UID. `sopClassUIDs`: of what is asked for, where that is known; each
  /// is then taken in any transfer syntax. Without, as many SOP classes as an association has contexts for.
  package func get(
    into folder: String, sopClassUIDs: [String]? = nil, report: @escaping Report
  ) async throws -> RetrieveOutcome {
    let model = isPatientRoot ? UIDRegistry.patientRootGet : UIDRegistry.studyRootGet
    let classes = sopClassUIDs.map { Array($0.prefix(Self.mostClasses)) } ?? Self.storageSOPClasses
    let contexts = [Self.context(1, model)] + Self.contexts(of: classes, areKnown: sopClassUIDs != nil)
    let roles = classes.map { RoleSelection(sopClassUID: $0, supportsSCU: false, supportsSCP: true) }
    return try await node.withAssociation(proposing: contexts, roles: roles) { association in
      var user = ServiceUser(association)
      var files: [String] = []
      let response = try await user.get(sopClassUID: model, identifier: identifier, report: report) {
        files.append(try await write($0, $1, $2, in: folder))
        return .success
      }
      return RetrieveOutcome(response, files: files)
    }
  }

  /// PS3.8 §9.3.2.2 has room for 127 beside the one of C-GET: those that are not retired, and of these the older ones, whose
  /// UIDs are shorter.
  private static let storageSOPClasses = Array(
    UIDRegistry.storageSOPClasses
      .filter { UIDRegistry.entry(for: $0)?.isRetired == false && !UIDRegistry.nonPatientSOPClasses.contains($0) }
      .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }.prefix(127))

  private static let mostClasses = 127

  /// Each transfer syntax by itself while there is room, so that the node need not convert what it sends.
  private static func contexts(of classes: [String], areKnown: Bool) -> [ProposedPresentationContext] {
    let all = TransferSyntax.storable.map(\.uid)
    guard areKnown, classes.count * all.count <= mostClasses else {
      return classes.enumerated().map { context(2 * $0.offset + 3, $0.element) }
    }
    return classes.flatMap { uid in all.map { (uid, $0) } }.enumerated().map { index, pair in
      ProposedPresentationContext(
        id: UInt8(truncatingIfNeeded: 2 * index + 3), abstractSyntax: pair.0, transferSyntaxes: [pair.1])
    }
  }

  private static func context(_ id: Int, _ abstractSyntax: String) -> ProposedPresentationContext {
    ProposedPresentationContext(
      id: UInt8(truncatingIfNeeded: id), abstractSyntax: abstractSyntax,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
  }

  private func write(
    _ command: CommandSet, _ transferSyntaxUID: String, _ messages: MessageReader, in folder: String
  ) async throws -> String {
    guard let sopClass = command.affectedSOPClassUID, let uid = command.affectedSOPInstanceUID,
      uid.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }), (1...64).contains(uid.utf8.count),
      uid.first != "."
    else { throw OperationError("the node sends an object whose SOP Instance UID is none") }
    let path = "\(folder)/\(uid).dcm"
    let file = try await ReceivedFile.create(path)
    let head = FileMetaInformation.encoded(
      sopClassUID: sopClass, sopInstanceUID: uid, transferSyntaxUID: transferSyntaxUID,
      sourceAETitle: node.calledAETitle)
    try await file.write(ByteBuffer(bytes: head))
    while let fragment = try await messages.nextFragment() { try await file.write(fragment) }
    try await file.finish()
    return path
  }
}

extension RetrieveOutcome {
  fileprivate init(_ response: RetrieveResponse, files: [String]) {
    status = response.status.hex
    comment = response.comment
    completed = response.completed
    failed = response.failed
    warning = response.warning
    failedSOPInstanceUIDs = response.failedSOPInstanceUIDs
    self.files = files
  }
}
