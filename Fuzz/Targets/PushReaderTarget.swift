// SPDX-License-Identifier: Apache-2.0

/// The same bytes whole and in any split: the same elements, or an error both times. The first bytes choose how, and
/// whether only some elements are kept, or no long values.
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
  let wanted = input[0] & 8 == 0 ? nil : selection(of: whole.dataSet, by: input[1])
  if input[0] & 16 != 0 { options.longestKeptValue = 64 }
  var reader = PushReader(transferSyntax: syntax, stoppingBefore: stop, options: options, keeping: wanted)
  var told: [Tag] = []
  do throws(ReadingError) {
    try push(bytes, in: input[1..<4], to: &reader) { event in
      if case .element(let element) = event { told.append(element.tag) }
    }
  } catch {
    precondition(whole.failure != nil, "only in pieces: \(error)")
    return
  }
  precondition(whole.failure == nil, "only as a whole")
  guard let header = reader.header else { preconditionFailure("no header") }
  if wanted == nil { precondition(told == header.entries.map(\.tag)) }
  let expected = whole.dataSet.topLevelElements.prefix { stop == nil || $0.tag < .pixelData }
    .filter { wanted?.contains($0.tag) ?? true }
  compare(header.topLevelElements, in: header, with: expected, in: whole.dataSet)
  if stop == nil, wanted == nil, input[0] & 16 == 0 {
    precondition(JSONModel().text(of: header) == JSONModel().text(of: whole.dataSet))
  }
}

/// Pieces of the three sizes, in turn and halved now and then.
private func push(
  _ bytes: [UInt8], in sizes: ArraySlice<UInt8>, to reader: inout PushReader, _ tell: (PushReader.Event) -> Void
) throws(ReadingError) {
  var position = 0
  var step = 0
  while position < bytes.count {
    let size = max(1, Int(sizes[sizes.startIndex + step % 3]) >> (step & 3))
    let piece = Array(bytes[position..<min(position + size, bytes.count)])
    try piece.withBytes { bytes throws(ReadingError) in
      try reader.push(bytes) { event throws(ReadingError) in tell(event) }
    }
    position += size
    step += 1
  }
  try reader.finish { event throws(ReadingError) in tell(event) }
}

private func selection(of dataSet: DataSet, by seed: UInt8) -> Set<Tag> {
  let tags = dataSet.topLevelElements.map(\.tag)
  return Set(tags.enumerated().filter { seed >> UInt8($0.offset & 7) & 1 == 1 }.map(\.element))
}

/// The same elements with the same bytes, at all depths; a long value may be left out.
private func compare(_ found: [Element], in set: DataSet, with expected: [Element], in whole: DataSet) {
  precondition(found.map(\.tag) == expected.map(\.tag), "other elements")
  for (element, other) in zip(found, expected) {
    precondition(element.vr == other.vr, "another VR")
    // What holds an omitted value is as long as what is left of it.
    if element.vr != .sq, !element.hasUndefinedLength {
      precondition(element.length == other.length, "another length")
      precondition(element.isOmitted || element.value == other.value, "another value")
    }
    precondition(set.fragments(of: element).count == whole.fragments(of: other).count)
    let items = zip(set.items(of: element), whole.items(of: other))
    precondition(set.items(of: element).count == whole.items(of: other).count)
    for (item, otherItem) in items {
      compare(item.topLevelElements, in: item, with: otherItem.topLevelElements, in: otherItem)
    }
  }
}
