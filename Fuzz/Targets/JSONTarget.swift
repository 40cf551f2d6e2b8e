// SPDX-License-Identifier: Apache-2.0

/// Any bytes as the DICOM JSON model; what is one can be written, read, and shown as JSON again.
func fuzzJSON(_ input: [UInt8]) {
  let bytes = input
  guard let results = try? JSONModelReader(bulkData: { Array($0.utf8) }).dataSets(bytes) else { return }
  for result in results {
    let written = result.dataSet.encoded(as: .explicitVRLittleEndian)
    guard let read = try? DataSet(reading: written, transferSyntax: .explicitVRLittleEndian) else {
      // What the JSON named may be no data set: an undefined length's tag, or pixels of a group that ends it.
      continue
    }
    _ = JSONModel().text(of: read)
  }
}
