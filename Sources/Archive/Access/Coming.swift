// SPDX-License-Identifier: Apache-2.0

import DICOMData
import GRDB

/// When somebody will be of an age.
enum Coming {
  /// Seconds since 1970 of the beginning, in UTC, of the day on which the patient is so old.
  static func birthday(
    _ age: Int, of patient: PatientIdentity, _ given: String?, at time: Double, in database: Database
  ) throws -> Double {
    guard (1...120).contains(age) else { throw ArchiveError("\(age) is no age: --ends-at-age takes 1 to 120 years") }
    if let given {
      guard let day = day(given) else {
        throw ArchiveError("'\(given)' is no birth date: --birth-date takes YYYYMMDD or 2015-03-01")
      }
      // It is tomorrow in the east before it is in UTC.
      guard days(day) * 86_400 <= time + 86_400 else {
        throw ArchiveError("'\(given)' is to come: --birth-date says when the patient was born")
      }
    }
    guard let text = try given ?? known(of: patient, in: database), let day = day(text) else {
      throw ArchiveError("when \(patient) was born is not known here: say it with --birth-date YYYYMMDD")
    }
    return days((day.year + age, day.month, day.day)) * 86_400
  }

  /// The birth date that the patient's studies say.
  private static func known(of patient: PatientIdentity, in database: Database) throws -> String? {
    try String.fetchOne(
      database,
      sql: """
        SELECT k_00100030 FROM study JOIN patient ON patient.id = study.patient
        WHERE patient_id = ? AND issuer = ? AND sole_study = '' AND k_00100030 <> '' AND aside = 0
        ORDER BY received_demographics IS NULL, study.id
        """, arguments: [patient.id, patient.issuer])
  }

  /// A sentence where the patient's studies say another birth date than was given.
  static func contradiction(
    of patient: PatientIdentity, _ given: String, in database: Database
  ) throws -> String? {
    guard let known = try known(of: patient, in: database), let stored = day(known), let said = day(given),
      stored != said
    else { return nil }
    return "\(patient) was born \(text(stored)) by what is stored, and \(text(said)) by --birth-date, from which the "
      + "end is reckoned: collimator user link says it anew"
  }

  private static func text(_ day: (year: Int, month: Int, day: Int)) -> String {
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(day.year)-\(padded(day.month))-\(padded(day.day))"
  }

  private static func day(_ text: String) -> (year: Int, month: Int, day: Int)? {
    let digits = text.filter { $0 != "-" }
    guard digits.count == 8, let date = DICOMDate(digits), date.year >= 1800, let month = date.month, let day = date.day
    else { return nil }
    return (date.year, month, day)
  }

  /// Since 1970-01-01 in the Gregorian calendar; the 29th of February is the 1st of March where there is none.
  private static func days(_ date: (year: Int, month: Int, day: Int)) -> Double {
    let (y, m) = date.month > 2 ? (date.year, date.month - 3) : (date.year - 1, date.month + 9)
    return Double(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + date.day - 1 - 719_468)
  }
}
