// SPDX-License-Identifier: Apache-2.0

/// Most of any object: little endian elements whose headers need no thought and whose values are at hand. These loops are
/// where the time goes; whatever they leave is read by `readElement`.
extension ElementParser {
  mutating func readPlainElements(of container: Container, _ bytes: RawSpan) {
    guard keepsEntries, !container.isBigEndian else { return }
    let limit = min(bytes.byteCount, container.end - skipped)
    if container.isImplicit {
      readPlainImplicitElements(bytes, limit: limit)
    } else {
      readPlainExplicitElements(bytes, limit: limit)
    }
  }

  /// Tags from here on need a closer look: the one to stop at, and delimiters.
  private var plainTagLimit: UInt32 {
    guard stack.count == 1, let stop else { return 0xFFFE_0000 }
    switch stop {
    case .before(let tag): return min(tag.rawValue, 0xFFFE_0000)
    case .behindGroup: return 0
    }
  }

  private mutating func readPlainExplicitElements(_ bytes: RawSpan, limit: Int) {
    let headerForms = VR.HeaderForm.table
    let tagLimit = plainTagLimit
    let depth = UInt8(truncatingIfNeeded: stack.count - 1)
    var position = self.position
    while limit - position >= 8, entries.count < options.longestIndex {
      let word = bytes.uint32(at: position, isBigEndian: false)
      let tag = word << 16 | word >> 16
      let vr = bytes.uint16(at: position + 4, isBigEndian: true)
      // Two capital letters, or their neighbours, which the table knows for no VR.
      guard tag != 0, tag < tagLimit, vr & 0xE0E0 == 0x4040 else { break }
      let form = headerForms[Int(vr >> 3 & 0x3E0 | vr & 0x1F)]
      var flags: ElementEntry.Flags = []
      var start = position + 8
      var length = Int(bytes.uint16(at: position + 6, isBigEndian: false))
      if form != VR.HeaderForm.short.rawValue {
        guard form == VR.HeaderForm.long.rawValue, limit - position >= 12 else { break }
        flags = .hasLongHeader
        start = position + 12
        // An undefined length is more than any limit.
        length = Int(bytes.uint32(at: position + 8, isBigEndian: false))
      }
      guard length <= limit - start, length <= keptValueLimit, length != Int(ElementHeader.undefined) else { break }
      if tag == Tag.pixelRepresentation.rawValue { noteSign(bytes, at: start, length) }
      entries.append(
        ElementEntry(
          tag: Tag(rawValue: tag), vr: VR(rawValue: vr), flags: flags, depth: depth, valueOffset: start, length: length,
          end: UInt32(truncatingIfNeeded: entries.count + 1)))
      position = start + length
    }
    self.position = position
  }

  private mutating func readPlainImplicitElements(_ bytes: RawSpan, limit: Int) {
    let dictionary = DataDictionary.index
    let tagLimit = plainTagLimit
    let depth = UInt8(truncatingIfNeeded: stack.count - 1)
    var position = self.position
    while limit - position >= 8, entries.count < options.longestIndex {
      let word = bytes.uint32(at: position, isBigEndian: false)
      let tag = Tag(rawValue: word << 16 | word >> 16)
      let start = position + 8
      let length = Int(bytes.uint32(at: position + 4, isBigEndian: false))
      guard tag.rawValue != 0, tag.rawValue < tagLimit, length <= limit - start, length <= keptValueLimit,
        length != Int(ElementHeader.undefined)
      else { break }
      let vr: VR
      if let slot = dictionary.slot(of: tag) {
        vr = slot.followsPixelRepresentation && pixelsAreSigned ? .ss : slot.vr
      } else {
        vr = implicitVR(of: tag)
      }
      guard vr != .sq else { break }
      note(tag, isImplicit: true, bytes, at: start, length)
      entries.append(
        ElementEntry(
          tag: tag, vr: vr, flags: .isImplicit, depth: depth, valueOffset: start, length: length,
          end: UInt32(truncatingIfNeeded: entries.count + 1)))
      position = start + length
    }
    self.position = position
  }
}

extension ElementParser {
  /// PS3.5 annex A.1: the dictionary says it, the creator of a private block, or nobody.
  func implicitVR(of tag: Tag) -> VR {
    if tag.isGroupLength { return .ul }
    if tag.isPrivate {
      return tag.isPrivateCreator ? .lo : privateBlocks.vr(of: tag, depth: stack.count) ?? .un
    }
    guard let slot = DataDictionary.index.slot(of: tag) else { return DataDictionary.vr(of: tag) ?? .un }
    return slot.followsPixelRepresentation && pixelsAreSigned ? .ss : slot.vr
  }

  /// What later elements are read by: private creators, and whether pixels have a sign.
  mutating func note(_ tag: Tag, isImplicit: Bool, _ bytes: RawSpan, at start: Int, _ length: Int) {
    if tag == .pixelRepresentation {
      noteSign(bytes, at: start, length)
    } else if isImplicit, tag.isPrivateCreator, length <= 64 {
      privateBlocks.reserve(tag, depth: stack.count, bytes.extracting(start..<start + length))
    }
  }

  private mutating func noteSign(_ bytes: RawSpan, at start: Int, _ length: Int) {
    pixelsAreSigned = length >= 2 && bytes.byte(at: start) | bytes.byte(at: start + 1) == 1
  }
}
