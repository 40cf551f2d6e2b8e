// SPDX-License-Identifier: Apache-2.0

import Access
import GRDB

extension AuditDisclosure {
  /// Of rows of an answer, by the ids that they have at their level: which of the caller's grants opened them, asked in the
  /// statement's own snapshot.
  init(
    of subjects: [AuditSubject], withIDs ids: [Int64], at level: QueryRetrieveLevel, to visibility: Visibility,
    in database: Database
  ) throws {
    self.init(
      subjects: subjects, grants: try visibility.grants(opening: ids, at: level, most: Self.mostGrants, in: database))
  }

  /// Of objects that are to be sent.
  init(
    of instances: [ServedInstance], withIDs ids: [Int64], to visibility: Visibility, in database: Database
  ) throws {
    self.init(
      subjects: [AuditSubject](of: instances),
      grants: try visibility.grants(
        opening: ids, at: .image, most: Self.mostGrants * SelectionCompiler.pagesAtOnce, in: database))
  }

  /// A record names no more of them for each page of rows.
  static let mostGrants = 100
}
