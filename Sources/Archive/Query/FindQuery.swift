// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// PS3.4 C.6.1 and C.6.2.
package enum InformationModel: Sendable, Hashable {
  case patientRoot, studyRoot
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
  package enum Matching: Sendable, Hashable {
    case universal
    case singleValue(String)
    case uidList([String])
    /// `*` for any characters, `?` for one.
    case wildcard(String)
    /// Both ends belong to it; nil is open.
    case range(from: String?, to: String?)
  }

  package let tag: Tag
  /// The sequence in one of whose items it has to match (PS3.4 C.2.2.2.6); nil for an attribute of the identifier itself.
  package let sequence: Tag?
  package let matching: Matching

  package init(tag: Tag, in sequence: Tag? = nil, matching: Matching) {
    self.tag = tag
    self.sequence = sequence
    self.matching = matching
  }
}

/// A question to the index.
package struct FindQuery: Sendable {
  package let informationModel: InformationModel
  package let level: QueryRetrieveLevel
  package let keys: [MatchingKey]
  package let returning: [Tag]

  package init(informationModel: InformationModel, level: QueryRetrieveLevel, keys: [MatchingKey], returning: [Tag]) {
    self.informationModel = informationModel
    self.level = level
    self.keys = keys
    self.returning = returning
  }
}

/// One match: the values of what was asked for.
package struct FindRow: Sendable {
  /// The row's number at its level.
  var id: Int64 = 0
  let values: [Tag: [String]]
  /// Of sequences that were asked for: the attributes of each item.
  let items: [Tag: [[Tag: String]]]

  /// nil where the index has no such attribute at this level or above.
  package subscript(tag: Tag) -> [String]? { values[tag] }

  /// The items of a sequence, as far as the index holds their attributes; nil where it holds none.
  package func items(of sequence: Tag) -> [[Tag: String]]? { items[sequence] }
}

/// Some of the matches, read in one statement together with the grants that open them.
package struct FindPage: Sendable {
  package let rows: [FindRow]
  /// Where the next page begins; nil for the last.
  let next: PageMark?
  /// What the grants were when it was read.
  var generation = 0
  var readAt = ContinuousClock.now
  /// What the audit has to say of it.
  package var disclosure: AuditDisclosure = .nothing

  package var isLast: Bool { next == nil }
}
