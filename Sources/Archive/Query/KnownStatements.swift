// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB
import Synchronization

/// Statements of questions that were asked before with another value: the same peer asks for one patient after the other, and
/// to write the statement takes half as long as to answer it. Of questions by one key alone, whose words do not depend on
/// what is sought.
final class KnownStatements: Sendable {
  /// What the words depend on.
  private struct Shape: Hashable {
    /// Of the caller's grants; the statement holds it, so that no other has its place in memory.
    let wording: ObjectIdentifier
    let level: QueryRetrieveLevel
    let key: Tag
    let returning: [Tag]
  }

  struct Statement {
    let compiler: QueryCompiler
    let sql: String
    fileprivate(set) var values: [DatabaseValue]
  }

  private struct Known {
    let statement: Statement
    /// Of the values that are sought.
    let places: [Int]
  }

  private static let most = 64

  private let known = Mutex<[Shape: Known]>([:])

  /// nil where it is to be compiled.
  func statement(_ query: FindQuery, _ visibility: Visibility, after mark: PageMark?) -> Statement? {
    guard mark == nil, let (shape, sought) = Self.shape(query, visibility),
      let known = known.withLock({ $0[shape] })
    else { return nil }
    var statement = known.statement
    for place in known.places { statement.values[place] = sought }
    return statement
  }

  /// `statement`: of the first page of a question, of the rows that all are told from.
  func keep(_ statement: Statement, of query: FindQuery, _ visibility: Visibility) {
    guard statement.compiler.judges.isEmpty, !statement.compiler.isBroad,
      let (shape, sought) = Self.shape(query, visibility)
    else { return }
    let places = statement.values.indices.filter { statement.values[$0] == sought }
    // A key that is not of the question's level is not asked.
    guard !places.isEmpty else { return }
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[shape] = Known(statement: statement, places: places)
    }
  }

  /// `sought`: the one text among the values of the statement.
  private static func shape(_ query: FindQuery, _ visibility: Visibility) -> (Shape, sought: DatabaseValue)? {
    // Only what is remembered itself is asked again.
    guard visibility.meetsContradictions != nil, query.options == MatchingOptions() else { return nil }
    var only: MatchingKey?
    for key in query.keys where key.matching != .universal {
      guard only == nil, QueryDriver.keys.contains(key.tag) else { return nil }
      only = key
    }
    guard let only, let value = only.onlyValue else { return nil }
    let vr: VR = only.tag == .patientID ? .lo : only.tag == .accessionNumber ? .sh : .ui
    let sought = MatchingForm.storable(MatchingForm.sought(value, vr: vr))
    guard !sought.isEmpty else { return nil }
    return (
      Shape(wording: visibility.wordingID, level: query.level, key: only.tag, returning: query.returning),
      sought.databaseValue
    )
  }
}
