// SPDX-License-Identifier: Apache-2.0

import GRDB

extension SQLiteIndex {
  /// One page of a question, judged and copied while the statement goes on.
  static func page(
    of query: FindQuery, in layout: IndexLayout, for visibility: Visibility, after mark: PageMark?,
    _ known: KnownStatements, in database: Database
  ) throws -> FindPage {
    var statements = try PageStatements(query, layout, visibility, after: mark, known, in: database)
    var rows = CopiedRows(
      width: statements.compiler.columns.width, isOneEach: query.level == .patient || query.level == .study)
    var count = 0
    var last = mark ?? PageMark(value: 0)
    let pageSize = statements.compiler.pageSize
    let order = statements.compiler.order
    while rows.count < pageSize, count < statements.compiler.limit, let row = try statements.next() {
      count += 1
      last = order.mark(at: row)
      guard statements.compiler.judges.allSatisfy({ $0.matches { row.text(QueryCompiler.Place.firstValue + $0) } })
      else {
        continue
      }
      rows.append(row, adjusted: statements.compiler.adjustments)
    }
    let compiler = statements.compiler
    let isFull = count == compiler.limit || rows.count == pageSize
    return FindPage(
      values: rows.inOrder(compiler.columns), next: compiler.next(after: last, isFull: isFull),
      disclosure: try AuditDisclosure(
        of: rows.subjects, withIDs: rows.ids, at: query.level, to: visibility, in: database))
  }
}

/// The rows of a page in one piece of memory, as they are met.
private struct CopiedRows {
  private typealias Place = QueryCompiler.Place

  let width: Int
  /// Each row has a subject of its own: of a patient or a study, not of one's series.
  let isOneEach: Bool
  private(set) var ids: [Int64] = []
  /// Whose they are, each once.
  private(set) var subjects: [AuditSubject] = []
  private var met: Set<AuditSubject> = []
  private var names: [String] = []
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  init(width: Int, isOneEach: Bool) {
    self.width = width
    self.isOneEach = isOneEach
    ends.reserveCapacity(width * 64)
  }

  var count: Int { ids.count }

  mutating func append(_ row: SelectedRow, adjusted: [Int: TimeAdjustment]) {
    let (key, name) = (row.text(Place.key), row.text(Place.name))
    names.append(key.isEmpty ? name : "\(key)\u{1F}\(name)")
    ids.append(row.integer(Place.own))
    let subject = AuditSubject(
      PatientIdentity(
        stored: row.text(Place.patientID), issuer: row.text(Place.issuer), soleStudy: row.text(Place.soleStudy)),
      studyInstanceUID: row.text(Place.studyInstanceUID))
    if isOneEach || (subject != subjects.last && met.insert(subject).inserted) { subjects.append(subject) }
    for column in 0..<width {
      if !adjusted.isEmpty, let adjustment = adjusted[column] {
        bytes += adjustment.text { row.text(QueryCompiler.Place.firstValue + $0) }.utf8
      } else {
        row.append(QueryCompiler.Place.firstValue + column, to: &bytes)
      }
      ends.append(bytes.count)
    }
  }

  /// By key and name; those of one name stay as they were met.
  func inOrder(_ columns: FindColumns) -> FindValues {
    let order = names.indices.sorted { (names[$0], $0) < (names[$1], $1) }
    guard !order.elementsEqual(names.indices) else { return FindValues(columns: columns, bytes: bytes, ends: ends) }
    var sorted: [UInt8] = []
    var sortedEnds: [Int] = []
    sorted.reserveCapacity(bytes.count)
    sortedEnds.reserveCapacity(ends.count)
    for row in order {
      for place in row * width..<(row + 1) * width {
        sorted += bytes[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
        sortedEnds.append(sorted.count)
      }
    }
    return FindValues(columns: columns, bytes: sorted, ends: sortedEnds)
  }
}
