// SPDX-License-Identifier: Apache-2.0

import Access

extension Grant {
  /// For the record: all that it says.
  var words: String {
    (["grant \(number), \(state.rawValue): \(terms.scope) to '\(grantee)'"] + terms.words).joined(separator: "; ")
  }

  /// What it was before it was changed to this.
  func words(before: Grant) -> String {
    var was: [String] = []
    if before.state != state { was.append(before.state.rawValue) }
    if before.until != until { was.append(before.until.map { "until \(Moment.text($0))" } ?? "without an end") }
    return was.isEmpty ? "" : "; it was \(was.joined(separator: ", "))"
  }
}

extension GrantTerms {
  fileprivate var words: [String] {
    var words: [String] = []
    if effect == .limits { words.append("a ceiling") }
    if !narrowing.description.isEmpty { words.append(narrowing.description) }
    words.append("may \(rights)")
    if let from { words.append("from \(Moment.text(from))") }
    words.append(until.map { "until \(Moment.text($0))" } ?? "without an end")
    if let relationship { words.append("why \(relationship.rawValue)") }
    if leastAssurance > .aeTitleAlone { words.append("known by \(leastAssurance) at least") }
    if let purpose = basis.purposeOfUse { words.append("for \(purpose)") }
    if let consent = basis.consent { words.append("by consent \(consent)") }
    if let reference = basis.reference { words.append("reference '\(reference)'") }
    if let share = basis.share { words.append("shared from grant \(share.grant)") }
    if let origin { words.append("by \(origin)") }
    return words
  }
}

extension Consent {
  /// For the record: all that it says.
  var words: String {
    let about = [scope.description, narrowing.description].filter { !$0.isEmpty }.joined(separator: ": ")
    var terms: [String] = []
    if holdsInEmergency { terms.append("in an emergency too") }
    if let from { terms.append("from \(Moment.text(from))") }
    if let until { terms.append("until \(Moment.text(until))") }
    if let reference { terms.append("reference '\(reference)'") }
    let whom = party.map { "'\($0)'" } ?? "everybody"
    return (["consent \(number), a \(kind.rawValue): \(about), \(whom)"] + terms).joined(separator: "; ")
  }
}

extension ReferralRule {
  /// For the record: all that it says.
  var words: String {
    let when =
      conditions.map { "\($0.key.rawValue) \($0.values.joined(separator: "|"))" }
      + (scheme.map { ["scheme \($0)"] } ?? [])
    let whom =
      switch grantee {
      case .principal(let name): "to '\(name)'"
      case .whoever(let attribute, let key): "to whoever has \(key.rawValue) as '\(attribute)'"
      }
    return "'\(name)': "
      + [
        when.isEmpty ? "always" : "where \(when.joined(separator: ", "))", whom,
        opensPatient ? "the patient" : "the study", "may \(rights)", "why \(relationship.rawValue)",
        "for \(AuditFacts.length(seconds))", identifies ? "active at once" : "pending",
      ].joined(separator: "; ")
  }
}
