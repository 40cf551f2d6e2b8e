// SPDX-License-Identifier: Apache-2.0

package import Archive
package import DICOMData
import DIMSE

/// The identifier of a C-MOVE-RQ or C-GET-RQ (PS3.4 C.4.2.1.4, C.4.3.1.3), judged by the hierarchical rule of C.4.2.2.1: one
/// value for the unique key of each level above, one value or a list of UIDs at the level itself.
package struct RetrieveIdentifier: Sendable, Equatable {
  package let level: QueryRetrieveLevel
  /// nil where the information model has no level of patients.
  package let patientID: String?
  /// nil where the identifier names none.
  package let issuerOfPatientID: String?
  /// Empty below the level.
  package let studyInstanceUIDs: [String]
  package let seriesInstanceUIDs: [String]
  package let sopInstanceUIDs: [String]

  private static let mostElements = 1000

  package init(
    reading bytes: [UInt8], transferSyntax: TransferSyntax, model: InformationModel, isRelational: Bool = false
  ) throws(ServiceFailure) {
    let dataSet = try Self.dataSet(bytes, transferSyntax)
    if model == .compositeInstanceRoot { try Self.refuseFrames(dataSet) }
    level = try QueryIdentifier.level(of: dataSet, in: model)
    var values: [QueryRetrieveLevel: [String]] = [:]
    var isBelow = false
    for step in model.levels {
      let found = dataSet.strings(step.uniqueKey).filter { !$0.isEmpty }
      guard !isBelow else {
        // To ignore it would send more than was asked for.
        guard found.isEmpty else { throw Self.refused("names a \(step.rawValue) below its level", step) }
        continue
      }
      isBelow = step == level
      // PS3.4 C.4.2.2.2: of the levels above any may be left out, and none needs to be one value, save the patient.
      if !isRelational || isBelow || !found.isEmpty { try Self.judge(found, of: step, isOwn: isBelow || isRelational) }
      values[step] = found
    }
    patientID = values[.patient]?.first
    issuerOfPatientID = dataSet.string(.issuerOfPatientID)
    studyInstanceUIDs = values[.study] ?? []
    seriesInstanceUIDs = values[.series] ?? []
    sopInstanceUIDs = values[.image] ?? []
  }

  private static func dataSet(_ bytes: [UInt8], _ syntax: TransferSyntax) throws(ServiceFailure) -> DataSet {
    do {
      var options = ReadingOptions.lenient
      options.longestIndex = mostElements
      return try DataSet(reading: bytes, transferSyntax: syntax, options: options)
    } catch  where error.reason == .tooManyElements(limit: mostElements) {
      throw ServiceFailure(.refusedOutOfResources, "the identifier has more than \(mostElements) elements")
    } catch {
      throw ServiceFailure(.cannotUnderstand, "the identifier cannot be read: \(error.reason)")
    }
  }

  private static func judge(
    _ values: [String], of step: QueryRetrieveLevel, isOwn: Bool
  ) throws(ServiceFailure) {
    guard !values.isEmpty else { throw refused("needs the unique key of level \(step.rawValue)", step) }
    // PS3.4 C.2.2.1.1: of patients there is no list.
    guard values.count == 1 || (isOwn && step != .patient) else {
      throw refused("needs one value at level \(step.rawValue)", step)
    }
    guard step != .patient, values.contains(where: { $0.contains { $0 == "*" || $0 == "?" } }) else { return }
    throw refused("takes no wildcards in UIDs", step)
  }

  /// PS3.4 annex Y: frames are named by exactly one of Simple Frame List, Calculated Frame List and Time Range, of one object.
  private static let frameKeys = [Tag(0x0008, 0x1161), Tag(0x0008, 0x1162), Tag(0x0008, 0x1163)]

  /// Frames are not taken out of objects here, whether or not there is such an object.
  private static func refuseFrames(_ dataSet: DataSet) throws(ServiceFailure) {
    let named = frameKeys.filter { (dataSet[$0]?.length ?? 0) > 0 }
    guard dataSet.string(.queryRetrieveLevel) == "FRAME" else {
      // To ignore them would send more than was asked for.
      guard let key = named.first else { return }
      throw ServiceFailure(
        .dataSetDoesNotMatchSOPClass, "a retrieve names frames above their level", offendingElements: [key])
    }
    guard named.count == 1, dataSet.strings(.sopInstanceUID).filter({ !$0.isEmpty }).count == 1 else {
      throw ServiceFailure(.invalidRequest, "level FRAME needs one SOP Instance UID and one list or range of frames")
    }
    throw ServiceFailure(
      .cannotExtractFrames, "this node sends whole objects: ask at level IMAGE",
      offendingElements: [.queryRetrieveLevel])
  }

  private static func refused(_ why: String, _ step: QueryRetrieveLevel) -> ServiceFailure {
    ServiceFailure(.dataSetDoesNotMatchSOPClass, "a retrieve \(why)", offendingElements: [step.uniqueKey])
  }
}

extension RetrieveIdentifier: CustomStringConvertible {
  /// For a person who reads the audit.
  package var description: String {
    let patient = patientID.map { ["PatientID=\($0)" + (issuerOfPatientID.map { " of \($0)" } ?? "")] } ?? []
    let lists = [
      ("StudyInstanceUID", studyInstanceUIDs), ("SeriesInstanceUID", seriesInstanceUIDs),
      ("SOPInstanceUID", sopInstanceUIDs),
    ]
    return
      ([level.rawValue] + patient
      + lists.compactMap { name, uids in
        uids.isEmpty ? nil : "\(name)=\(uids.joined(separator: "\\"))"
      }).joined(separator: "; ")
  }
}
