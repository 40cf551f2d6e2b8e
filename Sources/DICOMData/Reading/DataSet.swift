// SPDX-License-Identifier: Apache-2.0

/// A data set as it was read: its bytes, and a flat list of where each element stands. Values are decoded when asked for.
package struct DataSet: Sendable {
  let bytes: Bytes
  let entries: [ElementEntry]
  /// The entries of this data set or item; those of nested items are among them.
  let range: Range<Int>
  package let transferSyntax: TransferSyntax
  package let characterSet: SpecificCharacterSet

  /// What the reader bore with, in the order of the bytes; of the data set as a whole, not of its items.
  package let deviations: [Deviation]
  /// Of a sequence: the entry before its first is the item's own.
  let isItem: Bool

  /// Reads a whole data set, or its elements before a tag.
  package init(
    reading bytes: [UInt8], transferSyntax: TransferSyntax, options: ReadingOptions = .lenient,
    stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    try self.init(reading: Bytes(bytes), transferSyntax: transferSyntax, options: options, stoppingBefore: stop)
  }

  package init(
    reading bytes: Bytes, transferSyntax: TransferSyntax, options: ReadingOptions = .lenient,
    stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    let (readable, failure) = Self.readable(
      bytes, transferSyntax: transferSyntax, options: options, stoppingBefore: stop)
    if let failure { throw failure }
    self = readable
    if options.isStrict, let first = Validator.deviations(of: self).first {
      throw ReadingError(.deviates(first.kind), offset: first.offset, tagPath: first.tagPath)
    }
  }

  /// All that can be read before the first error, and the error.
  package static func readable(
    _ bytes: Bytes, transferSyntax: TransferSyntax, options: ReadingOptions = .lenient,
    stoppingBefore stop: Tag? = nil
  ) -> (dataSet: DataSet, failure: ReadingError?) {
    var bytes = bytes
    var failure: ReadingError?
    if transferSyntax.isDeflated {
      let (inflated, broken) = Inflater.inflated(bytes, options: options)
      bytes = Bytes(inflated)
      failure = broken
    }
    var parser = ElementParser(transferSyntax: transferSyntax, stop: stop.map { .before($0) }, options: options)
    do throws(ReadingError) {
      let outcome = try bytes.withSpan { span throws(ReadingError) in try parser.run(span, isFinal: true) }
      if case .reachedStop = outcome { bytes = bytes.part(0..<parser.position) }
    } catch {
      // What could not be inflated is why the elements end.
      failure = failure ?? error
      parser.closeAll()
    }
    return (DataSet(bytes: bytes, parser: parser, transferSyntax: transferSyntax), failure)
  }

  init(bytes: Bytes, parser: ElementParser, transferSyntax: TransferSyntax) {
    self.init(
      bytes: bytes, entries: parser.entries, transferSyntax: transferSyntax, deviations: parser.deviations)
  }

  init(bytes: Bytes, entries: [ElementEntry], transferSyntax: TransferSyntax, deviations: [Deviation]) {
    self.init(
      bytes: bytes, entries: entries, range: entries.indices, transferSyntax: transferSyntax, inherited: .default,
      deviations: deviations)
  }

  private init(
    bytes: Bytes, entries: [ElementEntry], range: Range<Int>, transferSyntax: TransferSyntax,
    inherited: SpecificCharacterSet, deviations: [Deviation] = [], isItem: Bool = false
  ) {
    self.isItem = isItem
    self.bytes = bytes
    self.entries = entries
    self.range = range
    self.transferSyntax = transferSyntax
    self.deviations = deviations
    // An item without its own Specific Character Set has that of what holds it (PS3.5 §6.1.2.3).
    var own = inherited
    var index = range.lowerBound
    while index < range.upperBound, entries[index].tag <= .specificCharacterSet {
      if entries[index].tag == .specificCharacterSet {
        let value = Element(entry: entries[index], bytes: bytes)
        own = SpecificCharacterSet(value.strings(in: .default))
        break
      }
      index = entries[index].endIndex
    }
    characterSet = own
  }

  /// Elements, items and fragments at all depths.
  package var elementCount: Int { range.count }

  /// The elements of this data set, not those inside its sequences, in document order.
  package var topLevelElements: [Element] {
    var elements: [Element] = []
    var index = range.lowerBound
    while index < range.upperBound {
      elements.append(Element(entry: entries[index], bytes: bytes, index: index))
      index = entries[index].endIndex
    }
    return elements
  }

  /// The first element with this tag; PS3.5 §7.1 allows but one.
  package subscript(tag: Tag) -> Element? {
    var index = range.lowerBound
    while index < range.upperBound {
      if entries[index].tag == tag { return Element(entry: entries[index], bytes: bytes, index: index) }
      index = entries[index].endIndex
    }
    return nil
  }

  /// The items of a sequence; empty for anything else.
  package func items(_ tag: Tag) -> [DataSet] {
    self[tag].map(items(of:)) ?? []
  }

  package func items(of element: Element) -> [DataSet] {
    guard element.vr == .sq else { return [] }
    var items: [DataSet] = []
    var index = element.index + 1
    while index < entries[element.index].endIndex {
      items.append(
        DataSet(
          bytes: bytes, entries: entries, range: index + 1..<entries[index].endIndex, transferSyntax: transferSyntax,
          inherited: characterSet, isItem: true))
      index = entries[index].endIndex
    }
    return items
  }

  /// The fragments of encapsulated pixel data, the Basic Offset Table first; empty for anything else.
  package func fragments(of element: Element) -> [Bytes] {
    guard element.hasUndefinedLength, element.vr != .sq else { return [] }
    return entries[element.index + 1..<entries[element.index].endIndex].map { entry in
      bytes.part(entry.valueOffset..<entry.valueOffset + entry.length)
    }
  }
}

extension DataSet {
  /// All values, decoded and without padding; an empty one stays in its place.
  package func strings(_ tag: Tag) -> [String] {
    self[tag].map { $0.strings(in: characterSet) } ?? []
  }

  /// The first value; nil when the element is absent or empty.
  package func string(_ tag: Tag) -> String? {
    guard let first = strings(tag).first, !first.isEmpty else { return nil }
    return first
  }

  package func integer(_ tag: Tag) -> Int? {
    string(tag).flatMap { Int($0) }
  }
}

extension DataSet {
  /// The top level elements with these tags as they stand, and how they are encoded: data sets that give the same say the same
  /// in them. nil where a value was passed over, and where it is longer than so many bytes.
  package func standing(_ tags: Set<Tag>, atMost longest: Int) -> [UInt8]? {
    var standing = Array(transferSyntax.uid.utf8)
    standing.reserveCapacity(min(bytes.count, longest))
    // Out of its place it is not in force (see `init`), though its bytes are there.
    standing += characterSet.terms.joined(separator: "\\").utf8
    var index = range.lowerBound
    while index < range.upperBound {
      let (entry, first) = (entries[index], index)
      index = entry.endIndex
      guard tags.contains(entry.tag) else { continue }
      guard !entries[first..<index].contains(where: { $0.flags.contains(.isOmitted) }) else { return nil }
      guard standing.count + entry.length <= longest else { return nil }
      standing.append(entry.flags.rawValue)
      for number in [entry.tag.rawValue, UInt32(entry.vr.rawValue), UInt32(clamping: entry.length)] {
        withUnsafeBytes(of: number) { standing += $0 }
      }
      standing += bytes.part(entry.valueOffset..<entry.valueOffset + entry.length)
    }
    return standing
  }
}
