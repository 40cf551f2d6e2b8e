// SPDX-License-Identifier: Apache-2.0

/// Most of any object: little endian elements, sequences and items whose headers need no thought and whose values are at
/// hand. This is where the time goes; whatever it leaves standing is read, or refused, by `ElementParser` step by step.
///
/// Without arrays of its own, so that the compiler keeps it in registers; everything is inlined into two loops, one for each
/// way to write a VR. It closes only what it has opened.
struct PlainReader {
  private(set) var position: Int
  private(set) var pixelsAreSigned: Bool
  private var top: Container
  private let firstEntry: Int
  private let skipped: Int
  private let keptValueLimit: Int
  /// Of open containers around those that this run opens.
  private let outerDepth: Int
  /// Tags from here on need a closer look: the one to stop at, and delimiters.
  private let outerTagLimit: UInt32

  init(_ parser: borrowing ElementParser, in container: Container) {
    position = parser.position
    pixelsAreSigned = parser.pixelsAreSigned
    top = container
    firstEntry = parser.entries.count
    skipped = parser.skipped
    keptValueLimit = min(parser.keptValueLimit, Int(ElementHeader.undefined) - 1)
    outerDepth = parser.stack.count - 1
    outerTagLimit =
      switch parser.stop {
      case .before(let tag) where container.kind == .dataSet: min(tag.rawValue, Self.delimiters)
      case .behindGroup where container.kind == .dataSet: 0
      default: Self.delimiters
      }
  }

  private static let delimiters: UInt32 = 0xFFFE_0000

  mutating func runExplicit(
    _ bytes: RawSpan, _ entries: inout OutputSpan<ElementEntry>, _ containers: inout OutputSpan<Container>
  ) {
    let headerForms = VR.HeaderForm.table
    // A copy, which has no address and so lives in registers.
    var reader = self
    defer { self = reader }
    while let bound = reader.advance(&entries, &containers, bytes.byteCount) {
      let tag = bytes.tag(at: reader.position)
      let isRead =
        reader.top.kind == .sequence
        ? reader.readItem(tag, bytes, &entries, &containers, [])
        : reader.readExplicitElement(tag, bytes, bound: bound, &entries, &containers, headerForms)
      guard isRead else { return }
    }
  }

  mutating func runImplicit(
    _ bytes: RawSpan, _ entries: inout OutputSpan<ElementEntry>, _ containers: inout OutputSpan<Container>,
    _ privateBlocks: inout PrivateBlocks
  ) {
    let dictionary = DataDictionary.index
    var reader = self
    defer { self = reader }
    while let bound = reader.advance(&entries, &containers, bytes.byteCount) {
      if !privateBlocks.isEmpty { privateBlocks.close(depth: reader.depth(containers) + 2) }
      let tag = bytes.tag(at: reader.position)
      let isRead =
        reader.top.kind == .sequence
        ? reader.readItem(tag, bytes, &entries, &containers, .isImplicit)
        : reader.readImplicitElement(tag, bytes, bound: bound, &entries, &containers, dictionary, &privateBlocks)
      guard isRead else { return }
    }
  }

  /// Closes what ends here. Where what holds the next element ends, or the bytes do; nil where this cannot go on.
  @inline(__always)
  private mutating func advance(
    _ entries: inout OutputSpan<ElementEntry>, _ containers: inout OutputSpan<Container>, _ count: Int
  ) -> Int? {
    while position >= top.end &- skipped {
      guard close(&entries, &containers, delimiter: 0) else { return nil }
    }
    let bound = min(top.end &- skipped, count)
    guard bound &- position >= 8, !entries.isFull, containers.freeCapacity > 1, top.kind != .fragments else {
      return nil
    }
    return bound
  }

  @inline(__always)
  private func depth(_ containers: borrowing OutputSpan<Container>) -> Int {
    outerDepth &+ containers.count
  }
}

extension PlainReader {
  @inline(__always)
  private mutating func readExplicitElement(
    _ tag: UInt32, _ bytes: RawSpan, bound: Int, _ entries: inout OutputSpan<ElementEntry>,
    _ containers: inout OutputSpan<Container>, _ headerForms: [UInt8]
  ) -> Bool {
    let vr = bytes.vr(at: position &+ 4)
    // Two capital letters, or their neighbours, which the table knows for no VR.
    guard tag != 0, tag < (containers.isEmpty ? outerTagLimit : Self.delimiters), vr & 0xE0E0 == 0x4040 else {
      return readItemDelimiter(tag, bytes, &entries, &containers)
    }
    let form = headerForms[Int(vr >> 3 & 0x3E0 | vr & 0x1F)]
    if form == VR.HeaderForm.short.rawValue {
      let length = bytes.length16(at: position &+ 6)
      guard takeValue(tag, VR(rawValue: vr), [], bytes, headerSize: 8, length, bound, &entries, containers) else {
        return false
      }
      if tag == Tag.pixelRepresentation.rawValue { pixelsAreSigned = bytes.isOne(at: position &- length, length) }
      return true
    }
    guard form != VR.HeaderForm.undefinedVR.rawValue, bound &- position >= 12 else { return false }
    let length = bytes.length32(at: position &+ 8)
    if form == VR.HeaderForm.sequence.rawValue {
      return open(.sequence, tag, .sq, .hasLongHeader, headerSize: 12, length, &entries, &containers)
    }
    return takeValue(
      tag, VR(rawValue: vr), .hasLongHeader, bytes, headerSize: 12, length, bound, &entries, containers)
  }

  @inline(__always)
  private mutating func readImplicitElement(
    _ rawTag: UInt32, _ bytes: RawSpan, bound: Int, _ entries: inout OutputSpan<ElementEntry>,
    _ containers: inout OutputSpan<Container>, _ dictionary: TagIndex, _ privateBlocks: inout PrivateBlocks
  ) -> Bool {
    guard rawTag != 0, rawTag < (containers.isEmpty ? outerTagLimit : Self.delimiters) else {
      return readItemDelimiter(rawTag, bytes, &entries, &containers)
    }
    let tag = Tag(rawValue: rawTag)
    let length = bytes.length32(at: position &+ 4)
    let vr: VR
    if let slot = dictionary.slot(of: tag) {
      vr = slot.followsPixelRepresentation && pixelsAreSigned ? .ss : slot.vr
      if vr == .sq { return open(.sequence, rawTag, .sq, .isImplicit, headerSize: 8, length, &entries, &containers) }
    } else {
      vr = privateBlocks.implicitVR(of: tag, depth: depth(containers) &+ 1)
      guard vr != .sq else { return false }
    }
    guard takeValue(rawTag, vr, .isImplicit, bytes, headerSize: 8, length, bound, &entries, containers) else {
      return false
    }
    if tag == .pixelRepresentation {
      pixelsAreSigned = bytes.isOne(at: position &- length, length)
    } else if tag.isPrivateCreator {
      privateBlocks.reserve(tag, depth: depth(containers) &+ 1, bytes.extracting(position &- length..<position))
    }
    return true
  }

  @inline(__always)
  private mutating func readItem(
    _ tag: UInt32, _ bytes: RawSpan, _ entries: inout OutputSpan<ElementEntry>,
    _ containers: inout OutputSpan<Container>, _ flags: ElementEntry.Flags
  ) -> Bool {
    let length = bytes.length32(at: position &+ 4)
    if tag == Tag.item.rawValue { return open(.item, tag, .un, flags, headerSize: 8, length, &entries, &containers) }
    guard tag == Tag.sequenceDelimitationItem.rawValue, length == 0, top.end == .max, !containers.isEmpty else {
      return false
    }
    position &+= 8
    return close(&entries, &containers, delimiter: 8)
  }

  @inline(__always)
  private mutating func readItemDelimiter(
    _ tag: UInt32, _ bytes: RawSpan, _ entries: inout OutputSpan<ElementEntry>,
    _ containers: inout OutputSpan<Container>
  ) -> Bool {
    guard tag == Tag.itemDelimitationItem.rawValue, top.kind == .item, top.end == .max, !containers.isEmpty,
      bytes.length32(at: position &+ 4) == 0
    else { return false }
    position &+= 8
    return close(&entries, &containers, delimiter: 8)
  }
}

extension PlainReader {
  /// An undefined length is more than any limit.
  @inline(__always)
  private mutating func takeValue(
    _ tag: UInt32, _ vr: VR, _ flags: ElementEntry.Flags, _ bytes: RawSpan, headerSize: Int, _ length: Int,
    _ bound: Int, _ entries: inout OutputSpan<ElementEntry>, _ containers: borrowing OutputSpan<Container>
  ) -> Bool {
    let start = position &+ headerSize
    guard length <= bound &- start, length <= keptValueLimit else { return false }
    append(tag, vr, flags, start, length, &entries, containers)
    position = start &+ length
    return true
  }

  @inline(__always)
  private mutating func open(
    _ kind: Container.Kind, _ tag: UInt32, _ vr: VR, _ flags: ElementEntry.Flags, headerSize: Int, _ length: Int,
    _ entries: inout OutputSpan<ElementEntry>, _ containers: inout OutputSpan<Container>
  ) -> Bool {
    let start = position &+ headerSize
    let isUndefined = length == Int(ElementHeader.undefined)
    let end = isUndefined ? .max : start &+ skipped &+ length
    guard isUndefined || end <= top.end else { return false }
    let container = Container(
      kind: kind, isImplicit: top.isImplicit, isBigEndian: false, pixelsWereSigned: pixelsAreSigned,
      tag: Tag(rawValue: tag), entry: firstEntry &+ entries.count, end: end)
    append(
      tag, vr, isUndefined ? flags.union(.hasUndefinedLength) : flags, start, isUndefined ? 0 : length, &entries,
      containers)
    containers.append(top)
    top = container
    position = start
    return true
  }

  /// false for what was open before.
  @inline(__always)
  private mutating func close(
    _ entries: inout OutputSpan<ElementEntry>, _ containers: inout OutputSpan<Container>, delimiter: Int
  ) -> Bool {
    guard !containers.isEmpty else { return false }
    let index = top.entry &- firstEntry
    let end = UInt32(truncatingIfNeeded: firstEntry &+ entries.count)
    var written = entries.mutableSpan
    written[index] = written[index].closed(length: position &- delimiter &- written[index].valueOffset, end: end)
    pixelsAreSigned = top.pixelsWereSigned
    top = containers.removeLast()
    return true
  }

  @inline(__always)
  private func append(
    _ tag: UInt32, _ vr: VR, _ flags: ElementEntry.Flags, _ start: Int, _ length: Int,
    _ entries: inout OutputSpan<ElementEntry>, _ containers: borrowing OutputSpan<Container>
  ) {
    entries.append(
      ElementEntry(
        tag: Tag(rawValue: tag), vr: vr, flags: flags, depth: UInt8(truncatingIfNeeded: depth(containers)),
        valueOffset: start, length: length, end: UInt32(truncatingIfNeeded: firstEntry &+ entries.count &+ 1)))
  }

  /// Puts back what is open at the end.
  mutating func leave(_ containers: inout OutputSpan<Container>) {
    containers.append(top)
  }
}

/// Little endian reads without a check of their own: only behind `advance`, which has seen eight bytes, or a guard that has
/// seen twelve.
extension RawSpan {
  @inline(__always)
  fileprivate func tag(at position: Int) -> UInt32 {
    let word = length32(at: position)
    return UInt32(truncatingIfNeeded: word) << 16 | UInt32(truncatingIfNeeded: word >> 16)
  }

  @inline(__always)
  fileprivate func vr(at position: Int) -> UInt16 {
    UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt16.self))
  }

  @inline(__always)
  fileprivate func length16(at position: Int) -> Int {
    Int(UInt16(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt16.self)))
  }

  @inline(__always)
  fileprivate func length32(at position: Int) -> Int {
    Int(UInt32(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt32.self)))
  }
}
