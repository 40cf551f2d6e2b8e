// SPDX-License-Identifier: Apache-2.0

import DICOMData

@testable import Archive

extension Script {
  /// A key on what objects contradict each other in, on what is counted and collected, or on what leads to the rows.
  struct Key {
    let tag: DICOMData.Tag
    let vr: VR
    let values: [String]

    init(_ tag: DICOMData.Tag, _ vr: VR, _ values: String...) {
      (self.tag, self.vr, self.values) = (tag, vr, values)
    }

    private static let patient = [
      Key(.patientName, .pn, "Doe^John"), Key(.patientName, .pn, "Doe^Jane"), Key(.patientName, .pn, "山田^太郎"),
      Key(.patientName, .pn, "Doe*"), Key(.patientName, .pn, "*a*"), Key(.patientName, .pn, "D?e^J*"),
      Key(.patientComments, .lt, "o*"), Key(.patientID, .lo, "P1"),
    ]
    private static let study =
      patient + [
        Key(.studyDate, .da, "20260102-"), Key(.studyDate, .da, "20260101"), Key(.studyTime, .tm, "-11"),
        Key(.accessionNumber, .sh, "A1.1"), Key(.studyDescription, .lo, "Head"),
        Key(.studyInstanceUID, .ui, "1.0", "1.1", "1.2"), Key(.modalitiesInStudy, .cs, "CT"),
      ]
    private static let series = study + [Key(.modality, .cs, "MR"), Key(.seriesDescription, .lo, "*a*")]

    /// One for each level.
    static func some(_ random: inout SeededGenerator) -> [QueryRetrieveLevel: [Key]] {
      // In this order always, so that a seed draws the same keys again.
      [(QueryRetrieveLevel.patient, patient), (.study, study), (.series, series), (.image, series)]
        .reduce(into: [:]) { drawn, level in
          drawn[level.0] = level.1.randomElement(using: &random).map { [$0] }
        }
    }
  }
}
