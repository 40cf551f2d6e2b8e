// SPDX-License-Identifier: Apache-2.0

/// Names each place where a file or data set is not what PS3.5 and PS3.10 ask for.
package struct Validator {
  private var found: [Deviation] = []
  /// Of the data set within the file; 0 for one that is inflated.
  private let base: Int
  private let transferSyntax: TransferSyntax

  private init(transferSyntax: TransferSyntax, base: Int) {
    self.transferSyntax = transferSyntax
    self.base = base
  }

  /// By offset in the data set.
  package static func deviations(of dataSet: DataSet) -> [Deviation] {
    deviations(of: dataSet, base: 0)
  }

  /// By offset in the file; those in a deflated data set by where they stand in what it inflates to.
  package static func deviations(of file: Part10File) -> [Deviation] {
    var found = file.head.deviations + MetaValidator(file).deviations
    if let meta = file.meta.elements {
      found += Self.deviations(of: meta, base: file.head.groupOffset, isMeta: true)
    }
    let base = file.transferSyntax.isDeflated ? 0 : file.dataSetOffset
    found.sort { $0.offset < $1.offset }
    return found + deviations(of: file.dataSet, base: base)
  }

  private static func deviations(of dataSet: DataSet, base: Int, isMeta: Bool = false) -> [Deviation] {
    var validator = Validator(transferSyntax: dataSet.transferSyntax, base: base)
    validator.check(dataSet, path: [], isMeta: isMeta)
    return (dataSet.deviations.map { $0.moved(by: base) } + validator.found).sorted { $0.offset < $1.offset }
  }

  /// Recursion ends at the reader's nesting limit.
  private mutating func check(_ dataSet: DataSet, path: [Tag], isMeta: Bool = false) {
    var previous: Tag?
    var creators: Set<UInt32> = []
    var hasPixelData = false
    let elements = dataSet.topLevelElements
    let groupEnds = isMeta ? [] : Self.groupEnds(of: elements, in: dataSet)
    for (index, element) in elements.enumerated() {
      let tag = element.tag
      if let previous, tag == previous {
        note(.duplicateElement, element, path)
      } else if let previous, tag < previous {
        note(.outOfOrder, element, path, "behind \(previous)")
      }
      previous = max(previous ?? tag, tag)
      if tag.group == 0 { note(.commandElement, element, path) }
      if tag.group == 2, !isMeta { note(.fileMetaElement, element, path) }
      if tag.isPrivateCreator {
        creators.insert(UInt32(tag.group) << 8 | UInt32(tag.element))
      } else if tag.isPrivate, !tag.isGroupLength, !creators.contains(tag.rawValue >> 8) {
        note(.privateElementWithoutCreator, element, path)
      }
      checkHeader(element, in: dataSet, path)
      if tag.isGroupLength, !isMeta { checkGroupLength(element, groupEnd: groupEnds[index], path) }
      if tag == .pixelData, !hasPixelData {
        hasPixelData = true
        checkPixelData(element, in: dataSet, path)
      }
      for fault in ValueRules.faults(of: element, in: dataSet) { note(fault.kind, element, path, fault.detail) }
      if element.vr == .sq, element.hasUndefinedLength {
        checkDelimiter(at: dataSet.entries[element.index].valueOffset + element.length, in: dataSet, element, path)
      }
      for item in dataSet.items(of: element) {
        if item.hasUndefinedLength { checkDelimiter(at: item.contentEnd, in: item, element, path) }
        check(item, path: path + [tag])
      }
    }
  }

  private mutating func note(_ kind: Deviation.Kind, _ element: Element, _ path: [Tag], _ detail: String = "") {
    found.append(Deviation(kind, offset: base + element.offset, tagPath: path + [element.tag], detail: detail))
  }
}

extension Validator {
  private mutating func checkHeader(_ element: Element, in dataSet: DataSet, _ path: [Tag]) {
    if element.length % 2 == 1, !element.hasUndefinedLength { note(.oddLength, element, path, "\(element.length)") }
    guard !element.isImplicit else { return }
    let header = dataSet.bytes.part(element.offset..<element.offset + element.headerSize)
    guard header.count >= 8 else { return }
    let written = VR(header[4], header[5])
    if !written.isDefined {
      note(.invalidVR, element, path, "\(Self.hex(header[4]))\(Self.hex(header[5]))H")
    } else {
      checkVR(written, of: element, path)
    }
    if element.headerSize == 12, header[6] != 0 || header[7] != 0 { note(.reservedBytesNotZero, element, path) }
  }

  private mutating func checkVR(_ vr: VR, of element: Element, _ path: [Tag]) {
    guard let entry = DataDictionary.entry(for: element.tag), !entry.vrText.isEmpty else { return }
    let allowed = entry.vrText.split(separator: " ").compactMap { VR(name: $0) }
    guard !allowed.isEmpty, !allowed.contains(vr) else { return }
    // A value too long for a length of 16 bits is UN by right (PS3.5 §6.2.2).
    if vr == .un, element.length > 0xFFFE { return }
    note(.unexpectedVR, element, path, "\(vr), not \(entry.vrText)")
  }

  /// Of each element where the elements of its group end; empty where no group length asks for it.
  private static func groupEnds(of elements: [Element], in dataSet: DataSet) -> [Int] {
    guard elements.contains(where: \.tag.isGroupLength) else { return [] }
    var ends = [Int](repeating: dataSet.contentEnd, count: elements.count)
    for index in elements.indices.dropLast().reversed() {
      let next = elements[index + 1]
      ends[index] = next.tag.group == elements[index].tag.group ? ends[index + 1] : next.offset
    }
    return ends
  }

  private mutating func checkGroupLength(_ element: Element, groupEnd: Int, _ path: [Tag]) {
    guard let claimed = element.numbers(of: UInt32.self).first else { return }
    let counted = groupEnd - (element.offset + element.headerSize + element.length)
    if Int(claimed) != counted { note(.wrongGroupLength, element, path, "\(claimed), but \(counted) bytes follow") }
  }

  private mutating func checkPixelData(_ element: Element, in dataSet: DataSet, _ path: [Tag]) {
    let isEncapsulated = element.hasUndefinedLength
    if isEncapsulated, !transferSyntax.isEncapsulated {
      note(.encapsulatedInNativeSyntax, element, path, transferSyntax.name)
    } else if !isEncapsulated, transferSyntax.isEncapsulated, path.isEmpty {
      note(.nativeInEncapsulatedSyntax, element, path, transferSyntax.name)
    }
    if isEncapsulated { checkFragments(of: element, in: dataSet, path) }
    let bits = dataSet.integer(.bitsAllocated) ?? 0
    if isEncapsulated, element.vr != .ob {
      note(.wrongPixelVR, element, path, "\(element.vr), not OB")
    } else if !isEncapsulated, element.vr == .ob, bits > 8 {
      note(.wrongPixelVR, element, path, "OB for \(bits) bits allocated, not OW")
    }
  }

  /// PS3.5 §A.4: each of even length, and the tables point at them.
  private mutating func checkFragments(of element: Element, in dataSet: DataSet, _ path: [Tag]) {
    for fragment in dataSet.entries[element.index + 1..<dataSet.entries[element.index].endIndex]
    where fragment.length % 2 == 1 {
      found.append(
        Deviation(
          .oddLength, offset: base + fragment.headerOffset, tagPath: path + [element.tag, fragment.tag],
          detail: "\(fragment.length)"))
    }
    guard path.isEmpty, let pixels = EncapsulatedPixelData(dataSet), !pixels.hasRightOffsets else { return }
    note(.wrongOffsetTable, element, path)
  }

  /// PS3.5 Table 7.5-3: the delimiter of an item, or of a sequence, has a length of 0.
  private mutating func checkDelimiter(at offset: Int, in dataSet: DataSet, _ element: Element, _ path: [Tag]) {
    let delimiter = dataSet.bytes.part(offset..<offset + 8)
    guard delimiter.count == 8, delimiter.suffix(4).contains(where: { $0 != 0 }) else { return }
    found.append(Deviation(.delimiterWithLength, offset: base + offset, tagPath: path + [element.tag]))
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
