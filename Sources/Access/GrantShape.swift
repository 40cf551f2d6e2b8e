// SPDX-License-Identifier: Apache-2.0

/// What has to be asked about a grant or a veto, beside whose it is: grants of one shape are judged by one condition. It is
/// stored with each as a number, so that the shapes of a holder's grants are found without reading all of them.
package struct GrantShape: Sendable, Hashable, Comparable {
  package enum Scope: Int, Sendable, Hashable, CaseIterable { case everything, patient, study, series }

  package let effect: GrantTerms.Effect
  package let standing: GrantStanding
  package let scope: Scope
  /// Of the narrowing alone.
  package let granularity: Granularity
  package let hasDates: Bool

  package init(
    _ scope: GrantScope, _ narrowing: GrantNarrowing, effect: GrantTerms.Effect = .opens,
    standing: GrantStanding = .ordinary
  ) {
    self.effect = effect
    self.standing = standing
    granularity = narrowing.granularity
    hasDates = narrowing.hasDates
    self.scope =
      switch scope {
      case .everything: .everything
      case .patient: .patient
      case .study: .study
      case .series: .series
      }
  }

  package init(_ terms: GrantTerms) {
    self.init(
      terms.scope, terms.narrowing, effect: terms.effect, standing: terms.relationship?.standing ?? .ordinary)
  }

  /// nil for a number that none has.
  package init?(number: Int) {
    guard number >= 0, let scope = Scope(rawValue: number / 2 % 4),
      let granularity = Granularity(rawValue: number / 8 % 4), let standing = GrantStanding(rawValue: number / 32 % 4),
      number < 256
    else { return nil }
    self.scope = scope
    self.granularity = granularity
    self.standing = standing
    hasDates = number % 2 == 1
    effect = number >= 128 ? .limits : .opens
  }

  package var number: Int {
    (effect == .limits ? 128 : 0) + standing.rawValue * 32 + granularity.rawValue * 8 + scope.rawValue * 2
      + (hasDates ? 1 : 0)
  }

  /// The coarsest level at which it can be told whether a grant of this shape holds.
  package var decidedAt: Granularity { max(granularity, scope == .series ? .series : .study) }

  package static func < (one: Self, other: Self) -> Bool { one.number < other.number }
}
