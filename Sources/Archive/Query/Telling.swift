// SPDX-License-Identifier: Apache-2.0

/// From which rows a statement tells of patients, studies and series. Where all objects of a patient agree these are the rows
/// that the first object made. Where they do not, a caller who does not see all of a study is told what the earliest object
/// says that this caller sees: what a hidden one says neither is answered nor matches.
enum Telling: Sendable {
  /// Of whom nothing is contradicted, or by a caller to whom it makes no difference.
  case rows
  /// The others: see `Voices`.
  case voices

  /// The table of a level, by the name that it has in statements.
  func table(_ level: IndexedAttribute.Level) -> String {
    switch (self, level) {
    case (.voices, .study): "study_voice AS study"
    case (.voices, .series): "series_voice AS series"
    default: level.rawValue
    }
  }

  /// What an `instance` says of its modality, and of its study's date.
  static let ownModality = own("series.v_00080060", of: "series_voice", seriesVoice("instance"))
  static let ownStudyDate = own("study.k_00080020", of: "study_voice", studyVoice("instance"))

  private static func own(_ column: String, of table: String, _ voice: String) -> String {
    let name = column.drop { $0 != "." }.dropFirst()
    return """
      (CASE WHEN patient.is_contradicted = 0 THEN \(column)
        ELSE (SELECT own.\(name) FROM \(table) AS own WHERE own.voice = \(voice)) END)
      """
  }

  private static func seriesVoice(_ instance: String) -> String {
    """
    coalesce((SELECT series_voice FROM contradiction WHERE contradiction.instance = \(instance).id),
      -coalesce(\(instance).folded_from, \(instance).series))
    """
  }

  private static func studyVoice(_ instance: String) -> String {
    """
    coalesce((SELECT study_voice FROM contradiction WHERE contradiction.instance = \(instance).id),
      -(SELECT placed.received_study FROM series AS placed
        WHERE placed.id = coalesce(\(instance).folded_from, \(instance).series)))
    """
  }

  /// The voice of a `series` for a caller to whom a condition leaves instances: that of the earliest; NULL where it leaves none.
  static func seriesVoice(seenBy condition: String) -> String {
    """
    (SELECT \(seriesVoice("instance")) FROM instance WHERE instance.series = series.id AND \(condition)
      ORDER BY instance.id LIMIT 1)
    """
  }

  /// That of a `study`, or of a `patient`: the study voice of the earliest instance.
  static func studyVoice(of level: IndexedAttribute.Level, seenBy condition: String) -> String {
    let first = """
      (SELECT instance.id FROM instance WHERE instance.series = series.id AND \(condition) ORDER BY instance.id LIMIT 1)
      """
    let all =
      level == .patient
      ? "study CROSS JOIN series ON series.study = study.id WHERE study.patient = patient.id"
      : "series WHERE series.study = study.id"
    return "(SELECT \(studyVoice("told")) FROM instance AS told WHERE told.id = (SELECT MIN(\(first)) FROM \(all)))"
  }

  /// The study voice of the earliest instance of a study of which `base` is the row's own voice: asked once a study, however
  /// many voices it has.
  static func studyVoice(ofBaseSeenBy condition: String) -> String {
    """
    (SELECT \(studyVoice("told")) FROM instance AS told WHERE told.id = (SELECT MIN(
        (SELECT instance.id FROM instance WHERE instance.series = series.id AND \(condition) ORDER BY instance.id LIMIT 1))
      FROM study_voice AS study CROSS JOIN series ON series.study = study.id WHERE study.voice = base.voice))
    """
  }

  /// The same of a series of which `begun` is the row's own voice.
  static func seriesVoice(ofBegunSeenBy condition: String) -> String {
    "(SELECT \(seriesVoice(seenBy: condition)) FROM series_voice AS series WHERE series.voice = begun.voice)"
  }
}
