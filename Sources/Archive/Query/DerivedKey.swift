// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Attributes that no object has: they are counted and collected over what the caller may see (PS3.4 C.6.1.1, C.6.2.1).
enum DerivedKey {
  static func expression(
    for tag: Tag, _ visibility: Visibility
  ) -> (level: IndexedAttribute.Level, sql: String)? {
    switch tag {
    case .numberOfPatientRelatedStudies: (.patient, ofPatient("COUNT(DISTINCT study.id)", visibility))
    case .numberOfPatientRelatedSeries: (.patient, ofPatient("COUNT(DISTINCT series.id)", visibility))
    case .numberOfPatientRelatedInstances: (.patient, ofPatient("COUNT(DISTINCT instance.v_00080018)", visibility))
    case .numberOfStudyRelatedSeries: (.study, ofStudy("COUNT(DISTINCT series.id)", visibility))
    case .numberOfStudyRelatedInstances: (.study, ofStudy("COUNT(DISTINCT instance.v_00080018)", visibility))
    case .modalitiesInStudy:
      (.study, ofStudy("replace(group_concat(DISTINCT NULLIF(series.v_00080060, '')), ',', '\\')", visibility))
    case .sopClassesInStudy:
      (.study, ofStudy("replace(group_concat(DISTINCT instance.v_00080016), ',', '\\')", visibility))
    case .numberOfSeriesRelatedInstances:
      (
        .series,
        """
        (SELECT COUNT(DISTINCT instance.v_00080018) FROM instance
          WHERE instance.series = series.id AND instance.fault = 0 AND \(visibility.counted))
        """
      )
    // Available Transfer Syntax UID.
    case Tag(0x0008, 0x3002): (.instance, "instance.transfer_syntax")
    default: nil
    }
  }

  private static func ofStudy(_ aggregate: String, _ visibility: Visibility) -> String {
    """
    (SELECT \(aggregate) FROM series JOIN instance ON instance.series = series.id AND instance.fault = 0
      WHERE series.study = study.id AND \(visibility.counted))
    """
  }

  private static func ofPatient(_ aggregate: String, _ visibility: Visibility) -> String {
    """
    (SELECT \(aggregate) FROM study JOIN series ON series.study = study.id
      JOIN instance ON instance.series = series.id AND instance.fault = 0
      WHERE study.patient = patient.id AND \(visibility.instance))
    """
  }
}
