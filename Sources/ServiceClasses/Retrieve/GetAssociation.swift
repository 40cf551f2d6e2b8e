// SPDX-License-Identifier: Apache-2.0

import DICOMData
package import DIMSE
package import NIOCore
import UpperLayer

/// The association of a C-GET, as far as its C-STOREs need it: the contexts on which the peer is the SCP of storage, and the
/// responses that whoever reads the association hands on.
package struct GetAssociation: Sendable {
  private let writer: MessageWriter
  /// By SOP class; of each transfer syntax one.
  private let contexts: [String: [AcceptedContext]]
  private let responses: AwaitedResponses
  private let answersWithin: TimeAmount

  /// `answersWithin`: what the peer has for each answer, whatever else it says meanwhile. `assumesRoles`: a peer that proposed
  /// no role for a SOP class is taken for its SCP. PS3.4 C.4.3.1 has it say so; some workstations do not.
  package init(
    _ association: Association, assumesRoles: Bool, responses: AwaitedResponses, answersWithin: TimeAmount
  ) {
    self.answersWithin = answersWithin
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

  /// Throws `BrokenAssociation`, and `ChangedMeanwhile` where nothing was sent.
  func store(_ object: OutgoingObject) async throws -> Status {
    let context = contexts[object.sopClassUID]?.first { $0.transferSyntaxUID == object.transferSyntaxUID }
    guard let context else { return .sopClassNotSupported }
    do {
      return try await store(object, on: context.id)
    } catch let change as ChangedMeanwhile {
      throw change
    } catch {
      throw BrokenAssociation(cause: error)
    }
  }

  private func store(_ object: OutgoingObject, on contextID: UInt8) async throws -> Status {
    var rest = object
    let messageID = try responses.begin()
    let command = CommandSet.store(
      messageID: messageID, sopClassUID: object.sopClassUID, sopInstanceUID: object.sopInstanceUID, originator: nil)
    do {
      try await writer.send(command, contextID: contextID) {
        try await object.depart()
      } nextChunk: {
        try await rest.nextChunk()
      }
    } catch let change as ChangedMeanwhile {
      responses.withdraw(messageID)
      throw change
    }
    object.giveBackRoom()
    writer.awaitAnswer()
    return try await responses.response(to: messageID, within: answersWithin, on: writer.eventLoop).status
      ?? .processingFailure
  }
}

/// The association is over, or has to be: half a message may have been sent.
package struct BrokenAssociation: Error, Sendable {
  package let cause: any Error
}
