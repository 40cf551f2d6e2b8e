// SPDX-License-Identifier: Apache-2.0

import GRDB

/// In which order rows come, so that a page begins where the last one ended.
///
/// A row has its number since its first object came. Who sees all of what is seen in part sees that one too, and is answered in
/// the order of numbers, which costs nothing. To anybody else that order would tell that something hidden came earlier: they
/// are answered in the order of names, in which nothing hidden has a part.
struct PageOrder {
  /// Of the index by which rows come, in front of all else; nil where they come by names or numbers alone.
  private let key: String?
  private let number: String
  private let names: [Name]

  /// A column, and where a selected row has it.
  private struct Name {
    let column: String
    let place: Int
  }

  /// `study`: the table that a study's row is found by.
  init(_ level: IndexedAttribute.Level, study: String, key: String?, number: String, isByNames: Bool) {
    self.key = key
    self.number = number
    names = isByNames ? Self.names(of: level, study: study) : []
  }

  var isByNames: Bool { !names.isEmpty }

  /// `isSorted`: few rows are gone through in another order, which SQLite is not to leave for an index in this one.
  func columns(isSorted: Bool) -> String { ([key].compactMap(\.self) + own(isSorted)).joined(separator: ", ") }

  /// Behind the last row of the page before; of rows with one key where they come by a key.
  func behind(_ mark: PageMark?, isSorted: Bool) -> (sql: String, arguments: [DatabaseValue]) {
    let last = (mark?.value ?? 0).databaseValue
    guard isByNames else { return ("\(number) > ?", [last]) }
    let marks = Array(repeating: "?", count: names.count + 1).joined(separator: ", ")
    let values = names.indices.map { index in
      (mark?.names.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? "").databaseValue
    }
    return ("(\(own(isSorted).joined(separator: ", "))) > (\(marks))", values + [last])
  }

  func mark(at row: SelectedRow) -> PageMark {
    PageMark(
      value: row.integer(QueryCompiler.Place.number), key: row.text(QueryCompiler.Place.key),
      names: isByNames ? names.map { row.text($0.place) } : nil)
  }

  /// As SQLite has them in order: by the bytes of texts, then the number.
  func isBefore(_ one: SelectedRow, _ other: SelectedRow) -> Bool {
    for place in [QueryCompiler.Place.key] + names.map(\.place) {
      let (text, otherText) = (one.text(place).utf8, other.text(place).utf8)
      guard text.elementsEqual(otherText) else { return text.lexicographicallyPrecedes(otherText) }
    }
    return one.integer(QueryCompiler.Place.number) < other.integer(QueryCompiler.Place.number)
  }

  private func own(_ isSorted: Bool) -> [String] {
    isByNames && isSorted ? names.map { "+\($0.column)" } + ["+\(number)"] : names.map(\.column) + [number]
  }

  private static func names(of level: IndexedAttribute.Level, study: String) -> [Name] {
    switch level {
    case .patient:
      [
        Name(column: "patient.patient_id", place: QueryCompiler.Place.patientID),
        Name(column: "patient.issuer", place: QueryCompiler.Place.issuer),
        Name(column: "patient.sole_study", place: QueryCompiler.Place.soleStudy),
      ]
    case .study, .series:
      [
        // What an object says of its study names neither it nor its patient: all voices have these alike.
        Name(column: named(level.uniqueName, study), place: QueryCompiler.Place.uid),
        Name(column: named(level.fullName, study), place: QueryCompiler.Place.name),
      ]
    // Each is an object itself: those that are seen come in the order of their arrival, whatever came between.
    case .instance: []
    }
  }

  private static func named(_ column: String, _ study: String) -> String {
    study == "study" ? column : column.replacing("study.", with: "\(study).")
  }
}

extension IndexedAttribute.Level {
  private static let person = "patient.patient_id || char(31) || patient.issuer || char(31) || patient.sole_study"
  /// Several rows bear one UID: of several patients, and aside.
  private static let whose = "study.aside || char(31) || \(person)"

  /// Of a row, as the Standard names it.
  var uniqueName: String {
    switch self {
    case .patient: "patient.patient_id"
    case .study: "study.v_0020000d"
    case .series: "series.v_0020000e"
    case .instance: "''"
    }
  }

  /// What tells it from all others.
  var fullName: String {
    switch self {
    case .patient: Self.person
    case .study: "\(uniqueName) || char(31) || \(Self.whose)"
    case .series: "\(uniqueName) || char(31) || study.v_0020000d || char(31) || \(Self.whose)"
    case .instance: "''"
    }
  }
}
