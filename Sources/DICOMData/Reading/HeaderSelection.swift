// SPDX-License-Identifier: Apache-2.0

/// Of the top level elements before the stop, those that are asked for; the bytes and entries of all others go as they pass.
/// So the header of an object takes little memory, whatever a peer puts into it.
struct HeaderSelection {
  private let wanted: Set<Tag>
  private(set) var bytes: [UInt8] = []
  private(set) var entries: [ElementEntry] = []

  init(_ wanted: Set<Tag>) {
    self.wanted = wanted
  }

  /// Keeps what is complete and asked for, and has parser and bytes forget all that was read. While a sequence that is
  /// asked for is open, nothing happens.
  mutating func take(from parser: inout ElementParser, _ kept: inout [UInt8]) {
    let open = parser.stack.count > 1 ? parser.stack[1] : nil
    if let open, wanted.contains(open.tag) { return }
    let complete = open.map { max($0.entry, 0) } ?? parser.entries.count
    var index = 0
    while index < complete {
      let entry = parser.entries[index]
      let next = entry.endIndex
      // What is left of a sequence whose beginning was forgotten is no top level element.
      if entry.depth == 0, wanted.contains(entry.tag) {
        let end = next < parser.entries.count ? parser.entries[next].headerOffset : parser.position
        keep(parser.entries[index..<next], kept[entry.headerOffset..<end])
      }
      index = next
    }
    kept.removeSubrange(..<parser.position)
    parser.dropConsumedBytes()
    parser.forgetEntries()
  }

  private mutating func keep(_ elements: ArraySlice<ElementEntry>, _ raw: ArraySlice<UInt8>) {
    let distance = bytes.count - raw.startIndex
    let shift = entries.count - elements.startIndex
    for entry in elements { entries.append(entry.moved(by: distance, index: shift)) }
    bytes += raw
  }
}

extension ElementEntry {
  fileprivate func moved(by distance: Int, index shift: Int) -> ElementEntry {
    ElementEntry(
      tag: tag, vr: vr, flags: flags, depth: depth, valueOffset: valueOffset + distance, length: length,
      end: UInt32(truncatingIfNeeded: endIndex + shift))
  }
}

extension ElementParser {
  /// What was read so far is no longer asked about; what is open is closed without an entry.
  fileprivate mutating func forgetEntries() {
    entries.removeAll(keepingCapacity: entries.capacity <= 4096)
    stack = stack.map { container in
      Container(
        kind: container.kind, isImplicit: container.isImplicit, isBigEndian: container.isBigEndian,
        pixelsWereSigned: container.pixelsWereSigned, tag: container.tag, entry: -1, end: container.end)
    }
  }
}
