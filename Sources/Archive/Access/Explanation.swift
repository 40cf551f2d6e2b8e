// SPDX-License-Identifier: Apache-2.0

package import Access

/// Why somebody sees a study or a patient, or why not.
package struct Explanation: Sendable {
  /// How they would call.
  package let caller: Caller
  /// Of the patient who was asked for: into whom they were merged; what is explained is of these.
  package let merged: [PatientMove]
  package let studies: [StudyExplanation]
  /// How many there are of what was asked for, explained or not.
  package let studiesInAll: Int
}

/// Why somebody sees a study, or why not.
package struct StudyExplanation: Sendable {
  /// A grant that is about the study, or nearly.
  package struct Judgement: Sendable {
    package let grant: Grant
    /// The group by which it is the caller's; nil for the caller's own.
    package let group: String?
    /// Why it is not about anything here, or not in force; empty for one that opens something, if nothing else is in the way.
    package let reasons: [String]
    /// How many objects it alone opens to the caller, with all that is in the way: the predicate's own word.
    package let objects: Int
    /// To do what with them: the first of `seen` that the grant gives and the caller can use; nil where that is none.
    package let right: String?
  }

  package let studyInstanceUID: String
  package let patient: PatientIdentity
  /// Whose it was when it came, where that was somebody else.
  package let moved: [PatientMove]
  package let studyDate: String
  package let instances: Int
  /// Of how many instances the caller has each right and can use it: the predicate's own word, and what the peer may do. A peer
  /// may also "receive" what others move or forward to it.
  package let seen: [(right: String, instances: Int)]
  package let grants: [Judgement]
  /// The vetoes that are about it and against the caller.
  package let vetoes: [Consent]
  /// What stands in the way, of what the grants open or of the caller at all, in words.
  package let obstacles: [String]
}
