// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE
import UpperLayer

/// The association of a C-GET, as far as its C-STOREs need it: the contexts on which the peer is the SCP of storage, and the
/// responses that whoever reads the association hands on.
package struct GetAssociation: Sendable {
  private let writer: MessageWriter
  /// By SOP class; of each transfer syntax one.
  private let contexts: [String: [AcceptedContext]]
  private let responses: AwaitedResponses

  /// `assumesRoles`: a peer that proposed no role for a SOP class is taken for its SCP. PS3.4 C.4.3.1 has it say so; some
  /// workstations do not.
  package init(_ association: Association, assumesRoles: Bool, responses: AwaitedResponses) {
    writer = association.writer
    self.responses = responses
    let roles = Dictionary(
      association.agreed.roleSelections.map { ($0.sopClassUID, $0.supportsSCP) }, uniquingKeysWith: { $0 || $1 })
    contexts = Dictionary(
      grouping: association.contexts.values.filter { roles[$0.abstractSyntax] ?? assumesRoles }.sorted {
        $0.id < $1.id
      },
      by: \.abstractSyntax)
  }

  /// Where the association is read and written.
  var executor: EventLoopExecutor { writer.executor }

  func transferSyntaxUIDs(for sopClassUID: String) -> [String] {
    contexts[sopClassUID]?.map(\.transferSyntaxUID) ?? []
  }

  func store(_ object: OutgoingObject) async throws(BrokenAssociation) -> Status {
    let context = contexts[object.sopClassUID]?.first { $0.transferSyntaxUID == object.transferSyntaxUID }
    guard let context else { return .sopClassNotSupported }
    do {
      return try await store(object, on: context.id)
    } catch {
      throw BrokenAssociation(cause: error)
    }
  }

  private func store(_ object: OutgoingObject, on contextID: UInt8) async throws -> Status {
    var object = object
    let messageID = try responses.begin()
    let command = CommandSet.store(
      messageID: messageID, sopClassUID: object.sopClassUID, sopInstanceUID: object.sopInstanceUID, originator: nil)
    try await writer.send(command, contextID: contextID) { try await object.nextChunk() }
    return try await responses.response(to: messageID).status ?? .processingFailure
  }
}

/// The association is over, or has to be: half a message may have been sent.
package struct BrokenAssociation: Error, Sendable {
  package let cause: any Error
}
