// SPDX-License-Identifier: Apache-2.0

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

  @Option(help: "PATIENT, STUDY, SERIES or IMAGE.")
  var level = "STUDY"

  @Option(
    name: .shortAndLong, help: "A key: KEYWORD=VALUE or TAG=VALUE to match, KEYWORD alone to be told. Repeatable.")
  var key: [String] = []

  @OptionGroup var listing: ListingOptions
  @OptionGroup var remote: RemoteOptions

  func run() async throws {
    let keys = try key.map(QueryKey.init)
    let matches: [DataSet]
    let node = try remote.node()
    do {
      matches = try await find(keys, in: node)
    } catch let end as AssociationEnd {
      throw remote.explained(end, by: node)
    }
    MatchOutput(keys: keys, matches: matches).print(asJSON: listing.json)
  }

  private func find(_ keys: [QueryKey], in node: RemoteNode) async throws -> [DataSet] {
    let model = patientRoot ? UIDRegistry.patientRootFind : UIDRegistry.studyRootFind
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: model,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    return try await node.withAssociation(proposing: [proposed]) { association in
      var user = ServiceUser(association)
      var matches: [DataSet] = []
      let progress = MatchProgress(of: remote.called)
      defer { progress.clear() }
      let response = try await user.find(sopClassUID: model, identifier: Self.identifier(keys, level: level)) {
        matches.append($0)
        progress.draw(matches.count)
      }
      guard response.status == .success else {
        let status = response.status.map { "\($0)" } ?? "no status"
        throw OperationError("\(remote.called) answered \(status)" + (response.errorComment.map { ": \($0)" } ?? ""))
      }
      return matches
    }
  }

  static func identifier(_ keys: [QueryKey], level: String) -> DataSetBuilder {
    var identifier = DataSetBuilder(characterSet: .utf8)
    if keys.contains(where: { !$0.value.utf8.allSatisfy { $0 < 0x80 } }) {
      identifier.set(.specificCharacterSet, .cs, "ISO_IR 192")
    }
    identifier.set(.queryRetrieveLevel, .cs, level.uppercased())
    for key in keys {
      if key.vr == .sq || key.value.isEmpty {
        identifier.setEmpty(key.tag, key.vr)
      } else if let number = Int(key.value), key.vr.numberSize > 0 {
        identifier.setIntegers(key.tag, key.vr, [number])
      } else {
        identifier.set(key.tag, key.vr, key.value)
      }
    }
    return identifier
  }
}
