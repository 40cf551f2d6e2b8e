// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// PS3.4 C.6.1 and C.6.2; Patient/Study Only is retired (PS3.4 C.6.3) and still asked for.
package enum InformationModel: Sendable, Hashable {
  case patientRoot, studyRoot, patientStudyOnly
  /// Of retrieves alone (PS3.4 annex Y).
  case compositeInstanceRoot
}

/// The defined terms of Query/Retrieve Level (0008,0052).
package enum QueryRetrieveLevel: String, Sendable, Hashable, CaseIterable {
  case patient = "PATIENT"
  case study = "STUDY"
  case series = "SERIES"
  case image = "IMAGE"
}

/// One attribute of an identifier and what it has to match (PS3.4 C.2.2.2).
package struct MatchingKey: Sendable, Hashable {
  package indirect enum Matching: Sendable, Hashable {
    case universal
    case singleValue(String)
    case uidList([String])
    /// `*` for any characters, `?` for one.
    case wildcard(String)
    /// Both ends belong to it; nil is open.
    case range(from: String?, to: String?)
    /// Of an attribute that is not there, or has no value (PS3.4 C.2.2.2.7).
    case empty
    /// Each of them is a value of the attribute (PS3.4 C.2.2.2.8).
    case allOf([String])
    /// Some of them is; the Standard does not define it.
    case anyOf([String])
    /// There is an item that matches each of these keys (PS3.4 C.2.2.2.6).
    case sequence([MatchingKey])
  }

  package let tag: Tag
  package let matching: Matching

  /// With the UIDs of a list each once and in order: once for the question, and not for each of its pages.
  fileprivate var inOrder: MatchingKey {
    guard case .uidList(let uids) = matching, uids.count > 1 else { return self }
    return MatchingKey(tag: tag, matching: .uidList(Set(uids.map(MatchingForm.storable)).sorted()))
  }

  /// nil where it asks for more than one, or for none.
  var onlyValue: String? {
    switch matching {
    case .singleValue(let value): value
    case .uidList(let uids): uids.count == 1 ? uids[0] : nil
    default: nil
    }
  }

  /// `sequence`: the one in whose items it has to match; nil for an attribute of the identifier itself.
  package init(tag: Tag, in sequence: Tag? = nil, matching: Matching) {
    if let sequence {
      self.tag = sequence
      self.matching = .sequence([MatchingKey(tag: tag, matching: matching)])
    } else {
      self.tag = tag
      self.matching = matching
    }
  }
}

/// How keys are matched where the association agreed to more than the Standard's usual (PS3.4 C.5.1.1).
package struct MatchingOptions: Sendable, Hashable {
  /// A date and its time are one moment, so that a range of both is one range.
  package var combinesDateAndTime = false
  /// Names match by their sound: see `PersonNameSound`.
  package var matchesNamesBySound = false
  /// Minutes east of UTC in which the dates and times of the keys are said; nil where each is compared as it was written.
  package var timezone: Int?
  /// Each answer names the zone of its dates and times: that of the keys, else that of what it tells of.
  package var namesTimezone = false

  package init() {}
}

/// A question to the index.
package struct FindQuery: Sendable {
  /// More are a statement that takes long to prepare.
  private static let mostBriefKeys = 64

  package let informationModel: InformationModel
  package let level: QueryRetrieveLevel
  package let keys: [MatchingKey]
  package let returning: [Tag]
  package let options: MatchingOptions

  package init(
    informationModel: InformationModel, level: QueryRetrieveLevel, keys: [MatchingKey], returning: [Tag],
    options: MatchingOptions = MatchingOptions()
  ) {
    self.informationModel = informationModel
    self.level = level
    self.keys = keys.map(\.inOrder)
    self.returning = returning
    self.options = options
  }

  /// Whether it is likely to take but a moment: it is by a key of which one value selects few rows.
  package var isBrief: Bool {
    guard keys.count <= Self.mostBriefKeys else { return false }
    return keys.contains { QueryDriver.keys.contains($0.tag) && $0.onlyValue != nil }
  }
}
