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

  /// One query in the Study Root information model (PS3.4 C.6.2): `take` gets each match when it comes. Throws what the other
  /// archive answers instead of success.
  package func find(_ identifier: DataSetBuilder, taking take: (DataSet) -> Void) async throws {
    let model = UIDRegistry.studyRootFind
    try await node.withAssociation(proposing: [RetrievalContexts.ofModel(model)]) { association in
      var user = ServiceUser(association)
      let response = try await user.find(sopClassUID: model, identifier: identifier, take: take)
      try response.requireSuccess(of: node.calledAETitle)
    }
  }
}
