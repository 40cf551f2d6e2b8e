// SPDX-License-Identifier: Apache-2.0

/// What is to be exported, and where to.
package struct ExportOrder: Sendable {
  package let selection: ArchiveSelection
  /// An absolute path of the machine that holds the archive.
  package let folder: String
  package let writesDICOMDIR: Bool
  /// PS3.10 §8.1: up to 16 characters of A–Z, 0–9, space and underscore; may be empty.
  package let fileSetID: String

  package init(selection: ArchiveSelection, folder: String, writesDICOMDIR: Bool, fileSetID: String = "") {
    self.selection = selection
    self.folder = folder
    self.writesDICOMDIR = writesDICOMDIR
    self.fileSetID = fileSetID
  }
}

package struct ExportReport: Codable, Sendable {
  package let folder: String
  package var exported = 0
  /// Files that were there already, the same to the byte.
  package var alreadyThere = 0
  package var bytes = 0
  /// Later objects with the SOP Instance UID of one that was exported.
  package var otherVersions = 0
  /// Instances that could not be exported, by SOP Instance UID, with why.
  package var failures: [String] = []
  /// What the DICOMDIR says that the objects do not, because it has to say something.
  package var remarks: [String] = []

  package var isClean: Bool { failures.isEmpty }
}
