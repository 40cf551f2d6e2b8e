// SPDX-License-Identifier: Apache-2.0

import Access
import Archive

/// Performs what an administrator asks about what is stored.
struct RecordsPerformer: Sendable {
  private let archive: Archive
  private let conflicts: Conflicts
  private let corrections: Corrections

  init(archive: Archive, user: Operator) {
    self.archive = archive
    conflicts = archive.conflicts(as: user)
    corrections = archive.corrections(as: user)
  }

  func perform(_ operation: RecordsOperation) async throws -> RecordsResult {
    switch operation {
    case .listConflicts(let last):
      return .conflicts(try await conflicts.list(after: last).map(ConflictListing.init))
    case .showConflict(let uid, let first, let second):
      return .conflict(try await detail(of: uid, first, second))
    case .chooseVersion(let uid, let number, let reason):
      try await conflicts.choose(number, of: uid, reason: reason)
      return .done("version \(number) of \(uid) is served to all who may see it.")
    case .undoChoice(let uid):
      try await conflicts.undoChoice(of: uid)
      return .done("the earliest version of \(uid) is served again.")
    case .listCorrections:
      return .corrections(try await corrections.all().map(CorrectionListing.init))
    case .listDifferences:
      return .differences(try await corrections.differences().map(DifferenceListing.init))
    case .mergePatients, .reassignStudy, .undoCorrection:
      return result(try await correct(operation))
    }
  }

  private func correct(_ operation: RecordsOperation) async throws -> Corrections.Outcome {
    switch operation {
    case .mergePatients(let from, let to, let given, let reason, let agreed):
      try await corrections.merge(
        identity(from), into: identity(to), given: given.demographics, reason: reason, agreed: agreed)
    case .reassignStudy(let uid, let from, let to, let given, let reason, let agreed):
      try await corrections.reassign(
        study: uid, from: from.map { Corrections.Holder(id: $0.id, issuer: $0.issuer) }, to: identity(to),
        given: given.demographics, reason: reason,
        agreed: agreed)
    case .undoCorrection(let number, let reason, let agreed):
      try await corrections.undo(number, reason: reason, agreed: agreed)
    default: throw OperationError("this is no correction")
    }
  }

  private func result(_ outcome: Corrections.Outcome) -> RecordsResult {
    switch outcome {
    case .done(let number, let studies):
      .done("correction \(number): \(studies) \(studies == 1 ? "study changes its" : "studies change their") patient.")
    case .wouldWiden(let grants): .wouldWiden(grants.map(GrantListing.init))
    }
  }

  private func identity(_ name: PatientName) throws(OperationError) -> PatientIdentity {
    guard let identity = PatientIdentity(id: name.id, issuer: name.issuer) else {
      throw OperationError("an empty Patient ID identifies nobody: name a study instead")
    }
    return identity
  }

  /// The two that are asked for, else the first and the last.
  private func detail(of uid: String, _ first: Int?, _ second: Int?) async throws -> ConflictDetail {
    let versions = try await conflicts.versions(of: uid)
    guard let earliest = versions.first, let latest = versions.last else {
      throw OperationError("nothing is stored as \(uid)")
    }
    let left = try version(first, or: earliest, among: versions)
    let right = try version(second, or: latest, among: versions)
    let differences = left == right ? [] : try await conflicts.difference(between: left, and: right)
    return ConflictDetail(
      sopInstanceUID: uid, versions: versions.map(ConflictDetail.Version.init), compared: [left.number, right.number],
      differences: (differences ?? []).map {
        ConflictDetail.Difference(path: $0.path, name: $0.name, first: $0.first, second: $0.second)
      }, isUnreadable: differences == nil)
  }

  private func version(
    _ number: Int?, or other: ConflictingVersion, among versions: [ConflictingVersion]
  ) throws(OperationError) -> ConflictingVersion {
    guard let number else { return other }
    guard let version = versions.first(where: { $0.number == number }) else {
      throw OperationError("there is no version \(number)")
    }
    return version
  }
}

extension GivenPatient {
  fileprivate var demographics: Corrections.GivenDemographics {
    Corrections.GivenDemographics(name: name, birthDate: birthDate, sex: sex)
  }
}

extension ConflictListing {
  fileprivate init(_ conflict: (sopInstanceUID: String, versions: Int)) {
    self.init(sopInstanceUID: conflict.sopInstanceUID, versions: conflict.versions)
  }
}

extension ConflictDetail.Version {
  fileprivate init(_ version: ConflictingVersion) {
    let state =
      switch version.fault {
      case .none: version.isChosen ? "chosen" : "kept"
      case .missing: "its file is gone"
      case .damaged: "its file is damaged"
      }
    self.init(
      number: version.number, patient: version.patient.map(\.description) ?? "-",
      studyInstanceUID: version.studyInstanceUID ?? "-", seriesInstanceUID: version.seriesInstanceUID ?? "-",
      transferSyntaxUID: version.transferSyntaxUID, sender: version.sender, arrived: Moment.text(version.arrivedAt),
      size: version.size, digest: version.digest, state: state)
  }
}

extension CorrectionListing {
  fileprivate init(_ correction: Correction) {
    self.init(
      number: correction.number, kind: correction.study == nil ? "merge" : "reassign",
      studyInstanceUID: correction.study, from: correction.from.description, to: correction.to.description,
      reason: correction.reason, madeBy: correction.madeBy, made: Moment.text(correction.madeAt),
      undone: correction.undoneAt.map { time in
        "\(Moment.text(time)) by \(correction.undoneBy ?? "?"): \(correction.undoneReason ?? "")"
      })
  }
}

extension DifferenceListing {
  fileprivate init(_ difference: DemographicDifference) {
    self.init(
      patient: difference.patient.description, studyInstanceUID: difference.studyInstanceUID,
      attribute: difference.attribute, value: difference.value, other: difference.other)
  }
}
