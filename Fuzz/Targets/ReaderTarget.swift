// SPDX-License-Identifier: Apache-2.0

/// Any bytes as a file, and all that is done with what can be read of it.
func fuzzReader(_ input: [UInt8]) {
  let bytes = input
  var options = ReadingOptions.lenient
  options.inflatedLimit = 1 << 22
  guard let (file, failure) = try? Part10File.readable(Bytes(bytes), options: options) else { return }
  _ = TextDump(file).text
  _ = JSONModel(bulkData: .inline).text(of: file)
  let found = Validator.deviations(of: file)
  for deviation in found { precondition(deviation.offset >= 0) }
  visit(file.dataSet)
  _ = EncapsulatedPixelData(file.dataSet)?.frames(count: file.dataSet.integer(.numberOfFrames) ?? 1)
  // Strict reading refuses just what deviates, and only that.
  if failure == nil {
    options.tolerated = []
    options.isStrict = true
    let isStrict = (try? Part10File(reading: bytes, options: options)) != nil
    precondition(isStrict == found.isEmpty)
    precondition(file.encoded == bytes)
  }
}

private func visit(_ dataSet: DataSet) {
  for element in dataSet.topLevelElements {
    _ = element.strings(in: dataSet.characterSet)
    _ = (element.dates.count, element.times.count, element.dateTimes.count, element.ages.count)
    _ = (element.integerStrings.count, element.decimalStrings.count, element.tags.count, element.doubles.count)
    _ = element.personNames(in: dataSet.characterSet).map(\.groups)
    _ = DateTimeRange(dataSet.string(element.tag) ?? "")?.span()
    for item in dataSet.items(of: element) { visit(item) }
    _ = dataSet.fragments(of: element).count
  }
}
