// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData

/// What a retrieve asks for: the deepest level that is named, with what stands above it (PS3.4 C.4.2.1.4).
package struct WantedObjects: Sendable {
  /// nil asks in the Study Root information model.
  package let patientID: String?
  package let issuerOfPatientID: String?
  package let studyInstanceUIDs: [String]
  package let seriesInstanceUIDs: [String]
  package let sopInstanceUIDs: [String]

  package init(
    patientID: String? = nil, issuerOfPatientID: String? = nil, studyInstanceUIDs: [String],
    seriesInstanceUIDs: [String] = [], sopInstanceUIDs: [String] = []
  ) {
    self.patientID = patientID
    self.issuerOfPatientID = issuerOfPatientID
    self.studyInstanceUIDs = studyInstanceUIDs
    self.seriesInstanceUIDs = seriesInstanceUIDs
    self.sopInstanceUIDs = sopInstanceUIDs
  }

  package var isPatientRoot: Bool { patientID != nil }

  package var level: QueryRetrieveLevel {
    if !sopInstanceUIDs.isEmpty { return .image }
    if !seriesInstanceUIDs.isEmpty { return .series }
    return studyInstanceUIDs.isEmpty ? .patient : .study
  }

  package var identifier: DataSetBuilder { identifier(at: level) }

  /// The keys that are named, at a level.
  func identifier(at level: QueryRetrieveLevel) -> DataSetBuilder {
    var identifier = DataSetBuilder(characterSet: .utf8)
    if let patientID, !patientID.utf8.allSatisfy({ $0 < 0x80 }) {
      identifier.set(.specificCharacterSet, .cs, "ISO_IR 192")
    }
    identifier.set(.queryRetrieveLevel, .cs, level.rawValue)
    if let patientID { identifier.set(.patientID, .lo, patientID) }
    if let issuerOfPatientID { identifier.set(.issuerOfPatientID, .lo, issuerOfPatientID) }
    let lists = [
      (Tag.studyInstanceUID, studyInstanceUIDs), (.seriesInstanceUID, seriesInstanceUIDs),
      (.sopInstanceUID, sopInstanceUIDs),
    ]
    for (tag, uids) in lists where !uids.isEmpty { identifier.set(tag, .ui, uids) }
    return identifier
  }

  /// The same patient's, elsewhere.
  func narrowed(study: String, series: String? = nil, instances: [String] = []) -> WantedObjects {
    WantedObjects(
      patientID: patientID, issuerOfPatientID: issuerOfPatientID, studyInstanceUIDs: [study],
      seriesInstanceUIDs: series.map { [$0] } ?? [], sopInstanceUIDs: instances)
  }
}
