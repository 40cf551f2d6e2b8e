// SPDX-License-Identifier: Apache-2.0

/// The same bytes whole and in any split: the same elements, or an error both times. The first bytes choose how.
func fuzzPushReader(_ input: [UInt8]) {
  guard input.count > 4 else { return }
  let syntaxes = [
    TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    .deflatedExplicitVRLittleEndian,
  ]
  let syntax = syntaxes[Int(input[0] & 3)]
  let stop: Tag? = input[0] & 4 == 0 ? .pixelData : nil
  let bytes = Array(input[4...])
  var options = ReadingOptions.lenient
  options.inflatedLimit = 1 << 22
  let whole = DataSet.readable(Bytes(bytes), transferSyntax: syntax, options: options)
  var reader = PushReader(transferSyntax: syntax, stoppingBefore: stop, options: options)
  var told: [Tag] = []
  do throws(ReadingError) {
    var position = 0
    var step = 0
    while position < bytes.count {
      let size = max(1, Int(input[1 + step % 3]) >> (step & 3))
      let piece = Array(bytes[position..<min(position + size, bytes.count)])
      try piece.withBytes { bytes throws(ReadingError) in
        try reader.push(bytes) { event throws(ReadingError) in
          if case .element(let element) = event { told.append(element.tag) }
        }
      }
      position += size
      step += 1
    }
    try reader.finish { event throws(ReadingError) in
      if case .element(let element) = event { told.append(element.tag) }
    }
  } catch {
    precondition(whole.failure != nil, "only in pieces: \(error)")
    return
  }
  precondition(whole.failure == nil, "only as a whole")
  guard let header = reader.header else { preconditionFailure("no header") }
  precondition(told == header.entries.map(\.tag))
  if stop == nil {
    precondition(header.entries.count == whole.dataSet.entries.count)
    precondition(JSONModel().text(of: header) == JSONModel().text(of: whole.dataSet))
  }
}
