// SPDX-License-Identifier: Apache-2.0

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

  @Option(help: "PATIENT, STUDY, SERIES or IMAGE.")
  var level = "STUDY"

  @Option(
    name: .shortAndLong, help: "A key: KEYWORD=VALUE or TAG=VALUE to match, KEYWORD alone to be told. Repeatable.")
  var key: [String] = []

  @OptionGroup(title: "What would be negotiated (PS3.4 C.5.1.1)") var negotiation: NegotiationOptions

  @Option(help: "At most so many answers.")
  var limit = 1000

  @OptionGroup var listing: ListingOptions
  @OptionGroup var archive: DataDirectoryOptions

  func run() async throws {
    let keys = try key.map(QueryKey.init)
    let identifier = FindCommand.identifier(keys, level: level).encoded(as: .explicitVRLittleEndian)
    let query = AccessOperation.query(
      asked.name, patientRoot: patientRoot || level.uppercased() == "PATIENT", identifier: identifier,
      negotiated: negotiation.options, limit: max(limit, 1))
    guard case .access(.answers(let answers)) = try await archive.perform(.access(query)) else { return }
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
    var remarks: [String] = []
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

/// What a caller would have agreed on with the node before it asked.
struct NegotiationOptions: ParsableArguments {
  @Flag(help: "Relational queries: levels above need no unique key.")
  var relational = false

  @Flag(help: "A date and a time that are both ranges are one range.")
  var dateTime = false

  @Flag(help: "Names match as they sound.")
  var fuzzy = false

  @Flag(help: "Dates and times are of the zone that Timezone Offset From UTC names.")
  var timezones = false

  @Flag(help: "Two quotes match what has no value.")
  var emptyValues = false

  @Flag(help: "Several values match what has all of them.")
  var multipleValues = false

  var options: NegotiatedOptions {
    var options = NegotiatedOptions()
    options.isRelational = relational
    options.combinesDateAndTime = dateTime
    options.matchesNamesBySound = fuzzy
    options.adjustsTimezones = timezones
    options.matchesEmptyValues = emptyValues
    options.matchesMultipleValues = multipleValues
    return options
  }
}
