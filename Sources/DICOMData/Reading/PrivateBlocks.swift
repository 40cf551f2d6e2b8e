// SPDX-License-Identifier: Apache-2.0

/// Which creator reserved which block of private elements, in the data set and in each open item (PS3.5 §7.8.1).
struct PrivateBlocks: Sendable {
  private struct Key: Hashable {
    let depth: Int
    let block: UInt32
  }

  private var blocks: [Key: PrivateDictionary.Block] = [:]
  private var reserved: [Key] = []

  /// `depth` is that of the data set or item in which the creator element `tag` stands.
  mutating func reserve(_ tag: Tag, depth: Int, _ name: RawSpan) {
    var characters = (0..<name.byteCount).map { name.byte(at: $0) }
    while let last = characters.last, last == 0x20 || last == 0 { characters.removeLast() }
    // (gggg,00bb) reserves (gggg,bb00–bbFF).
    let key = Key(depth: depth, block: UInt32(tag.group) << 8 | UInt32(tag.element))
    let block = PrivateDictionary.block(creator: String(decoding: characters, as: UTF8.self))
    if blocks.updateValue(block, orRemove: key) { reserved.append(key) }
  }

  func vr(of tag: Tag, depth: Int) -> VR? {
    guard !blocks.isEmpty, let block = blocks[Key(depth: depth, block: tag.rawValue >> 8)] else { return nil }
    return PrivateDictionary.vr(of: tag, in: block)
  }

  /// What an item reserved ends with it.
  mutating func close(depth: Int) {
    while let last = reserved.last, last.depth >= depth {
      blocks[last] = nil
      reserved.removeLast()
    }
  }
}

extension Dictionary {
  /// Whether the key is new; nil removes what stood there.
  fileprivate mutating func updateValue(_ value: Value?, orRemove key: Key) -> Bool {
    guard let value else {
      self[key] = nil
      return false
    }
    return updateValue(value, forKey: key) == nil
  }
}
