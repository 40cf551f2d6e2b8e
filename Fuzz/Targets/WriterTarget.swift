// SPDX-License-Identifier: Apache-2.0

/// write(read(x)) == x; in another syntax the same values, and writing is stable from then on.
func fuzzWriter(_ input: [UInt8]) {
  guard input.count > 2 else { return }
  let syntaxes = [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian]
  let from = syntaxes[Int(input[0]) % 3]
  let bytes = Array(input[2...])
  guard let read = try? DataSet(reading: bytes, transferSyntax: from), let builder = try? DataSetBuilder(read) else {
    return
  }
  precondition(builder.encoded(as: from) == bytes, "not the same bytes")
  let to = syntaxes[Int(input[1]) % 3]
  let moved = builder.encoded(as: to)
  guard let again = try? DataSet(reading: moved, transferSyntax: to), let rebuilt = try? DataSetBuilder(again) else {
    // Implicit VR forgets what an element called itself: a text in the place of a sequence is then none.
    precondition(!to.isExplicit, "what was written cannot be read")
    return
  }
  precondition(rebuilt.encoded(as: to) == moved, "writing is not stable")
}
