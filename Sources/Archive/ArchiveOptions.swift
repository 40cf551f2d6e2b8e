// SPDX-License-Identifier: Apache-2.0

/// What an archive is told when it is opened.
package struct ArchiveOptions: Sendable {
  /// Bytes of the disk that are to stay free: below, objects are refused and questions still answered. 0 for none.
  package var reserve: Int
  /// Attributes to index beside the Standard's; nil for those that the index has.
  package var furtherKeys: [FurtherKey]?
  /// Who decodes pixel data where objects are compared; nil for nobody.
  package var samples: (any SampleReading)?
  /// Bytes of a segment of the arrivals log; nil for the usual.
  package var arrivalsSegmentSize: Int?
  /// Bytes that are held ready to be given up by a deletion on a full disk, and as many again for the audit.
  package var spareSpace: Int
  /// Pages of SQLite's log that go into the database together.
  package var logPages: Int
  /// Files up to which a start compares them with the index.
  var comparesUpTo = 100_000
  /// How the clauses of the predicate are written: as they are, but where it is shown that each is missed.
  var rewriting = ClauseRewriting.none
  /// Rows of a page: few, where it is shown what pages tell.
  var pageSize = QueryCompiler.pageSize

  package init(
    reserve: Int = 0, furtherKeys: [FurtherKey]? = nil, samples: (any SampleReading)? = nil,
    arrivalsSegmentSize: Int? = nil, spareSpace: Int = 16 << 20, logPages: Int? = nil
  ) {
    self.logPages = logPages ?? LogCheckpoints.usualPages
    self.reserve = reserve
    self.furtherKeys = furtherKeys
    self.samples = samples
    self.arrivalsSegmentSize = arrivalsSegmentSize
    self.spareSpace = spareSpace
  }
}
