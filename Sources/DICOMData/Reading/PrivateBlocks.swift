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
    guard name.byteCount <= 64 else { return }
    var characters = (0..<name.byteCount).map { name.byte(at: $0) }
    while let last = characters.last, last == 0x20 || last == 0 { characters.removeLast() }
    // (gggg,00bb) reserves (gggg,bb00–bbFF).
    let key = Key(depth: depth, block: UInt32(tag.group) << 8 | UInt32(tag.element))
    let block = PrivateDictionary.block(creator: String(decoding: characters, as: UTF8.self))
    if blocks.updateValue(block, orRemove: key) { reserved.append(key) }
  }

  var isEmpty: Bool { reserved.isEmpty }

  /// What the dictionary's table does not list: group lengths, private elements, what repeats, and what nobody knows.
  func implicitVR(of tag: Tag, depth: Int) -> VR {
    if tag.isGroupLength { return .ul }
    guard tag.isPrivate else { return DataDictionary.vr(of: tag) ?? .un }
    if tag.isPrivateCreator { return .lo }
    guard !blocks.isEmpty, let block = blocks[Key(depth: depth, block: tag.rawValue >> 8)] else { return .un }
    return PrivateDictionary.vr(of: tag, in: block) ?? .un
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
