// SPDX-License-Identifier: Apache-2.0

import Access

/// What the objects of a study say by which grants are judged, to say in words why one is not about it.
struct StudyFacts {
  struct Part {
    let series: String
    let modality: String
    let types: RecordTypes
    let title: DocumentTitle?
    /// The Study Date that its objects say.
    let date: String
  }

  let patient: PatientIdentity
  /// Whose it was, and who is this patient now.
  let former: [PatientMove]
  let uid: String
  let date: String
  let series: [Part]

  /// Whether it is worth a word why a grant is not about the study: one on a namesake of somebody from whom it moved is not.
  func isNear(_ scope: GrantScope) -> Bool {
    guard case .patient(let id, _) = scope else { return true }
    return id.isSpelt(as: patient.id) || move(from: scope) != nil
  }

  /// How it moved away from whom a grant is on.
  private func move(from scope: GrantScope) -> PatientMove? {
    guard case .patient(let id, let issuer) = scope else { return nil }
    let named = PatientIdentity(stored: id, issuer: issuer ?? "", soleStudy: "")
    return named == patient ? nil : former.first { $0.from == named }
  }

  /// Empty where something of the study is meant.
  func whyNot(_ scope: GrantScope, _ narrowing: GrantNarrowing) -> [String] {
    var reasons: [String] = []
    var parts = series
    if let move = move(from: scope) {
      return ["\(move), and a grant on the former patient does not open what moved: give it anew"]
    }
    switch scope {
    case .everything: break
    case .patient(let id, let issuer):
      guard patient.isSomebody, id == patient.id else { return ["it is on another patient"] }
      if (issuer ?? "") != patient.issuer {
        let named = { (issuer: String) in issuer.isEmpty ? "no issuer" : "the issuer \(issuer)" }
        reasons.append("it is on \(id) of \(named(issuer ?? "")), this patient has \(named(patient.issuer))")
      }
    case .study(let uid): if uid != self.uid { return ["it is on another study"] }
    case .series(let uid): parts = parts.filter { $0.series == uid }
    }
    if let earliest = narrowing.earliest, !keep(&parts, where: { $0.date >= earliest }) {
      reasons.append("the study is older than \(earliest)")
    }
    if let latest = narrowing.latest, !keep(&parts, where: { !$0.date.isEmpty && $0.date <= latest }) {
      reasons.append("the study is younger than \(latest)")
    }
    if !narrowing.modalities.isEmpty {
      parts = parts.filter { narrowing.modalities.contains($0.modality) }
      if parts.isEmpty {
        return reasons + ["nothing here is \(narrowing.modalities.sorted().joined(separator: " or "))"]
      }
    }
    if let types = narrowing.recordTypes {
      parts = parts.filter { !$0.types.isDisjoint(with: types) }
      if parts.isEmpty { return reasons + ["there are no \(types.names.joined(separator: " or ")) here"] }
    }
    if !narrowing.titles.isEmpty {
      parts = parts.filter { part in
        part.types.isDisjoint(with: .titled) || part.title.map(narrowing.titles.contains) ?? false
      }
      if parts.isEmpty { return reasons + ["no document here has one of its titles"] }
    }
    return parts.isEmpty ? reasons + ["none of it is here"] : reasons
  }

  /// False where none is left; then all are kept, so that what else is asked of them is told too.
  private func keep(_ parts: inout [Part], where condition: (Part) -> Bool) -> Bool {
    let kept = parts.filter(condition)
    guard !kept.isEmpty || parts.isEmpty else { return false }
    parts = kept
    return true
  }
}
