// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore
import ServiceClasses
import UpperLayer

/// Asks another node for objects, by C-GET or C-MOVE.
package struct ObjectRetrieval {
  package struct Progress: Sendable {
    package let done: Int
    package let total: Int
  }

  package typealias Report = @Sendable (Progress) -> Void

  private let node: RemoteNode
  private let wanted: WantedObjects

  package init(of wanted: WantedObjects, from node: RemoteNode) {
    self.node = node
    self.wanted = wanted
  }

  /// Has them sent to the application entity that the node knows by this title.
  package func move(to destination: String, report: @escaping Report) async throws -> RetrieveOutcome {
    let model = wanted.isPatientRoot ? UIDRegistry.patientRootMove : UIDRegistry.studyRootMove
    return try await node.withAssociation(proposing: [RetrievalContexts.ofModel(model)]) { association in
      var user = ServiceUser(association)
      let response = try await user.move(
        sopClassUID: model, identifier: wanted.identifier, destination: destination
      ) { report(Progress(done: $0.total - $0.remaining, total: $0.total)) }
      return RetrieveOutcome(response)
    }
  }

  /// Writes them to a folder, each under its SOP Instance UID and in the transfer syntax in which the node has it. `listed`: what
  /// the node said that it has of them; without, it is asked. Where it answers no queries, one association after the other
  /// takes some of the SOP classes, until nothing is missing.
  package func get(
    into folder: String, listed: Set<RemoteObjects.Listed>? = nil, report: @escaping Report
  ) async throws -> RetrieveOutcome {
    let known: Set<RemoteObjects.Listed>
    if let listed { known = listed } else { known = try await self.listed() }
    let reception = Reception(folder: folder, sourceAETitle: node.calledAETitle, report: report)
    guard known.isEmpty || known.contains(where: { $0.sopClassUID.isEmpty }) else {
      reception.total = known.count
      return try await get(known, into: reception)
    }
    return try await getUnlisted(into: reception)
  }

  private func get(_ listed: Set<RemoteObjects.Listed>, into reception: Reception) async throws -> RetrieveOutcome {
    var responses: [RetrieveResponse] = []
    for part in RetrievalPlan(of: wanted, listed: listed, model: model).parts {
      responses += try await get(part.wanted, part.contexts, into: reception)
    }
    return RetrieveOutcome(together: responses, files: reception.files)
  }

  private func getUnlisted(into reception: Reception) async throws -> RetrieveOutcome {
    let associations = RetrievalContexts.associations(
      of: model, for: RetrievalContexts.allSOPClasses, in: RetrievalContexts.usual(of:))
    var responses: [RetrieveResponse] = []
    for contexts in associations {
      responses += try await get([wanted], contexts, into: reception)
      // Nothing there, an answer that counts nothing, or all of it.
      guard let total = responses.first?.total, reception.arrived.count < total else { break }
    }
    return RetrieveOutcome(oneByOne: responses, arrived: reception.arrived, files: reception.files)
  }

  private var model: String { wanted.isPatientRoot ? UIDRegistry.patientRootGet : UIDRegistry.studyRootGet }

  private func get(
    _ parts: [WantedObjects], _ contexts: RetrievalContexts, into reception: Reception
  ) async throws -> [RetrieveResponse] {
    try await node.withAssociation(proposing: contexts.proposed, roles: contexts.roles) { association in
      var user = ServiceUser(association)
      var responses: [RetrieveResponse] = []
      for part in parts {
        let response = try await user.get(sopClassUID: model, identifier: part.identifier) {
          reception.note($0)
        } receive: {
          try await reception.receive($0, $1, $2)
          return .success
        }
        responses.append(response)
      }
      return responses
    }
  }

  /// Empty where the node does not answer queries; whoever is not there is not asked once more.
  private func listed() async throws -> Set<RemoteObjects.Listed> {
    do {
      return try await RemoteObjects(of: node).objects(of: wanted)
    } catch let end as AssociationEnd {
      switch end {
      case .rejected, .abortedByPeer: return []
      default: throw end
      }
    } catch {
      guard node.hasAccepted, !Task.isCancelled else { throw error }
      return []
    }
  }
}

/// The folder that objects arrive in, for the one task that receives them.
private final class Reception {
  private let folder: String
  private let sourceAETitle: String
  private let report: ObjectRetrieval.Report
  private(set) var files: [String] = []
  /// Their SOP Instance UIDs.
  private(set) var arrived: Set<String> = []
  var total = 0

  init(folder: String, sourceAETitle: String, report: @escaping ObjectRetrieval.Report) {
    self.folder = folder
    self.sourceAETitle = sourceAETitle
    self.report = report
  }

  func note(_ response: RetrieveResponse) {
    total = max(total, response.total)
    report(ObjectRetrieval.Progress(done: arrived.count, total: max(total, arrived.count)))
  }

  func receive(_ command: CommandSet, _ transferSyntaxUID: String, _ messages: MessageReader) async throws {
    guard let sopClass = command.affectedSOPClassUID, let uid = command.affectedSOPInstanceUID,
      uid.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }), (1...64).contains(uid.utf8.count),
      uid.first != "."
    else { throw OperationError("the node sends an object whose SOP Instance UID is none") }
    let path = "\(folder)/\(uid).dcm"
    let file = try await ReceivedFile.create(path)
    let head = FileMetaInformation.encoded(
      sopClassUID: sopClass, sopInstanceUID: uid, transferSyntaxUID: transferSyntaxUID, sourceAETitle: sourceAETitle)
    try await file.write(ByteBuffer(bytes: head))
    while let fragment = try await messages.nextFragment() { try await file.write(fragment) }
    try await file.finish()
    if arrived.insert(uid).inserted { files.append(path) }
  }
}
