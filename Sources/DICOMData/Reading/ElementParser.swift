// SPDX-License-Identifier: Apache-2.0

/// Walks the elements of a data set, without recursion and able to stop anywhere for lack of bytes.
///
/// Positions within the bytes at hand and within the data set differ once bytes were passed over or dropped: `position` is
/// the former, `streamPosition` the latter; containers end at stream positions.
struct ElementParser: Sendable {
  enum Outcome {
    case needsMoreBytes
    /// The bytes of a value that is not kept come next.
    case skip(Int)
    case reachedStop
    case finished
  }

  /// Where to stop at the top level.
  enum Stop: Sendable {
    case before(Tag)
    case behindGroup(UInt16)

    func isReached(by tag: Tag) -> Bool {
      switch self {
      case .before(let stop): tag >= stop
      case .behindGroup(let group): tag.group != group
      }
    }
  }

  let stop: Stop?
  let keepsEntries: Bool
  let options: ReadingOptions
  let keptValueLimit: Int
  var entries: [ElementEntry] = []
  private(set) var deviations: [Deviation] = []
  var position = 0
  /// What was passed over or dropped before `position`.
  private(set) var skipped = 0
  var stack: [Container]
  var pixelsAreSigned = false
  var privateBlocks = PrivateBlocks()
  private var isAtPadding = false

  var streamPosition: Int { position + skipped }

  init(
    transferSyntax: TransferSyntax, stop: Stop?, options: ReadingOptions, keepsEntries: Bool = true,
    keptValueLimit: Int = .max
  ) {
    self.stop = stop
    self.options = options
    self.keepsEntries = keepsEntries
    self.keptValueLimit = keptValueLimit
    stack = [
      Container(
        kind: .dataSet, isImplicit: !transferSyntax.isExplicit, isBigEndian: transferSyntax.isBigEndian,
        pixelsWereSigned: false, tag: Tag(rawValue: 0), entry: -1, end: .max)
    ]
  }

  /// Goes on from here with a parser that keeps nothing: what is left to know is whether the rest is whole.
  func continuingWithoutEntries() -> ElementParser {
    ElementParser(resuming: self)
  }

  private init(resuming other: ElementParser) {
    stop = nil
    options = other.options
    keepsEntries = false
    keptValueLimit = 0
    stack = other.stack
    skipped = other.streamPosition
    pixelsAreSigned = other.pixelsAreSigned
    isAtPadding = other.isAtPadding
  }

  /// The bytes before `position` were dropped by whoever keeps them.
  mutating func dropConsumedBytes() {
    skipped += position
    position = 0
  }

  mutating func run(_ bytes: RawSpan, isFinal: Bool) throws(ReadingError) -> Outcome {
    while true {
      readPlainElements(bytes)
      closeContainersThatEndHere()
      guard let top = stack.last else { return .finished }
      if isAtPadding || (position == bytes.byteCount && isFinal) {
        try requireNothingOpen()
        closeAll()
        return .finished
      }
      let outcome: Outcome? =
        switch top.kind {
        case .dataSet, .item: try readElement(of: top, bytes, isFinal: isFinal)
        case .sequence: try readItem(of: top, bytes, isFinal: isFinal)
        case .fragments: try readFragment(of: top, bytes, isFinal: isFinal)
        }
      if let outcome { return outcome }
    }
  }
}

extension ElementParser {
  /// nil: an element was read, go on.
  private mutating func readElement(
    of container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    if isFinal, bytes.byteCount - position < 8, endsInZeros(bytes) {
      try tolerate(.zerosBehindTheEnd, else: .unexpectedZeros, Tag(rawValue: 0))
      isAtPadding = true
      return nil
    }
    if container.kind == .item, !container.isImplicit, hasImplicitElement(bytes, in: container) {
      try tolerate(.implicitItem, else: .deviates(.implicitItem), container.tag)
      stack[stack.count - 1].isImplicit = true
      return nil
    }
    guard let header = try elementHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    if header.tag.group == 0xFFFE {
      try readDelimiter(header, in: container)
      return nil
    }
    if header.tag.rawValue == 0, header.length == 0, stack.count == 1 {
      // Zero bytes behind the last element: padding of a medium or a transfer.
      try tolerate(.zerosBehindTheEnd, else: .unexpectedZeros, header.tag)
      isAtPadding = true
      return nil
    }
    if let stop, stack.count == 1, stop.isReached(by: header.tag) {
      closeAll()
      return .reachedStop
    }
    if header.vr == .sq || header.length == ElementHeader.undefined {
      try open(header, in: container)
      return nil
    }
    return try readValue(header, in: container, bytes, isFinal: isFinal)
  }

  /// Fewer zeros than a header has. In big endian a header begins with one.
  private func endsInZeros(_ bytes: RawSpan) -> Bool {
    guard let only = stack.last, stack.count == 1, !only.isBigEndian else { return false }
    return (position..<bytes.byteCount).allSatisfy { bytes.byte(at: $0) == 0 }
  }

  /// A length of 32 bits, up to 8 KiB or undefined, where a VR and a length of 16 belong.
  private func hasImplicitElement(_ bytes: RawSpan, in container: Container) -> Bool {
    guard bytes.byteCount - position >= 8, !container.isBigEndian,
      bytes.uint16(at: position, isBigEndian: false) != 0xFFFE
    else { return false }
    let length = bytes.uint32(at: position + 4, isBigEndian: false)
    return (1..<0x2000).contains(length) || length == ElementHeader.undefined
  }

  /// The end of an item of undefined length; anywhere else one of length 0 is what some converters leave behind.
  private mutating func readDelimiter(_ header: ElementHeader, in container: Container) throws(ReadingError) {
    let endsItem = header.tag == .itemDelimitationItem && container.kind == .item && container.end == .max
    if !endsItem {
      guard header.tag != .item, header.length == 0 else { throw error(.unexpectedDelimiter, header.tag) }
      try tolerate(.strayDelimiter, else: .unexpectedDelimiter, header.tag)
    }
    position += header.size
    if endsItem { closeContainer(delimiter: header.size) }
  }

  private mutating func readValue(
    _ header: ElementHeader, in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    let length = Int(header.length)
    if length > container.end - streamPosition - header.size {
      try stretchContainers(to: streamPosition + header.size + length, for: header.tag)
    }
    if length > keptValueLimit {
      try record(header, in: container, isOmitted: true)
      position += header.size
      skipped += length
      return .skip(length)
    }
    guard length <= bytes.byteCount - position - header.size else {
      guard !isFinal else { throw error(.truncated, header.tag) }
      return .needsMoreBytes
    }
    if keepsEntries { note(header.tag, isImplicit: container.isImplicit, bytes, at: position + header.size, length) }
    try record(header, in: container, isOmitted: false)
    position += header.size + length
    return nil
  }

  private mutating func readItem(
    of container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    guard let header = try itemHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    switch header.tag {
    case .item:
      guard stack.count < 2 * options.nestingLimit + 1 else {
        throw error(.nestedTooDeeply(limit: options.nestingLimit), container.tag)
      }
      try push(.item, header, in: container, isImplicit: container.isImplicit, isBigEndian: container.isBigEndian)
    case .itemDelimitationItem where header.length == 0:
      // Behind an item of defined length, which needs none.
      try tolerate(.strayDelimiter, else: .expectedItem, header.tag)
      position += header.size
    case .sequenceDelimitationItem:
      if container.end != .max { try tolerate(.strayDelimiter, else: .unexpectedDelimiter, header.tag) }
      position += header.size
      closeContainer(delimiter: header.size)
    default:
      throw error(.expectedItem, container.tag)
    }
    return nil
  }

  private mutating func readFragment(
    of container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    guard let header = try itemHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    switch header.tag {
    case .item:
      guard header.length != ElementHeader.undefined else { throw error(.undefinedLengthNotAllowed, container.tag) }
      return try readValue(header, in: container, bytes, isFinal: isFinal)
    case .sequenceDelimitationItem:
      position += header.size
      closeContainer(delimiter: header.size)
      return nil
    default:
      throw error(.expectedItem, container.tag)
    }
  }
}

extension ElementParser {
  private mutating func elementHeader(
    in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> ElementHeader? {
    let header = ElementHeader(
      reading: bytes, at: position, isImplicit: container.isImplicit, isBigEndian: container.isBigEndian)
    guard var header else {
      guard !isFinal else { throw error(.truncated, nil) }
      return nil
    }
    if container.isImplicit {
      header.vr = implicitVR(of: header.tag)
    }
    return header
  }

  private func itemHeader(
    in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> ElementHeader? {
    // Items and delimiters have no VR in any transfer syntax (PS3.5 §7.5).
    let header = ElementHeader(reading: bytes, at: position, isImplicit: true, isBigEndian: container.isBigEndian)
    guard header != nil || !isFinal else { throw error(.truncated, container.tag) }
    return header
  }

  mutating func record(_ header: ElementHeader, in container: Container, isOmitted: Bool) throws(ReadingError) {
    guard keepsEntries else { return }
    guard entries.count < options.longestIndex else {
      throw error(.tooManyElements(limit: options.longestIndex), header.tag)
    }
    let isUndefined = header.length == ElementHeader.undefined
    var flags: ElementEntry.Flags = []
    if container.isImplicit { flags.insert(.isImplicit) }
    if container.isBigEndian { flags.insert(.isBigEndian) }
    if isUndefined { flags.insert(.hasUndefinedLength) }
    if isOmitted { flags.insert(.isOmitted) }
    if header.size == 12 { flags.insert(.hasLongHeader) }
    entries.append(
      ElementEntry(
        tag: header.tag, vr: header.tag == .item ? .un : header.vr, flags: flags,
        depth: UInt8(clamping: stack.count - 1),
        valueOffset: position + header.size, length: isUndefined ? 0 : Int(header.length),
        end: UInt32(truncatingIfNeeded: entries.count + 1)))
  }

  /// Reads on if the options bear it.
  mutating func tolerate(
    _ kind: Deviation.Kind, else reason: ReadingError.Reason, _ tag: Tag
  ) throws(ReadingError) {
    guard options.tolerated.contains(kind) else { throw error(reason, tag) }
    guard deviations.count < options.longestDeviationList else { return }
    deviations.append(Deviation(kind, offset: streamPosition, tagPath: path(to: tag)))
  }

  private func requireNothingOpen() throws(ReadingError) {
    guard stack.count == 1 else { throw error(.truncated, nil) }
  }

  func error(_ reason: ReadingError.Reason, _ tag: Tag?) -> ReadingError {
    ReadingError(reason, offset: streamPosition, tagPath: path(to: tag))
  }

  private func path(to tag: Tag?) -> [Tag] {
    stack.dropFirst().filter { $0.kind != .item }.map(\.tag) + (tag.map { [$0] } ?? [])
  }
}
