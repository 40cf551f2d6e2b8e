// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData
import DIMSE
import Foundation
import Node
import ServiceClasses
import UpperLayer

struct FindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Ask a node what it has (C-FIND).",
    discussion:
      "Example: collimator find --level STUDY -k PatientName='DOE*' -k StudyDate=20260101- -k StudyDescription")

  @Flag(help: "Ask in the Patient Root information model (default: Study Root).")
  var patientRoot = false

  @OptionGroup var query: QueryOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    let keys = try query.keys()
    let node = try remote.node()
    var matches: [DataSet] = []
    var failure: OperationError?
    do {
      failure = try await find(keys, in: node, taking: &matches)
    } catch let end as AssociationEnd {
      failure = remote.explained(end, by: node)
    }
    // What came before the other node gave up is an answer too: it may answer so many at most, or be gone.
    if failure == nil || !matches.isEmpty { MatchOutput(keys: keys, matches: matches).print(asJSON: listing.json) }
    if let failure { throw failure }
  }

  /// Returns why it did not end well.
  private func find(
    _ keys: [QueryKey], in node: RemoteNode, taking matches: inout [DataSet]
  ) async throws -> OperationError? {
    let model = patientRoot || query.level == .patient ? UIDRegistry.patientRootFind : UIDRegistry.studyRootFind
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: model,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    return try await node.withAssociation(proposing: [proposed]) { association in
      var user = ServiceUser(association)
      let progress = MatchProgress(of: remote.called)
      defer { progress.clear() }
      let response = try await user.find(sopClassUID: model, identifier: query.identifier(keys)) {
        matches.append($0)
        progress.draw(matches.count)
      }
      guard response.status == .success else {
        let status = response.status.map { "\($0)" } ?? "no status"
        let words = "\(remote.called) answered \(status)" + (response.errorComment.map { ": \($0)" } ?? "")
        return OperationError(words)
      }
      return nil
    }
  }
}
