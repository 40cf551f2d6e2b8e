// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import ArgumentParser
import Foundation

/// Which records are meant: those that agree with all that is said.
struct AuditFilterOptions: ParsableArguments {
  @Option(help: "A user, a peer (by name or AE title) or an operator.")
  var who: String?

  @Option(help: "A patient, by Patient ID: also by the IDs that were merged into it, and by their studies.")
  var patient: String?

  @Option(help: "Whose Patient ID it is (Issuer of Patient ID); '' for an ID that came without one.")
  var issuer: String?

  @Option(help: "A study, by Study Instance UID.")
  var study: String?

  @Option(help: "Not before: a date, 2027-01-31T12:00, or with an offset or Z.")
  var from: String?

  @Option(name: .customLong("to"), help: "Not after: a date means that whole day.")
  var until: String?

  @Option(
    help: "Of these kinds, separated by commas: \(AuditKind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var kind: String?

  @Option(
    help: "With this outcome, separated by commas: \(AuditOutcome.allCases.map(\.rawValue).joined(separator: ", ")).")
  var outcome: String?

  func validate() throws {
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
    try EmptyValue.refuse(in: [
      "--who": who, "--patient": patient, "--study": study, "--kind": kind, "--outcome": outcome,
    ])
    let filter = try filter()
    guard let from = filter.from, let until = filter.until, until <= from else { return }
    throw ValidationError("--to is before --from")
  }

  func filter() throws -> AuditFilter {
    var filter = AuditFilter()
    filter.who = who
    filter.patientID = patient
    filter.issuer = issuer
    filter.studyInstanceUID = study
    filter.from = try from.map { try AuditTime.start($0, of: "--from") }
    filter.until = try until.map { try AuditTime.end($0, of: "--to") }
    filter.kinds = try Self.words(kind, "--kind", AuditKind.init)
    filter.outcomes = try Self.words(outcome, "--outcome", AuditOutcome.init)
    return filter
  }

  private static func words<Word>(
    _ text: String?, _ option: String, _ word: (String) -> Word?
  ) throws -> [Word] {
    try (text?.commaSeparated ?? []).map { name in
      guard let word = word(name) else { throw ValidationError("\(option) has no '\(name)': see --help") }
      return word
    }
  }
}

/// A time as a person writes it, where the command runs.
enum AuditTime {
  /// A date means its beginning.
  static func start(_ text: String, of option: String) throws -> Double {
    let end = try end(text, of: option)
    // A day is not always 24 hours.
    guard text.count == 10 else { return end }
    return Calendar.current.date(byAdding: .day, value: -1, to: Date(timeIntervalSince1970: end))?.timeIntervalSince1970
      ?? end
  }

  /// A date means its end.
  static func end(_ text: String, of option: String) throws -> Double {
    guard let moment = EndOfGrant(text) else {
      throw ValidationError("\(option) '\(text)' is not a date such as 2027-01-31 or 2027-01-31T12:00")
    }
    return moment.secondsSince1970
  }

  static func text(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(.iso8601)
  }
}
