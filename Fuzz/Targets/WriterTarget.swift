// SPDX-License-Identifier: Apache-2.0

/// write(read(x)) == x; in another syntax the same values, and writing is stable from then on.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2 else { return 0 }
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let syntaxes = [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian]
  let from = syntaxes[Int(input[0]) % 3]
  let bytes = Array(input[2...])
  guard let read = try? DataSet(reading: bytes, transferSyntax: from), let builder = try? DataSetBuilder(read) else {
    return 0
  }
  precondition(builder.encoded(as: from) == bytes, "not the same bytes")
  let to = syntaxes[Int(input[1]) % 3]
  let moved = builder.encoded(as: to)
  guard let again = try? DataSet(reading: moved, transferSyntax: to), let rebuilt = try? DataSetBuilder(again) else {
    // Implicit VR forgets what an element called itself: a text in the place of a sequence is then none.
    precondition(!to.isExplicit, "what was written cannot be read")
    return 0
  }
  precondition(rebuilt.encoded(as: to) == moved, "writing is not stable")
  return 0
}
