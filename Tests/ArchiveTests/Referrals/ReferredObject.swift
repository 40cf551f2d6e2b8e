// SPDX-License-Identifier: Apache-2.0

import DICOMData

@testable import Archive

/// An object that says who asked for it.
struct ReferredObject: Sendable {
  var study = "1.1"
  var series = "1.1.1"
  var instance = "1.1.1.1"
  var patientID = "P1"
  var birthDate = ""
  var referring = ""
  var referringID = ""
  var scheme = ""
  var requesting = ""
  var requestingID = ""
  var institution = ""
  var modality = "CT"
  var responsible = ""
  var calling = "MODALITY"

  private var dataSet: [UInt8] {
    var builder = DataSetBuilder(characterSet: .utf8)
    builder.set(.specificCharacterSet, .cs, "ISO_IR 192")
    builder.set(.sopClassUID, .ui, Self.sopClass)
    builder.set(.sopInstanceUID, .ui, instance)
    builder.set(.modality, .cs, modality)
    builder.set(.institutionName, .lo, institution)
    builder.set(.referringPhysicianName, .pn, referring)
    if !referringID.isEmpty { builder.setSequence(DICOMData.Tag(0x0008, 0x0096), [person(referringID)]) }
    builder.set(.patientName, .pn, "Doe^John")
    builder.set(.patientID, .lo, patientID)
    builder.set(.patientBirthDate, .da, birthDate)
    builder.set(.responsiblePerson, .pn, responsible)
    builder.set(.studyInstanceUID, .ui, study)
    builder.set(.seriesInstanceUID, .ui, series)
    if !requestingID.isEmpty { builder.setSequence(DICOMData.Tag(0x0032, 0x1031), [person(requestingID)]) }
    builder.set(.requestingPhysician, .pn, requesting)
    return builder.encoded(as: .explicitVRLittleEndian)
  }

  private func person(_ id: String) -> DataSetBuilder {
    var code = DataSetBuilder(characterSet: .utf8)
    code.set(DICOMData.Tag(0x0008, 0x0100), .sh, id)
    code.set(DICOMData.Tag(0x0008, 0x0102), .sh, scheme)
    var person = DataSetBuilder(characterSet: .utf8)
    person.setSequence(DICOMData.Tag(0x0040, 0x1101), [code])
    return person
  }

  private static let sopClass = "1.2.840.10008.5.1.4.1.1.2"

  /// `sender`: nil for an operator.
  func store(in archive: Archive, from sender: Caller? = nil) async throws {
    let announcement = Announcement(
      sopClassUID: Self.sopClass, sopInstanceUID: instance,
      transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid, callingAETitle: calling)
    let reception = try await archive.receive(
      announcement, from: sender.map { .peer($0) } ?? .operator(.current, defaultIssuer: nil))
    try await reception.append(dataSet)
    _ = try await reception.commit()
  }
}
