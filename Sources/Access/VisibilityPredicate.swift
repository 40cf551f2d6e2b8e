// SPDX-License-Identifier: Apache-2.0

/// What stands between a caller and every instance, as a value: an instance is there for a caller where a grant opens it, no
/// veto outranks that grant, and the peer's ceiling, if it has one, leaves it in.
///
/// It holds what has to be asked, not what is answered: whose grants and vetoes there are is asked of the archive in the same
/// reading as the rows themselves.
package struct VisibilityPredicate: Sendable, Hashable {
  /// One thing that has to be so. All that is asked of anything is among these, so that what proves the predicate can take
  /// each away and see that it is missed.
  package enum Clause: String, Sendable, Hashable, CaseIterable {
    /// Of the caller.
    case userIsNotLocked, peerIsKnown
    /// Of a membership in a group.
    case membershipHasBegun, membershipHasNotEnded
    /// Of a grant: whose it is, and that it is in force.
    case holder, state, hasBegun, hasNotEnded
    /// Of a grant: that it gives what is asked for, to a caller who is known that well.
    case right, assurance
    /// Of a grant, a ceiling or a veto: that it is about this patient, study or series.
    case patientID, issuerOfPatientID, studyInstanceUID, seriesInstanceUID
    /// That it is not narrowed to others.
    case modality, recordType, documentTitle, earliestStudyDate, latestStudyDate
    /// Of a veto: against whom it is, and that it stands.
    case vetoedParty, vetoStands, vetoHasBegun, vetoHasNotEnded
    /// That no veto is on it.
    case isNotVetoed
    /// That a ceiling leaves it in.
    case isWithinCeiling
    /// That it is not aside for somebody else.
    case isNotAside
    /// That what is counted and collected of a study is seen, and that a version which would be served instead is.
    case countedIsSeen, otherVersionIsSeen
  }

  /// What is asked for.
  package let rights: GrantRights
  /// How surely the caller is known.
  package let assurance: IdentityAssurance
  /// Of the grants that the caller may have.
  package let opening: [GrantShape]
  /// Of the vetoes that may be against the caller.
  package let vetoing: [GrantShape]
  /// Of the peer's ceiling; nil where it has none. Where none of it is in force, nothing is left in.
  package let limiting: [GrantShape]?

  package init(
    rights: GrantRights, assurance: IdentityAssurance, opening: [GrantShape], vetoing: [GrantShape],
    limiting: [GrantShape]?
  ) {
    self.rights = rights
    self.assurance = assurance
    self.opening = opening.sorted()
    self.vetoing = vetoing.sorted()
    self.limiting = limiting?.sorted()
  }

  /// The coarsest level at which all of it can be decided: a study, a series or an instance is there where one below is.
  package var granularity: Granularity {
    (opening + vetoing + (limiting ?? [])).map(\.decidedAt).max() ?? .study
  }

  /// Whether who sees anything of a study sees all of it, whatever its objects say: then nothing in it is hidden.
  package var seesWholeStudies: Bool {
    granularity == .study && !(opening + vetoing + (limiting ?? [])).contains(where: \.hasDates)
  }

  /// Whether grants name each patient, study or series that they open.
  package var opensByName: Bool { opening.allSatisfy { $0.scope != .everything } }

  /// The vetoes that outrank grants of a standing.
  package func vetoes(against standing: GrantStanding) -> [GrantShape] {
    switch standing {
    case .ordinary: vetoing
    case .emergency: vetoing.filter { $0.standing == .emergency }
    case .own: []
    }
  }
}

extension GrantShape {
  /// What has to be so of what a grant, a ceiling or a veto of this shape is about.
  package var clauses: [VisibilityPredicate.Clause] {
    let about: [VisibilityPredicate.Clause] =
      switch scope {
      case .everything: []
      case .patient: [.patientID, .issuerOfPatientID]
      case .study: [.studyInstanceUID]
      case .series: [.seriesInstanceUID]
      }
    // One that is narrowed by record type may be narrowed by modality too.
    let narrowing: [VisibilityPredicate.Clause] =
      switch granularity {
      case .study: []
      case .series: [.modality]
      case .instance: [.modality, .recordType, .documentTitle]
      }
    return about + narrowing + (hasDates ? [.earliestStudyDate, .latestStudyDate] : [])
  }
}
