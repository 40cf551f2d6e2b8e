// SPDX-License-Identifier: Apache-2.0

extension ElementParser {
  /// Hands the state to a `PlainReader` and takes it back.
  mutating func readPlainElements(_ bytes: RawSpan) {
    guard keepsEntries, let top = stack.last, !top.isBigEndian, top.kind != .fragments else { return }
    let depth = stack.count
    let entryRoom = roomForEntries(of: bytes.byteCount)
    // One more than may be open: what is open at the end is put back on the stack.
    let stackRoom = min(2 * options.nestingLimit - depth, 256) + 1
    guard entryRoom > 0, stackRoom > 1 else { return }
    var reader = PlainReader(self, in: top)
    stack.removeLast()
    entries.append(addingCapacity: entryRoom) { entries in
      stack.append(addingCapacity: stackRoom) { containers in
        if top.isImplicit {
          reader.runImplicit(bytes, &entries, &containers, &privateBlocks)
        } else {
          reader.runExplicit(bytes, &entries, &containers)
        }
        reader.leave(&containers)
      }
    }
    pixelsAreSigned = reader.pixelsAreSigned
    position = reader.position
  }

  /// Once a data set turns out to be no small one, what has been read tells how many entries the rest will have: one
  /// allocation, not a dozen of growing size.
  private func roomForEntries(of count: Int) -> Int {
    let left = options.longestIndex - entries.count
    let free = entries.capacity - entries.count
    guard free < 16 else { return min(free, left) }
    guard !entries.isEmpty else { return min(256, left) }
    let bytesPerEntry = max(streamPosition / entries.count, 8)
    let expected = (count - position) / bytesPerEntry * 9 / 8
    return min(max(expected, entries.count / 2, 256), left)
  }

  /// What later elements are read by: private creators, and whether pixels have a sign.
  mutating func note(_ tag: Tag, isImplicit: Bool, _ bytes: RawSpan, at start: Int, _ length: Int) {
    if tag == .pixelRepresentation {
      pixelsAreSigned = bytes.isOne(at: start, length)
    } else if isImplicit, tag.isPrivateCreator {
      privateBlocks.reserve(tag, depth: stack.count, bytes.extracting(start..<start + length))
    }
  }

  /// PS3.5 annex A.1: the dictionary says it, the creator of a private block, or nobody.
  func implicitVR(of tag: Tag) -> VR {
    guard let slot = DataDictionary.index.slot(of: tag) else {
      return privateBlocks.implicitVR(of: tag, depth: stack.count)
    }
    return slot.followsPixelRepresentation && pixelsAreSigned ? .ss : slot.vr
  }
}

extension RawSpan {
  /// Pixel Representation (0028,0103) of signed pixels, in either byte order.
  func isOne(at start: Int, _ length: Int) -> Bool {
    length >= 2 && byte(at: start) | byte(at: start + 1) == 1
  }
}
