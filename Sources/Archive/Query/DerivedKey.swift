// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Attributes that no object has: they are counted and collected over what the caller may see (PS3.4 C.6.1.1, C.6.2.1).
///
/// Grants open whole studies, so below a visible study nothing is hidden; above one, each study is asked about again.
enum DerivedKey {
  static func expression(for tag: Tag) -> (level: IndexedAttribute.Level, sql: String)? {
    switch tag {
    case .numberOfPatientRelatedStudies: (.patient, ofPatient("COUNT(DISTINCT study.id)"))
    case .numberOfPatientRelatedSeries: (.patient, ofPatient("COUNT(DISTINCT series.id)"))
    case .numberOfPatientRelatedInstances: (.patient, ofPatient("COUNT(DISTINCT instance.v_00080018)"))
    case .numberOfStudyRelatedSeries: (.study, ofStudy("COUNT(DISTINCT series.id)"))
    case .numberOfStudyRelatedInstances: (.study, ofStudy("COUNT(DISTINCT instance.v_00080018)"))
    case .modalitiesInStudy:
      (.study, ofStudy("replace(group_concat(DISTINCT NULLIF(series.v_00080060, '')), ',', '\\')"))
    case .sopClassesInStudy: (.study, ofStudy("replace(group_concat(DISTINCT instance.v_00080016), ',', '\\')"))
    case .numberOfSeriesRelatedInstances:
      (
        .series,
        "(SELECT COUNT(DISTINCT i.v_00080018) FROM instance AS i WHERE i.series = series.id AND i.fault = 0)"
      )
    // Available Transfer Syntax UID.
    case Tag(0x0008, 0x3002): (.instance, "instance.transfer_syntax")
    default: nil
    }
  }

  private static func ofStudy(_ aggregate: String) -> String {
    """
    (SELECT \(aggregate) FROM series JOIN instance ON instance.series = series.id AND instance.fault = 0
      WHERE series.study = study.id)
    """
  }

  private static func ofPatient(_ aggregate: String) -> String {
    """
    (SELECT \(aggregate) FROM study JOIN series ON series.study = study.id
      JOIN instance ON instance.series = series.id AND instance.fault = 0
      WHERE study.patient = patient.id AND \(Visibility.condition))
    """
  }
}
