// SPDX-License-Identifier: Apache-2.0

/// The statements that keep voices, for the columns that an index has; written once.
struct VoiceStatements: Sendable {
  let study: [String]
  let series: [String]
  let demographics: Set<String>
  /// Where a study's row is shown, and what it says; `:study`.
  let standingStudy: String
  /// What a series' row says; `:series`.
  let standingSeries: String
  /// The voice `:voice` of a study's row `:row` that says `:said`; what a correction says of the patient is not gainsaid.
  let putStudy: String
  let putSeries: String
  /// Whether a study says otherwise of its patient than another of the patient's; `:study`.
  let differsFromAnother: String
  /// Of the studies `:studies`, some of the different things that they say of their patient.
  let sayings: String
  /// The patients of whom studies say different things.
  let divided: String

  init(study: [String], series: [String], demographics: [String]) {
    self.study = study
    self.series = series
    self.demographics = Set(demographics)
    let known = Set(demographics)
    standingStudy = """
      SELECT shown.patient, patient.is_contradicted, study.received_demographics\(study.map { ", study.\($0)" }.joined())
      FROM study JOIN study AS shown ON shown.id = coalesce(study.folded_into, study.id)
        JOIN patient ON patient.id = shown.patient WHERE study.id = :study
      """
    standingSeries = "SELECT \((["id"] + series).joined(separator: ", ")) FROM series WHERE id = :series"
    putStudy = Self.puttingStudy(study, known)
    putSeries = Self.puttingSeries(series)
    let differ = demographics.map { "one.\($0) <> other.\($0)" }.joined(separator: " OR ")
    differsFromAnother = """
      SELECT 1 FROM study AS one CROSS JOIN study AS other
        ON other.id = (SELECT MIN(any.id) FROM study AS any WHERE any.patient = one.patient AND any.id <> one.id)
      WHERE one.id = :study AND (\(demographics.isEmpty ? "0" : differ))
      """
    let all = demographics.isEmpty ? "0" : demographics.joined(separator: ", ")
    sayings = "SELECT DISTINCT \(all) FROM study WHERE id IN (SELECT value FROM json_each(:studies)) LIMIT 2"
    divided = """
      SELECT patient FROM (SELECT DISTINCT patient, \(all) FROM study WHERE patient IS NOT NULL)
      GROUP BY patient HAVING COUNT(*) > 1
      """
  }

  private static func puttingStudy(_ study: [String], _ known: Set<String>) -> String {
    """
    INSERT INTO study_voice (voice, received, said, id, patient, aside\(study.map { ", \($0)" }.joined()))
    SELECT :voice, study.id, :said, shown.id, shown.patient, study.aside\(study.map { column in
        let said = "coalesce(json_extract(:said, '$.\(column)'), study.\(column))"
        guard known.contains(column) else { return ", \(said)" }
        return ", CASE WHEN study.received_demographics IS NULL THEN \(said) ELSE study.\(column) END"
      }.joined())
    FROM study JOIN study AS shown ON shown.id = coalesce(study.folded_into, study.id) WHERE study.id = :row
    """
  }

  private static func puttingSeries(_ series: [String]) -> String {
    """
    INSERT INTO series_voice (voice, received, said, id, study\(series.map { ", \($0)" }.joined()))
    SELECT :voice, series.id, :said, shown.id, shown.study\(series.map { column in
        ", coalesce(json_extract(:said, '$.\(column)'), series.\(column))"
      }.joined())
    FROM series JOIN series AS shown ON shown.id = coalesce(series.folded_into, series.id) WHERE series.id = :row
    """
  }
}
