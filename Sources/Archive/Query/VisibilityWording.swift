// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData
import Synchronization

/// The words of a caller's predicate: the same at any time, from whatever rows is told, until a grant is given or taken.
final class VisibilityWording: Sendable {
  /// What statements have of it again and again.
  enum Part: Hashable {
    /// Which grants open rows of a level.
    case openings(QueryRetrieveLevel)
    /// What a question at a level is answered that no object has.
    case derived(Tag, at: IndexedAttribute.Level)
  }

  private struct Place: Hashable {
    let part: Part
    let telling: Telling
  }

  let question: Question
  let predicate: VisibilityPredicate
  /// How many.
  let holders: Int
  let writer: ClauseWriter
  let ownWriter: ClauseWriter
  /// Of a study, its patient, and a series and an instance where they are needed: that it is there for the caller.
  let condition: String
  /// The same of an instance, by what it says itself.
  let ownCondition: String
  /// Of an instance `other` of the same series: that it is seen too; by what rows say, and by what it says itself.
  let otherVersions: (told: String, own: String)
  private let parts = Mutex<[Place: String]>([:])

  init(_ question: Question, predicate: VisibilityPredicate, holders: Int) {
    self.question = question
    self.predicate = predicate
    self.holders = holders
    writer = ClauseWriter(question, predicate: predicate, holders: holders, byInstance: false)
    condition = writer.condition
    ownWriter = ClauseWriter(question, predicate: predicate, holders: holders, byInstance: true)
    ownCondition = ownWriter.condition
    let isSeen = { (condition: String) in
      "(\(question.rewriting.rewrite(.otherVersionIsSeen, condition.replacing("instance.", with: "other."))))"
    }
    otherVersions = (isSeen(condition), isSeen(ownCondition))
  }

  func written(_ part: Part, _ telling: Telling, _ write: () -> String?) -> String? {
    let place = Place(part: part, telling: telling)
    if let known = parts.withLock({ $0[place] }) { return known }
    // What is not answered is not remembered: a peer may ask for any tag.
    guard let words = write() else { return nil }
    parts.withLock { $0[place] = words }
    return words
  }
}
