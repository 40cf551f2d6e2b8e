// SPDX-License-Identifier: Apache-2.0

package import DICOMData
import DIMSE
import ServiceClasses
import UpperLayer

/// What another archive says that it has.
package struct RemoteStudies {
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
    return try await node.withAssociation(proposing: [RetrievalContexts.ofModel(model)]) { association in
      var user = ServiceUser(association)
      var matches: [DataSet] = []
      for identifier in identifiers {
        let response = try await user.find(sopClassUID: model, identifier: identifier) {
          matches.append($0)
          watch(matches.count)
        }
        try response.requireSuccess(of: node.calledAETitle)
      }
      return matches
    }
  }
}
