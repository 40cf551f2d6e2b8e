// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// A part of the archive, as its operator names it.
package enum ArchiveSelection: Sendable {
  case everything
  /// Without an issuer, where one issuer alone has such an ID; "" is an ID that came without one.
  case patient(id: String, issuer: String?)
  case study(uid: String)
  case series(uid: String)
  case instance(uid: String)
  case matching([MatchingKey])

  /// What a tombstone says was deleted.
  var level: String {
    switch self {
    case .everything: "everything"
    case .patient: "patient"
    case .study: "study"
    case .series: "series"
    case .instance: "instance"
    case .matching: "filter"
    }
  }
}

/// One stored object as an operation needs it.
struct SelectedInstance: Sendable {
  let id: Int64
  let object: ObjectKey
  let sopClassUID: String
  let sopInstanceUID: String
  let transferSyntaxUID: String
  let digest: [UInt8]
  let size: Int
  let isMissing: Bool
  /// Whether an administrator chose it among the versions of its object.
  let isChosen: Bool
  /// nil for objects that belong to no patient.
  let place: Place?

  struct Place: Hashable, Sendable {
    let patient: Int64
    let study: Int64
    let series: Int64
    /// The rows under which it was received, where a correction shows it under others.
    let receivedPatient: Int64
    let receivedStudy: Int64
    let receivedSeries: Int64
    let studyInstanceUID: String
    let seriesInstanceUID: String
  }

  init(_ row: Row) {
    id = row["id"]
    object = ObjectKey(name: row["object"])
    sopClassUID = row["sop_class"]
    sopInstanceUID = row["sop_instance"]
    transferSyntaxUID = row["transfer_syntax"]
    digest = Array(row["digest"] as Data)
    size = row["size"]
    isMissing = (row["fault"] as Int) != 0
    isChosen = (row["preference"] as Int) < 0
    if let series = row["series"] as Int64?, let study = row["study"] as Int64?, let patient = row["patient"] as Int64?
    {
      place = Place(
        patient: patient, study: study, series: series, receivedPatient: row["received_patient"] ?? patient,
        receivedStudy: row["received_study"] ?? study, receivedSeries: row["received_series"] ?? series,
        studyInstanceUID: row["study_uid"],
        seriesInstanceUID: row["series_uid"])
    } else {
      place = nil
    }
  }
}
