// SPDX-License-Identifier: Apache-2.0

package import DICOMData
import DIMSE
import ServiceClasses
import UpperLayer

/// What another archive says that it has.
package struct RemoteStudies {
  /// An object as it is listed.
  package struct Listed: Hashable, Sendable {
    package let sopClassUID: String
    package let sopInstanceUID: String
  }

  private let node: RemoteNode

  package init(of node: RemoteNode) {
    self.node = node
  }

  /// The matches of one query in the Study Root information model (PS3.4 C.6.2); throws what it answers instead of success.
  /// `watch` is told how many there are after each.
  package func matches(
    of identifiers: [DataSetBuilder], watching watch: (_ count: Int) -> Void = { _ in }
  ) async throws -> [DataSet] {
    let model = UIDRegistry.studyRootFind
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: model,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    return try await node.withAssociation(proposing: [proposed]) { association in
      var user = ServiceUser(association)
      var matches: [DataSet] = []
      for identifier in identifiers {
        let response = try await user.find(sopClassUID: model, identifier: identifier) {
          matches.append($0)
          watch(matches.count)
        }
        guard response.status == .success else {
          let status = response.status.map { "\($0)" } ?? "no status"
          throw OperationError(
            "\(node.calledAETitle) answered \(status)" + (response.errorComment.map { ": \($0)" } ?? ""))
        }
      }
      return matches
    }
  }

  /// Every object of some studies, by the hierarchical queries that everybody answers (PS3.4 C.4.1.3.1).
  package func objects(of studyInstanceUIDs: [String]) async throws -> Set<Listed> {
    var series: [(study: String, series: String)] = []
    for study in studyInstanceUIDs {
      var identifier = Self.identifier("SERIES", [(.studyInstanceUID, study)])
      identifier.setEmpty(.seriesInstanceUID, .ui)
      series += try await matches(of: [identifier]).compactMap { match in
        match.string(.seriesInstanceUID).map { (study, $0) }
      }
    }
    let images = series.map { place in
      var identifier = Self.identifier(
        "IMAGE", [(.studyInstanceUID, place.study), (.seriesInstanceUID, place.series)])
      identifier.setEmpty(.sopClassUID, .ui)
      identifier.setEmpty(.sopInstanceUID, .ui)
      return identifier
    }
    guard !images.isEmpty else { return [] }
    return try await Set(
      matches(of: images).compactMap { match in
        match.string(.sopInstanceUID).map {
          Listed(sopClassUID: match.string(.sopClassUID) ?? "", sopInstanceUID: $0)
        }
      })
  }

  private static func identifier(_ level: String, _ keys: [(Tag, String)]) -> DataSetBuilder {
    var identifier = DataSetBuilder()
    identifier.set(.queryRetrieveLevel, .cs, level)
    for (tag, value) in keys { identifier.set(tag, .ui, value) }
    return identifier
  }
}
