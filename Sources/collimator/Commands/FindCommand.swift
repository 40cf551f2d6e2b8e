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
    guard !listing.json else {
      let model = JSONModel()
      return Output.print("[" + matches.map(model.text(of:)).joined(separator: ",\n") + "]")
    }
    Output.print(FindTable(keys: keys, matches: matches).text)
  }

  private func find(_ keys: [QueryKey], in node: RemoteNode) async throws -> [DataSet] {
    let model = patientRoot ? UIDRegistry.patientRootFind : UIDRegistry.studyRootFind
    let proposed = ProposedPresentationContext(
      id: 1, abstractSyntax: model,
      transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
    return try await node.withAssociation(proposing: [proposed]) { association in
      var user = ServiceUser(association)
      var matches: [DataSet] = []
      let response = try await user.find(sopClassUID: model, identifier: Self.identifier(keys, level: level)) {
        matches.append($0)
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

/// A key as a person writes it.
struct QueryKey {
  let tag: Tag
  let vr: VR
  let name: String
  let value: String

  init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts.first ?? ""
    let digits = name.filter { $0 != "," && $0 != "(" && $0 != ")" }
    guard let tag = DataDictionary.tag(keyword: name) ?? Tag(hex: digits) else {
      throw ValidationError("'\(name)' is no keyword of PS3.6, such as PatientName, and no tag, such as 00100010")
    }
    self.tag = tag
    self.name = DataDictionary.entry(for: tag)?.keyword ?? tag.description
    vr = DataDictionary.vr(of: tag) ?? .un
    value = parts.count == 2 ? parts[1] : ""
  }
}

/// Matches under the keys that were asked for.
struct FindTable {
  let text: String

  init(keys: [QueryKey], matches: [DataSet]) {
    var lines = matches.map { match in
      keys.map { "\($0.name)=\(match.strings($0.tag).joined(separator: "\\"))" }.joined(separator: "  ")
    }
    lines.append("\(matches.count) matches")
    text = lines.joined(separator: "\n")
  }
}
