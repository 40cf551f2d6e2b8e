// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Which object a stored file is.
struct Part10Identity {
  let sopInstanceUID: String

  init(path: String) throws {
    sopInstanceUID = try Part10File(path: path).dataSet.string(.sopInstanceUID) ?? ""
  }
}
