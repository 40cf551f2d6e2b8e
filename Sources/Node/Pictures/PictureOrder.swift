// SPDX-License-Identifier: Apache-2.0

/// A picture of something that is stored, as it is ordered at the command line.
package struct PictureOrder: Codable, Sendable {
  package enum ValuesOfInterest: Codable, Sendable, Hashable {
    case asStored
    /// In the units of the modality.
    case window(center: Double, width: Double)
    /// From 0 on.
    case lookupTable(Int)
    case allValues
  }

  package enum Format: String, Codable, Sendable {
    case png
    case jpeg
  }

  package var studyInstanceUID: String
  package var seriesInstanceUID: String?
  package var sopInstanceUID: String?
  /// A peer or a user with whose eyes the archive is looked at; nil for the administrator's own.
  package var caller: String?
  /// The small picture that is kept; nothing below is looked at.
  package var isThumbnail = false
  /// From 1 on.
  package var frame = 1
  package var valuesOfInterest = ValuesOfInterest.asStored
  package var showsOverlays = false
  /// The SOP Instance UID of a Grayscale Softcopy Presentation State in the study.
  package var presentationState: String?
  /// Whether its graphics and overlays are drawn.
  package var showsAnnotations = true
  /// The longer side; nil for the frame's own.
  package var size: Int?
  package var format = Format.png
  /// Of a JPEG, 1 to 100.
  package var quality = 90

  package init(studyInstanceUID: String) {
    self.studyInstanceUID = studyInstanceUID
  }
}
