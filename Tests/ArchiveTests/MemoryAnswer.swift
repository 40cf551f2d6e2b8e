// SPDX-License-Identifier: Apache-2.0

import DICOMData

@testable import Archive

/// One match: the objects that it stands for, as far as the caller may see them, and what is counted among them.
struct MemoryAnswer {
  private let group: [MemoryIndex.Entry]
  private let level: QueryRetrieveLevel
  private let layout: IndexLayout

  private static let levels: [IndexedAttribute.Level] = [.patient, .study, .series, .instance]

  init(of group: [MemoryIndex.Entry], at level: QueryRetrieveLevel, _ layout: IndexLayout) {
    self.group = group.sorted { $0.number < $1.number }
    self.level = level
    self.layout = layout
  }

  /// nil for what lies below the level, and for what is not indexed.
  func values(of tag: Tag) -> [String]? {
    if let counted = counted(tag) { return counted }
    guard let attribute = layout.byTag[tag], let first = group.first, let hierarchy = first.record.hierarchy,
      Self.levels.firstIndex(of: attribute.level) ?? 4 <= QueryRetrieveLevel.allCases.firstIndex(of: level) ?? 0
    else { return nil }
    if attribute.identifiesPatient {
      let value = tag == .patientID ? hierarchy.patient.id : hierarchy.patient.issuer
      return value.isEmpty ? [] : [value]
    }
    let rows = ["study": hierarchy.study, "series": hierarchy.series, "instance": first.record.values]
    guard let row = rows[attribute.table],
      let column = layout.columns(of: attribute.table).firstIndex(of: attribute.column), !row[column].isEmpty
    else { return [] }
    return row[column].split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
  }

  private func counted(_ tag: Tag) -> [String]? {
    func count(_ what: (MemoryIndex.Entry) -> String?) -> [String] { ["\(Set(group.compactMap(what)).count)"] }
    let study: (MemoryIndex.Entry) -> String? = { $0.record.hierarchy?.studyInstanceUID }
    // One Series Instance UID in two studies is two series.
    let series: (MemoryIndex.Entry) -> String? = { entry in
      entry.record.hierarchy.map { "\($0.studyInstanceUID) \($0.seriesInstanceUID)" }
    }
    switch (tag, level) {
    case (.numberOfPatientRelatedStudies, .patient): return count(study)
    case (.numberOfPatientRelatedSeries, .patient): return count(series)
    case (.numberOfPatientRelatedInstances, .patient), (.numberOfStudyRelatedInstances, .study),
      (.numberOfSeriesRelatedInstances, .series):
      return count(\.record.sopInstanceUID)
    case (.numberOfStudyRelatedSeries, .study): return count(series)
    case (.modalitiesInStudy, .study):
      return Set(group.flatMap { MemoryAnswer(of: [$0], at: .series, layout).values(of: .modality) ?? [] }).sorted()
    default: return nil
    }
  }
}
