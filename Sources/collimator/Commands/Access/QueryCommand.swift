// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import DICOMData
import Node

struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "What somebody would be told by a query, without a network.",
    discussion: """
      By the same grants, and as the peer through which they would call is answered (its character set, its most answers). \
      What this node would say beside the answers is told on standard error.

      Example: collimator query --as weber --level STUDY -k PatientName='DOE*' -k StudyDescription
      """)

  @OptionGroup var asked: CallerOptions

  @Flag(help: "Ask in the Patient Root information model (default: Study Root).")
  var patientRoot = false

  @OptionGroup var query: QueryOptions

  @OptionGroup(title: "What would be negotiated (PS3.4 C.5.1.1)") var negotiation: NegotiationOptions

  @Option(help: "At most so many answers.")
  var limit = 1000

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func validate() throws {
    guard limit >= 1 else { throw ValidationError("--limit is a number from 1") }
  }

  func run() async throws {
    let keys = try query.keys()
    let identifier = query.identifier(keys).encoded(as: .explicitVRLittleEndian)
    let operation = AccessOperation.query(
      asked.name, patientRoot: patientRoot || query.level == .patient, identifier: identifier,
      negotiated: negotiation.options, limit: limit)
    guard case .access(.answers(let answers)) = try await archive.perform(.access(operation)) else { return }
    let matches = try answers.identifiers.map { try DataSet(reading: $0, transferSyntax: .explicitVRLittleEndian) }
    if answers.failure == nil || !matches.isEmpty {
      MatchOutput(keys: keys, matches: matches).print(asJSON: listing.json)
    }
    for remark in remarks(on: answers, matches) { Output.note(remark) }
    if let failure = answers.failure {
      throw OperationError("it would end with \(failure)")
    }
  }

  private func remarks(on answers: PreviewListing, _ matches: [DataSet]) -> [String] {
    var remarks = answers.remarks.map { "note: \($0)" }
    if !answers.unsupportedKeys.isEmpty {
      remarks.append(
        "FF01: this node does not know \(answers.unsupportedKeys.joined(separator: ", ")), and answers without")
    }
    if answers.isCut { remarks.append("There are more: these are the first \(matches.count); see --limit.") }
    let sets = Set(matches.map { $0.strings(.specificCharacterSet).joined(separator: "\\") }).sorted()
    if sets.contains(where: { $0 != "ISO_IR 192" }) {
      remarks.append("Answered in \(sets.map { $0.isEmpty ? "ASCII" : "'\($0)'" }.joined(separator: ", ")).")
    }
    return remarks
  }
}
