// SPDX-License-Identifier: Apache-2.0

import Archive
import DICOMData
import DIMSE
import ServiceClasses
import UpperLayer

/// The objects that a node lists of what is wanted.
package struct RemoteObjects {
  /// An object and where it stands.
  package struct Listed: Hashable, Sendable {
    let studyInstanceUID: String
    let seriesInstanceUID: String
    /// Empty where the node does not say it.
    package let sopClassUID: String
    package let sopInstanceUID: String
  }

  private let node: RemoteNode

  package init(of node: RemoteNode) {
    self.node = node
  }

  /// By the hierarchical queries that everybody answers (PS3.4 C.4.1.3.1), on one association. Throws what the node answers
  /// instead of success; nil where it takes no queries from this one.
  package func objects(of wanted: WantedObjects) async throws -> Set<Listed>? {
    let model = wanted.isPatientRoot ? UIDRegistry.patientRootFind : UIDRegistry.studyRootFind
    return try await node.withAssociation(proposing: [RetrievalContexts.ofModel(model)]) { association in
      guard association.whyUnusable(model) == nil else { return nil }
      var descent = Descent(
        user: ServiceUser(association), model: model, wanted: wanted, calledAETitle: node.calledAETitle)
      var objects: Set<Listed> = []
      for place in try await descent.series() { objects.formUnion(try await descent.objects(of: place)) }
      return objects
    }
  }
}

/// From what is named down to the objects.
private struct Descent {
  var user: ServiceUser
  let model: String
  let wanted: WantedObjects
  let calledAETitle: String

  mutating func series() async throws -> [(study: String, series: String)] {
    var studies = wanted.studyInstanceUIDs
    if studies.isEmpty {
      var identifier = wanted.identifier(at: .study)
      identifier.setEmpty(.studyInstanceUID, .ui)
      studies = try await matches(of: identifier).compactMap { $0.string(.studyInstanceUID) }
    }
    var places: [(study: String, series: String)] = []
    for study in studies {
      guard wanted.seriesInstanceUIDs.isEmpty else {
        places += wanted.seriesInstanceUIDs.map { (study, $0) }
        continue
      }
      var identifier = wanted.narrowed(study: study).identifier(at: .series)
      identifier.setEmpty(.seriesInstanceUID, .ui)
      places += try await matches(of: identifier).compactMap { match in
        match.string(.seriesInstanceUID).map { (study, $0) }
      }
    }
    return places
  }

  mutating func objects(of place: (study: String, series: String)) async throws -> [RemoteObjects.Listed] {
    var identifier = wanted.narrowed(study: place.study, series: place.series, instances: wanted.sopInstanceUIDs)
      .identifier(at: .image)
    if wanted.sopInstanceUIDs.isEmpty { identifier.setEmpty(.sopInstanceUID, .ui) }
    identifier.setEmpty(.sopClassUID, .ui)
    return try await matches(of: identifier).compactMap { match in
      match.string(.sopInstanceUID).map {
        RemoteObjects.Listed(
          studyInstanceUID: place.study, seriesInstanceUID: place.series,
          sopClassUID: match.string(.sopClassUID) ?? "", sopInstanceUID: $0)
      }
    }
  }

  private mutating func matches(of identifier: DataSetBuilder) async throws -> [DataSet] {
    var matches: [DataSet] = []
    let response = try await user.find(sopClassUID: model, identifier: identifier) { matches.append($0) }
    try response.requireSuccess(of: calledAETitle)
    return matches
  }
}

extension CommandSet {
  /// Throws what the node answered instead.
  func requireSuccess(of calledAETitle: String) throws(OperationError) {
    guard status != .success else { return }
    let status = status.map { "\($0)" } ?? "no status"
    throw OperationError("\(calledAETitle) answered \(status)" + (errorComment.map { ": \($0)" } ?? ""))
  }
}
