// SPDX-License-Identifier: Apache-2.0

package import DICOMData
import DIMSE

/// The Action Information of a code that is redeemed, and the Action Reply: a private SOP class, in the manner of PS3.4
/// annex J.
package enum RedemptionAction {
  package static let redeem: UInt16 = 1
  /// Text Value (0040,A160).
  private static let textValue = Tag(0x0040, 0xA160)

  package static func dataSet(_ text: String) -> DataSetBuilder {
    var action = DataSetBuilder(characterSet: .utf8)
    action.set(.specificCharacterSet, .cs, "ISO_IR 192")
    action.set(textValue, .ut, text)
    return action
  }

  /// nil where there is none, or nobody can read it.
  package static func text(reading bytes: [UInt8], transferSyntax: TransferSyntax) -> String? {
    (try? DataSet(reading: bytes, transferSyntax: transferSyntax))?.string(textValue)
  }
}
