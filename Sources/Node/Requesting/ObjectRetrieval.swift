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
  /// the node said that it has of them; without, it is asked. Where it does not say of which SOP classes they are, one
  /// association after the other takes some, until nothing is missing.
  package func get(
    into folder: String, listed: Set<RemoteObjects.Listed>? = nil, report: @escaping Report
  ) async throws -> RetrieveOutcome {
    let known: Set<RemoteObjects.Listed>
    if let listed { known = listed } else { known = try await self.listed() }
    let reception = Reception(
      of: known, into: folder, from: node.calledAETitle, report: report)
    if known.isEmpty || known.contains(where: { $0.sopClassUID.isEmpty }) {
      try await getByTurns(into: reception)
    } else {
      for part in RetrievalPlan(of: wanted, listed: known, model: model).parts {
        try await get(part.wanted, part.contexts, into: reception)
      }
    }
    try await getCompressed(into: reception)
    return reception.outcome
  }

  /// Some of the SOP classes after the other.
  private func getByTurns(into reception: Reception) async throws {
    let associations = RetrievalContexts.associations(
      of: model, for: RetrievalContexts.allSOPClasses, in: RetrievalContexts.usual(of:))
    for contexts in associations {
      let missing = RetrievalPlan.oneByOne(reception.missing, of: wanted)
      try await get(
        reception.responses.isEmpty || missing.isEmpty ? [wanted] : missing, contexts, into: reception)
      // Nothing there, an answer that counts nothing, or all of it.
      guard reception.arrived.count < reception.total else { return }
    }
  }

  /// Some (DCMTK's archive) take the first context of a SOP class, whatever the object is in, and fail where they cannot convert it:
  /// what is missing then is asked for in compressed syntaxes alone, all of them and then one by one.
  private func getCompressed(into reception: Reception) async throws {
    let asked = Set(reception.missing.map(\.sopClassUID))
    let candidates = asked.contains("") ? RetrievalContexts.allSOPClasses : asked.sorted()
    let classes = candidates.filter(RetrievalContexts.mayHavePixels)
    var turns: [[TransferSyntax]] = [RetrievalContexts.compressed]
    var isFirst = true
    while !turns.isEmpty, !reception.missing.isEmpty {
      let syntaxes = turns.removeFirst()
      var accepted: Set<String> = []
      for contexts in RetrievalContexts.associations(of: model, for: classes, in: { _ in syntaxes })
      where !reception.missing.isEmpty {
        accepted.formUnion(
          try await get(RetrievalPlan.oneByOne(reception.missing, of: wanted), contexts, into: reception))
      }
      let both = syntaxes.filter { accepted.contains($0.uid) }
      if isFirst, both.count > 1 { turns = both.map { [$0] } }
      isFirst = false
    }
  }

  private var model: String { wanted.isPatientRoot ? UIDRegistry.patientRootGet : UIDRegistry.studyRootGet }

  /// Returns the transfer syntaxes that were accepted for objects.
  @discardableResult
  private func get(
    _ parts: [WantedObjects], _ contexts: RetrievalContexts, into reception: Reception
  ) async throws -> Set<String> {
    try await node.withAssociation(proposing: contexts.proposed, roles: contexts.roles) { association in
      var user = ServiceUser(association)
      for part in parts {
        let response = try await user.get(sopClassUID: model, identifier: part.identifier) {
          reception.note($0)
        } receive: {
          try await reception.receive($0, $1, $2)
          return .success
        }
        reception.note(response)
        reception.responses.append(response)
      }
      return Set(association.contexts.values.filter { $0.abstractSyntax != model }.map(\.transferSyntaxUID))
    }
  }

  /// Empty where the node does not answer queries; whoever is not there is not asked once more.
  private func listed() async throws -> Set<RemoteObjects.Listed> {
    do {
      return try await RemoteObjects(of: node).objects(of: wanted) ?? []
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
