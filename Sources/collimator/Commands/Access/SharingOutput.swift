// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// Asks about rules, codes and emergencies, and prints what comes of it.
struct SharingOutput {
  private let archive: DataDirectoryOptions
  private let listing: ListingOptions

  init(_ archive: DataDirectoryOptions, _ listing: ListingOptions) {
    self.archive = archive
    self.listing = listing
  }

  private struct Sentence: Encodable {
    let done: String
  }

  private struct Law: Encodable {
    let overridesVetoes: Bool
  }

  func perform(_ operation: SharingOperation) async throws {
    guard case .sharing(let result) = try await archive.perform(.sharing(operation)) else { return }
    switch result {
    case .done(let sentence): try show(Sentence(done: sentence)) { sentence }
    case .rules(let rules): try show(rules) { Self.table(rules) }
    case .referred(let grants): try show(grants) { Self.table(grants) }
    case .code(let code):
      try show(code) { Self.words(code) }
      note(code.remarks, "note")
    case .codes(let codes): try show(codes) { Self.table(codes) }
    case .grant(let grant):
      try show(grant) { Self.words(grant) }
      note(grant.remarks, grant.why == "emergency" ? "WARNING" : "note")
    case .emergencyLaw(let overrides):
      try show(Law(overridesVetoes: overrides)) {
        "emergency access \(overrides ? "outranks" : "does not outrank") patients' vetoes."
      }
    }
  }

  private func note(_ remarks: [String]?, _ kind: String) {
    for remark in remarks ?? [] { Output.note("\(kind): \(remark)") }
  }

  private func show(_ value: some Encodable, _ text: () -> String) throws {
    if listing.json { try Output.print(json: value) } else { Output.print(text()) }
  }

  private static func table(_ rules: [RuleListing]) -> String {
    var table = Table("NAME", "WHEN", "TO", "OPENS", "MAY", "WHY", "DAYS", "GIVES", "ADDED BY")
    for rule in rules {
      table.add(
        rule.name, rule.when, rule.to, rule.opens, rule.may.joined(separator: ", "), rule.why, String(rule.days),
        rule.gives, rule.addedBy)
    }
    return table.text
  }

  private static func table(_ grants: [ReferredListing]) -> String {
    var table = Table("RULE", "TO", "STUDY", "WHAT", "STATE")
    for grant in grants { table.add(grant.rule, grant.to, grant.studyInstanceUID, grant.what, grant.state) }
    return table.text
  }

  /// That it is open is said of what is: a veto may stand.
  private static func words(_ grant: GrantListing) -> String {
    let until = grant.until.map { " until \($0)." } ?? "."
    if grant.objects == 0 { return "grant \(grant.number): \(grant.what) is given to '\(grant.to)'\(until)" }
    guard let objects = grant.objects, let opened = grant.opened, opened < objects else {
      return "grant \(grant.number): \(grant.what) is open to '\(grant.to)'\(until)"
    }
    let much = opened == 0 ? "NOTHING" : "only \(opened) of \(objects) objects"
    return "grant \(grant.number): \(much) of \(grant.what) \(opened == 1 || opened == 0 ? "is" : "are") open to "
      + "'\(grant.to)'\(until)"
  }

  private static func words(_ code: CodeListing) -> String {
    "\(code.code ?? "-")\ncode \(code.number) opens \(code.what) once, until \(code.until); it is not shown again. "
      + "Whoever has it redeems it with: collimator redeem --host HOST (or you for them: collimator grant redeem --as NAME)"
  }

  private static func table(_ codes: [CodeListing]) -> String {
    var table = Table("NO", "WHAT", "OPENED BY", "OPENED", "UNTIL", "REDEEMED", "GRANT")
    for code in codes {
      table.add(
        String(code.number), code.what, code.openedBy, code.opened, code.until, code.redeemed ?? "-",
        code.grant.map { String($0) } ?? "-")
    }
    return table.text
  }
}

/// A length of time as people write it.
enum LengthOfTime {
  static func seconds(_ text: String) throws -> Double {
    let units: [Character: Double] = ["m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()), (1...100_000).contains(number)
    else { throw ValidationError("'\(text)' is no length of time such as 30m, 24h or 90d") }
    return Double(number) * unit
  }
}
