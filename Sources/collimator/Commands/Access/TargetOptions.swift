// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// What a grant is about.
struct TargetOptions: ParsableArguments {
  @Flag(help: "All that is stored, now and later.")
  var everything = false

  @OptionGroup var records: RecordOptions

  func validate() throws {
    try records.requireOne("exactly one of --everything, --patient, --study and --series", beside: everything)
  }

  func scope() -> GrantDraft.Scope { records.scope ?? .everything }

  func narrowing() -> GrantDraft.Narrowing { records.narrowing() }
}

/// What a veto is on: somebody's records.
struct VetoOptions: ParsableArguments {
  @OptionGroup var records: RecordOptions

  func validate() throws {
    try records.requireOne("exactly one of --patient, --study and --series")
  }
}

/// A patient, a study or a series, and which of it.
struct RecordOptions: ParsableArguments {
  @Option(help: "The studies of the patient with this Patient ID.")
  var patient: String?

  @Option(help: "The Issuer of Patient ID; without it, the patient whose ID has no issuer.")
  var issuer: String?

  @Option(help: "The study with this Study Instance UID.")
  var study: String?

  @Option(help: "The series with this Series Instance UID.")
  var series: String?

  @Option(help: "Only of these modalities, separated by commas.")
  var modality: String?

  @Option(help: "Only records of these types: images, reports, documents, waveforms, radiotherapy, measurements.")
  var type: String?

  @Option(help: "Only documents with these title codes, such as 18748-4^LN, separated by commas.")
  var title: String?

  @Option(help: "Only studies from this Study Date on (2026-01-31 or 20260131).")
  var studiesFrom: String?

  @Option(help: "Only studies up to this Study Date.")
  var studiesTo: String?

  func requireOne(_ words: String, beside everything: Bool = false) throws {
    guard [everything, patient != nil, study != nil, series != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("say what is meant: \(words)")
    }
    guard issuer == nil || patient != nil else { throw ValidationError("--issuer goes with --patient") }
    // As a script gives it whose variable is not set: it would not narrow.
    try EmptyValue.refuse(in: [
      "--modality": modality, "--type": type, "--title": title, "--studies-from": studiesFrom,
      "--studies-to": studiesTo,
    ])
  }

  /// nil where none is named.
  var scope: GrantDraft.Scope? {
    if let patient { return .patient(id: patient, issuer: issuer) }
    if let study { return .study(uid: study) }
    return series.map { .series(uid: $0) }
  }

  func narrowing() -> GrantDraft.Narrowing {
    var narrowing = GrantDraft.Narrowing()
    narrowing.modalities = modality?.commaSeparated ?? []
    narrowing.types = type?.commaSeparated ?? []
    narrowing.titles = title?.commaSeparated ?? []
    narrowing.earliest = studiesFrom.map { $0.filter { $0 != "-" } }
    narrowing.latest = studiesTo.map { $0.filter { $0 != "-" } }
    return narrowing
  }
}

/// What a grant says beside what it is about.
struct TermsOptions: ParsableArguments {
  @Option(help: "A template, as 'collimator grant templates' lists them; what is said beside it is over it.")
  var template: String?

  @Option(
    help: """
      What may be done: query, retrieve, send (to a third party), add (to a study), share, reports-only, or one of \
      view-only, download, annotate, report, full; separated by commas (default: query, retrieve, send).
      """)
  var may: String?

  @Option(help: "When it begins: as --until; a date is the beginning of that day.")
  var from: String?

  @Option(help: "When it ends: a date (that whole day, local time), 2027-01-31T12:00, or with an offset or Z.")
  var until: String?

  @Option(
    help: """
      Why: self (of a user who is linked to the patient), child, parent, guardian, referring, consulting, treating-clinic, \
      consent or share. For an emergency: collimator grant emergency.
      """)
  var why: String?

  @Option(help: "The purpose of use, such as TREAT.")
  var purpose: String?

  @Option(help: "The number of the consent that it rests on: it ends with it.")
  var consent: Int?

  @Option(help: "What it rests on beside that: a paper, a ticket.")
  var reference: String?

  @Option(help: "The least by which the caller has to be known: address, password, token or certificate.")
  var least: String?

  @Flag(
    inversion: .prefixedNo, help: "Open nothing until it is approved (self, child, parent and guardian do so anyway).")
  var pending: Bool?

  func validate() throws {
    try EmptyValue.refuse(in: ["--may": may, "--template": template, "--purpose": purpose, "--reference": reference])
  }

  func draft(to grantee: String, _ target: TargetOptions) throws -> GrantDraft {
    var draft = GrantDraft(to: grantee, scope: target.scope(), until: try until.map(EndOfGrant.seconds))
    draft.narrowing = target.narrowing()
    draft.template = template
    draft.may = may?.commaSeparated ?? []
    draft.from = try from.map(EndOfGrant.beginning)
    draft.why = why
    draft.purposeOfUse = purpose
    draft.consent = consent
    draft.reference = reference
    draft.least = least
    draft.isPending = pending
    return draft
  }
}

extension EndOfGrant {
  /// Throws, in words, what is no date.
  static func seconds(_ text: String) throws -> Double {
    guard let end = EndOfGrant(text) else {
      throw ValidationError("'\(text)' is not a date such as 2027-01-31 or 2027-01-31T12:00")
    }
    return end.secondsSince1970
  }

  /// The same, but a date is the beginning of that day.
  static func beginning(_ text: String) throws -> Double {
    try seconds(text.count == 10 && !text.contains("T") ? text + "T00:00" : text)
  }
}
