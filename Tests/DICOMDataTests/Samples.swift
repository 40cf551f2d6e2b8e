// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import DICOMData

enum Samples {
  /// Text beyond ASCII, empty values, numbers, and a sequence whose items have their own.
  static var nested: DataSetBuilder {
    var first = DataSetBuilder(characterSet: .utf8)
    first.set(.patientName, .pn, "Åsa")
    var builder = DataSetBuilder(characterSet: .utf8)
    builder.set(.specificCharacterSet, .cs, "ISO_IR 192")
    builder.set(.imageType, .cs, ["DERIVED", "", "X"])
    builder.set(.patientName, .pn, "Müller^Jürgen")
    builder.setEmpty(.patientID, .lo)
    builder.setIntegers(.rows, .us, [512])
    builder.setSequence(.conceptNameCodeSequence, [first, DataSetBuilder()])
    builder.setBytes(.pixelData, .ow, [1, 2, 3, 4])
    return builder
  }

  static func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fixtures/\(name)").standardized.path
  }
}
