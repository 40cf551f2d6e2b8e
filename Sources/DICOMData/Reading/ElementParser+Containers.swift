// SPDX-License-Identifier: Apache-2.0

/// What holds elements: the data set, sequences, their items, and the fragments of encapsulated pixels.
struct Container: Sendable {
  enum Kind: UInt8 { case dataSet, sequence, item, fragments }

  let kind: Kind
  var isImplicit: Bool
  let isBigEndian: Bool
  /// As Pixel Representation stood before it; what is said within it ends with it.
  let pixelsWereSigned: Bool
  let tag: Tag
  /// Index of its entry; -1 for the data set itself, and where entries are not kept.
  let entry: Int
  /// Stream position; Int.max where a delimiter ends it.
  var end: Int
}

extension ElementParser {
  /// Sequences, encapsulated pixels, and what is unknown but of undefined length (PS3.5 §6.2.2, CP-246).
  mutating func open(_ header: ElementHeader, in container: Container) throws(ReadingError) {
    guard stack.count < 2 * options.nestingLimit else {
      throw error(.nestedTooDeeply(limit: options.nestingLimit), header.tag)
    }
    let isUndefined = header.length == ElementHeader.undefined
    var isImplicit = container.isImplicit
    var isBigEndian = container.isBigEndian
    var kind = Container.Kind.sequence
    var sequence = header
    switch header.vr {
    case .sq: break
    case .ob, .ow:
      kind = header.tag == .pixelData || !container.isImplicit ? .fragments : .sequence
    case .un:
      sequence.vr = .sq
      isImplicit = true
      isBigEndian = false
    default:
      guard isUndefined, container.isImplicit else { throw error(.undefinedLengthNotAllowed, header.tag) }
      try tolerate(.undefinedLengthWithoutSequence, else: .undefinedLengthNotAllowed, header.tag)
      sequence.vr = .sq
    }
    try push(kind, sequence, in: container, isImplicit: isImplicit, isBigEndian: isBigEndian)
  }

  mutating func push(
    _ kind: Container.Kind, _ header: ElementHeader, in container: Container, isImplicit: Bool, isBigEndian: Bool
  ) throws(ReadingError) {
    let start = streamPosition + header.size
    var end = Int.max
    if header.length != ElementHeader.undefined {
      end = start + Int(header.length)
      if end > container.end {
        try tolerate(.longContainer, else: .valueExceedsItsContainer, header.tag)
        end = container.end
      }
    }
    let index = keepsEntries ? entries.count : -1
    try record(header, in: container, isOmitted: false)
    position += header.size
    stack.append(
      Container(
        kind: kind, isImplicit: isImplicit, isBigEndian: isBigEndian, pixelsWereSigned: pixelsAreSigned,
        tag: header.tag,
        entry: index, end: end))
  }

  /// Items and sequences whose length is too short for what they hold are read as if it were right.
  mutating func stretchContainers(to end: Int, for tag: Tag) throws(ReadingError) {
    try tolerate(.shortContainer, else: .valueExceedsItsContainer, tag)
    for index in stack.indices where stack[index].end < end { stack[index].end = end }
  }

  mutating func closeContainersThatEndHere() {
    let here = streamPosition
    while let top = stack.last, top.end <= here { closeContainer(delimiter: 0) }
  }

  mutating func closeContainer(delimiter: Int) {
    guard let closed = stack.popLast() else { return }
    pixelsAreSigned = closed.pixelsWereSigned
    if !privateBlocks.isEmpty { privateBlocks.close(depth: stack.count + 1) }
    guard closed.entry >= 0 else { return }
    let held = max(position - delimiter - entries[closed.entry].valueOffset, 0)
    // One that was clipped or stretched does not hold what it claims.
    entries[closed.entry].length = held
    entries[closed.entry].end = UInt32(truncatingIfNeeded: entries.count)
  }

  mutating func closeAll() {
    while stack.count > 1 { closeContainer(delimiter: 0) }
  }
}
