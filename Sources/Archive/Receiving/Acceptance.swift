// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// Whether the node would keep an object, told without keeping it.
package enum Acceptance {
  /// nil where it would.
  package static func reasonToRefuse(_ file: Part10File) -> String? {
    if let uid = file.meta.transferSyntaxUID, file.meta.transferSyntax == nil {
      return "its transfer syntax '\(uid)' is none of the Standard: nobody could read it from here"
    }
    guard TransferSyntax.storable.contains(file.transferSyntax) else {
      return "in \(file.transferSyntax) no object can be kept whole"
    }
    let header = file.dataSet
    guard let sopClass = header.string(.sopClassUID) else { return "it has no SOP Class UID (0008,0016)" }
    guard header.string(.sopInstanceUID) != nil else { return "it has no SOP Instance UID (0008,0018)" }
    do throws(ReceptionError) {
      _ = try InstanceRecord.Place(header, sopClassUID: sopClass)
      return nil
    } catch {
      return error.description
    }
  }
}
