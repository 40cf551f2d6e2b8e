// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Attributes that no object has: they are counted and collected over what the caller may see (PS3.4 C.6.1.1, C.6.2.1).
///
/// An object whose file is gone is counted: a retrieve counts it too, and says that it failed.
enum DerivedKey {
  /// Anatomic Regions in Study Code Sequence: an item for each region that a series of the study names in its own.
  static let anatomicRegionsInStudy = Tag(0x0008, 0x0063)
  static let anatomicRegion = Tag(0x0008, 0x2218)

  /// The values of one attribute in the items of all series. `members`: all that the items have; the same series come in the same
  /// order for each of them, which is that of what they say, so that it tells of nothing else.
  static func anatomicRegions(
    _ member: IndexedAttribute, among members: [IndexedAttribute], _ visibility: Visibility
  ) -> String {
    let columns = members.map(\.column)
    let said = columns.map { "series.\($0) <> ''" }.joined(separator: " OR ")
    let collected = { (tables: String, condition: String) in
      """
      (SELECT group_concat(\(member.column), '\\') FROM (
        SELECT DISTINCT \(columns.map { "series.\($0) AS \($0)" }.joined(separator: ", "))
        FROM \(tables)
        WHERE \(condition) AND (\(said))
        ORDER BY \((1...max(columns.count, 1)).map(String.init).joined(separator: ", "))))
      """
    }
    return visibility.both(
      collected(
        visibility.telling.table(.series), "series.study = study.id AND \(isSeen(visibility))"),
      collected(visibility.bothSeries.rows, visibility.bothSeries.areSeen))
  }

  static func expression(
    for tag: Tag, _ visibility: Visibility
  ) -> (level: IndexedAttribute.Level, sql: String)? {
    switch tag {
    case .numberOfPatientRelatedStudies:
      (.patient, ofPatient("COUNT(DISTINCT \(visibility.hasAside ? "study.v_0020000d" : "study.id"))", visibility))
    case .numberOfPatientRelatedSeries:
      (
        .patient,
        ofPatient(
          "COUNT(DISTINCT \(visibility.hasAside ? "study.v_0020000d || char(31) || series.v_0020000e" : "series.id"))",
          visibility)
      )
    case .numberOfPatientRelatedInstances: (.patient, ofPatient("COUNT(DISTINCT instance.v_00080018)", visibility))
    case .numberOfStudyRelatedSeries:
      (
        .study,
        visibility.both(
          "(SELECT COUNT(*) FROM series WHERE series.study = study.id AND \(hasInstances(visibility)))",
          counted("series.v_0020000e", .study, visibility))
      )
    case .numberOfStudyRelatedInstances:
      (
        .study,
        visibility.both(
          """
          (SELECT COUNT(DISTINCT instance.v_00080018) FROM series JOIN instance ON instance.series = series.id
            WHERE series.study = study.id AND \(visibility.counted))
          """, counted("instance.v_00080018", .study, visibility))
      )
    case .modalitiesInStudy: (.study, modalities(visibility))
    case .sopClassesInStudy:
      (
        .study,
        visibility.both(
          collected(
            "instance.v_00080016", "FROM series JOIN instance ON instance.series = series.id",
            "series.study = study.id AND \(visibility.counted)"),
          collected("instance.v_00080016", visibility.bothRows(of: .study), visibility.instance))
      )
    case .numberOfSeriesRelatedInstances:
      (
        .series,
        visibility.both(
          """
          (SELECT COUNT(DISTINCT instance.v_00080018) FROM instance
            WHERE instance.series = series.id AND \(visibility.counted))
          """, counted("instance.v_00080018", .series, visibility))
      )
    // Available Transfer Syntax UID.
    case Tag(0x0008, 0x3002): (.instance, "instance.transfer_syntax")
    default: nil
    }
  }

  /// Instance Availability (0008,0056) of what a row stands for: the least of what is below it (PS3.3 C.4.23.1.1).
  static func availability(at level: IndexedAttribute.Level, _ visibility: Visibility) -> String {
    let below = "JOIN instance ON instance.series = series.id"
    let isFaulty =
      switch level {
      case .instance: "instance.fault <> 0"
      case .series:
        visibility.both(
          faulty("FROM instance", "instance.series = series.id AND \(visibility.counted)", visibility),
          faulty(visibility.bothRows(of: .series), visibility.instance, visibility))
      case .study:
        visibility.both(
          faulty("FROM series \(below)", "series.study = study.id AND \(visibility.counted)", visibility),
          faulty(visibility.bothRows(of: .study), visibility.instance, visibility))
      case .patient:
        faulty(
          "FROM study JOIN series ON series.study = study.id \(below)",
          "study.patient = patient.id AND \(visibility.toldInstance)", visibility)
      }
    // Asked once in a statement: nearly always nothing is faulty.
    let anyFaulty = "(SELECT EXISTS (SELECT 1 FROM instance INDEXED BY instance_by_fault WHERE fault <> 0))"
    return "CASE WHEN \(anyFaulty) AND \(isFaulty) THEN 'UNAVAILABLE' ELSE 'ONLINE' END"
  }

  private static func faulty(_ tables: String, _ place: String, _ visibility: Visibility) -> String {
    """
    EXISTS (SELECT 1 \(tables) WHERE +instance.fault <> 0 AND \(place) AND NOT EXISTS (
      SELECT 1 FROM instance AS other WHERE other.v_00080018 = instance.v_00080018
        AND +other.series = instance.series AND +other.fault = 0 AND \(visibility.otherVersion)))
    """
  }

  private static func hasInstances(_ visibility: Visibility) -> String {
    "EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id AND \(visibility.counted))"
  }

  private static func isSeen(_ visibility: Visibility) -> String {
    visibility.telling == .rows ? hasInstances(visibility) : visibility.series
  }

  /// Without an order of its own, it is sorted.
  private static func collected(_ column: String, _ tables: String, _ condition: String) -> String {
    """
    (SELECT group_concat(value, '\\') FROM (SELECT DISTINCT \(column) AS value \(tables)
      WHERE \(condition) ORDER BY value))
    """
  }

  private static func modalities(_ visibility: Visibility) -> String {
    let (rows, areSeen) = visibility.bothSeries
    let isSaid = "series.v_00080060 <> ''"
    return visibility.both(
      collected(
        "series.v_00080060", "FROM \(visibility.telling.table(.series))",
        "series.study = study.id AND \(isSaid) AND \(isSeen(visibility))"),
      collected("series.v_00080060", "FROM \(rows)", "\(isSaid) AND \(areSeen)"))
  }

  /// Of the rows of one study, or of one series of it.
  private static func counted(
    _ column: String, _ level: IndexedAttribute.Level, _ visibility: Visibility
  ) -> String {
    "(SELECT COUNT(DISTINCT \(column)) \(visibility.bothRows(of: level)) WHERE \(visibility.instance))"
  }

  private static func ofPatient(_ aggregate: String, _ visibility: Visibility) -> String {
    """
    (SELECT \(aggregate) FROM study JOIN series ON series.study = study.id
      JOIN instance ON instance.series = series.id
      WHERE study.patient = patient.id AND \(visibility.toldInstance))
    """
  }
}
