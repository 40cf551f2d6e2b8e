// SPDX-License-Identifier: Apache-2.0

/// A data set as it was read: its bytes, and a flat list of where each element stands. Values are decoded when asked for.
package struct DataSet: Sendable {
  let bytes: [UInt8]
  let entries: [ElementEntry]
  /// The entries of this data set or item; those of nested items are among them.
  let range: Range<Int>
  package let transferSyntax: TransferSyntax
  package let characterSet: SpecificCharacterSet

  /// Reads a whole data set, or its elements before a tag.
  package init(
    reading bytes: [UInt8], transferSyntax: TransferSyntax, options: ReadingOptions = .lenient,
    stoppingBefore stop: Tag? = nil
  ) throws(ReadingError) {
    let inflated = transferSyntax.isDeflated ? try Inflater.inflated(bytes, options: options) : bytes
    var parser = ElementParser(transferSyntax: transferSyntax, stop: stop.map { .before($0) }, options: options)
    _ = try parser.run(inflated.span.bytes, isFinal: true)
    self.init(bytes: inflated, entries: parser.entries, transferSyntax: transferSyntax)
  }

  init(bytes: [UInt8], entries: [ElementEntry], transferSyntax: TransferSyntax) {
    self.init(
      bytes: bytes, entries: entries, range: entries.indices, transferSyntax: transferSyntax, inherited: .default)
  }

  private init(
    bytes: [UInt8], entries: [ElementEntry], range: Range<Int>, transferSyntax: TransferSyntax,
    inherited: SpecificCharacterSet
  ) {
    self.bytes = bytes
    self.entries = entries
    self.range = range
    self.transferSyntax = transferSyntax
    // An item without its own Specific Character Set has that of what holds it (PS3.5 §6.1.2.3).
    var own = inherited
    var index = range.lowerBound
    while index < range.upperBound, entries[index].tag <= .specificCharacterSet {
      if entries[index].tag == .specificCharacterSet {
        let value = Element(entry: entries[index], bytes: bytes)
        own = SpecificCharacterSet(
          value.text(in: .default).split(separator: "\\", omittingEmptySubsequences: false).map(String.init))
        break
      }
      index = entries[index].end
    }
    characterSet = own
  }

  /// The elements of this data set, not those inside its sequences, in document order.
  package var topLevelElements: [Element] {
    var elements: [Element] = []
    var index = range.lowerBound
    while index < range.upperBound {
      elements.append(Element(entry: entries[index], bytes: bytes, index: index))
      index = entries[index].end
    }
    return elements
  }

  /// The first element with this tag; PS3.5 §7.1 allows but one.
  package subscript(tag: Tag) -> Element? {
    var index = range.lowerBound
    while index < range.upperBound {
      if entries[index].tag == tag { return Element(entry: entries[index], bytes: bytes, index: index) }
      index = entries[index].end
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
    while index < entries[element.index].end {
      items.append(
        DataSet(
          bytes: bytes, entries: entries, range: index + 1..<entries[index].end, transferSyntax: transferSyntax,
          inherited: characterSet))
      index = entries[index].end
    }
    return items
  }

  /// The fragments of encapsulated pixel data, the Basic Offset Table first; empty for anything else.
  package func fragments(of element: Element) -> [ArraySlice<UInt8>] {
    guard element.hasUndefinedLength, element.vr != .sq else { return [] }
    return entries[element.index + 1..<entries[element.index].end].map { entry in
      bytes[entry.valueOffset..<entry.valueOffset + entry.length]
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
