// SPDX-License-Identifier: Apache-2.0

/// Of whoever has something of a study aside, and sees of it what others sent: to them both are one study, one series and one
/// object, for these have one unique key (PS3.4 C.2.2.1.1). The row of the others tells of it, and what is counted and collected is
/// of both. It follows from what the caller sees alone.
extension Visibility {
  /// That the row is not told of by another one: that of the others, where the caller sees it; nil where there is none to ask of.
  func isTold(at level: IndexedAttribute.Level) -> String? {
    guard hasAside, level != .patient else { return nil }
    return """
      (study.aside = 0 OR NOT EXISTS (SELECT 1 \(bothRows(of: level)) WHERE study.aside = 0 AND \(instance)))
      """
  }

  /// What is derived of one row or, where another one is the same study, of both.
  func both(_ one: String, _ both: @autoclosure () -> String) -> String {
    guard hasAside else { return one }
    return """
      (CASE WHEN EXISTS (SELECT 1 FROM study AS own WHERE own.v_0020000d = study.v_0020000d AND own.patient = study.patient
        AND own.aside IN (0, :caller) AND own.aside <> study.aside) THEN \(both()) ELSE \(one) END)
      """
  }

  /// Down to the instances below what the row is of, whosever rows they are in: each is judged by its own.
  func bothRows(of level: IndexedAttribute.Level) -> String {
    let series = level.depth > IndexedAttribute.Level.study.depth
    let this = [
      "study.v_0020000d AS study_uid", "study.patient AS whose",
      series ? "series.v_0020000e AS series_uid" : nil, level == .instance ? "instance.v_00080018 AS uid" : nil,
    ].compactMap(\.self)
    return """
      FROM (SELECT \(this.joined(separator: ", "))) AS this \(Self.bothStudies)
        CROSS JOIN series ON series.study = study.id\(series ? " AND series.v_0020000e = this.series_uid" : "")
        CROSS JOIN instance ON instance.series = series.id\(level == .instance ? " AND instance.v_00080018 = this.uid" : "")
      """
  }

  /// The series of a study, as they are told of, and that something of them is seen.
  var bothSeries: (rows: String, areSeen: String) {
    (
      """
      (SELECT study.v_0020000d AS study_uid, study.patient AS whose) AS this \(Self.bothStudies)
        CROSS JOIN \(telling.table(.series)) ON series.study = study.id
      """,
      telling == .rows ? "EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id AND \(instance))" : series
    )
  }

  private static let bothStudies = """
    CROSS JOIN study ON study.v_0020000d = this.study_uid AND study.patient = this.whose
    """
}
