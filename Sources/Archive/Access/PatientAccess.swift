// SPDX-License-Identifier: Apache-2.0

package import Access

/// Who can see something of a patient at a moment.
package struct PatientAccess: Sendable {
  /// Somebody who can, by one grant.
  package struct Entry: Sendable, Hashable {
    package let principal: String
    /// The group by which it is open to them.
    package let group: String?
    package let grant: Grant
    /// How many objects the grant alone opens to them, by what they can do with these; nil of the past.
    package let opened: [Use: Int]?
    /// The vetoes that take something from it; of the past, those that outranked it as far as they reached.
    package let vetoes: [Int]
  }

  /// What somebody can do with an object.
  package enum Use: String, Sendable, Hashable, CaseIterable {
    case query, retrieve
    /// To be sent it by somebody else's move, or by a forwarding rule.
    case receive
  }

  /// Who was asked for or, where they had been merged away, whoever they were at the moment.
  package let patient: PatientIdentity
  /// Of who was asked for: into whom they were merged, by the moment or since then.
  package let merged: PatientMove?
  package let entries: [Entry]
  /// Of the patient; nil of the past, of which it is not known what was stored.
  package let objects: Int?
  /// A sentence where nothing of the patient is here; nil of the past.
  package let absence: String?
  /// Who holds a grant about the patient that is in force, and can do nothing by it.
  package let kept: [String]
}
