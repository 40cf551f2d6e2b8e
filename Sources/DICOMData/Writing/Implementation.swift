// SPDX-License-Identifier: Apache-2.0

/// How this software names itself to peers and in files (PS3.7 D.3.3.2, PS3.10 §7.1).
package enum Implementation {
  /// From a UUID (PS3.5 §B.2), made once for Collimator.
  package static let classUID = "2.25.151873201745893372115706934107283942561"
  /// Of what a stored file remembers of its arrival (PS3.10 §7.1, Private Information).
  package static let privateInformationUID = "2.25.250061129639422135320045944959007872337"
  /// The private SOP class by which a code is redeemed over DIMSE, and its well-known instance.
  package static let redemptionUID = "2.25.239696567812173814944174327008786102898"
  package static let redemptionInstanceUID = "2.25.185179789312677623810995237235399442036"
  package static let versionName = "COLLIMATOR_0_1"
}
