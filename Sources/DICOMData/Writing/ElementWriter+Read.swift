// SPDX-License-Identifier: Apache-2.0

extension ElementWriter {
  /// An element as it was read: its very bytes where encoding and character set are the same, else the same values.
  /// Recursion ends at the reader's nesting limit.
  mutating func write(_ element: Element, of dataSet: DataSet, characterSet: SpecificCharacterSet) {
    let isSameText = characterSet == dataSet.characterSet
    if element.isImplicit == isImplicit, element.isBigEndian == isBigEndian, isSameText {
      return writeAsRead(dataSet.rawBytes(of: element))
    }
    if element.vr == .sq {
      writeSequence(element, of: dataSet, characterSet: characterSet)
    } else if element.hasUndefinedLength {
      writeContainer(element.tag, isUndefined: true, vr: element.vr) { writer in
        for fragment in dataSet.fragments(of: element) { writer.writeFragment(fragment) }
      }
    } else if element.tag.isGroupLength {
      // Another encoding has other lengths, and nobody needs them (PS3.5 §7.2, retired).
      return
    } else if !isSameText, element.vr.usesSpecificCharacterSet,
      element.value.contains(where: { $0 >= 0x80 || $0 == 0x1B })
    {
      let text = dataSet.characterSet.decode(element.value, vr: element.vr, undecodable: .escaped)
      write(element.tag, element.vr, characterSet.encode(text, vr: element.vr) ?? Array(element.value))
    } else {
      write(element.tag, element.vr, ordered(element.value, vr: element.vr, isBigEndian: element.isBigEndian))
    }
  }

  private mutating func writeSequence(
    _ element: Element, of dataSet: DataSet, characterSet: SpecificCharacterSet
  ) {
    writeContainer(element.tag, isUndefined: element.hasUndefinedLength) { writer in
      for item in dataSet.items(of: element) {
        let set = item.namesItsCharacterSet ? item.characterSet : characterSet
        writer.writeContainer(.item, isUndefined: item.hasUndefinedLength, vr: nil) { writer in
          for inner in item.topLevelElements { writer.write(inner, of: item, characterSet: set) }
        }
      }
    }
  }
}

extension DataSet {
  /// The element with its header, delimiters, and what stands between it and the next one without meaning.
  fileprivate func rawBytes(of element: Element) -> Bytes {
    let next = entries[element.index].endIndex
    let end = next < range.upperBound ? entries[next].headerOffset : contentEnd
    return bytes.part(entries[element.index].headerOffset..<end)
  }

  /// Delimiters that belong nowhere; nil where the first element comes first.
  var bytesBeforeFirstElement: Bytes? {
    let end = range.isEmpty ? contentEnd : entries[range.lowerBound].headerOffset
    return end > contentStart ? bytes.part(contentStart..<end) : nil
  }

  /// Of the item that this is.
  var hasUndefinedLength: Bool { container?.hasUndefinedLength ?? false }
  fileprivate var namesItsCharacterSet: Bool { self[.specificCharacterSet] != nil }

  private var contentStart: Int { container?.valueOffset ?? 0 }
  var contentEnd: Int { container.map { $0.valueOffset + $0.length } ?? bytes.count }

  /// The item that this is; nil for a whole data set.
  private var container: ElementEntry? { isItem ? entries[range.lowerBound - 1] : nil }
}
