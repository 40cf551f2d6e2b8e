// SPDX-License-Identifier: Apache-2.0

/// Walks the elements of a data set, without recursion and able to stop anywhere for lack of bytes.
///
/// Positions within `bytes` and within the data set differ once a value was passed over: `position` is the former,
/// `streamPosition` the latter; containers end at stream positions.
struct ElementParser: Sendable {
  enum Outcome {
    case needsMoreBytes
    /// The bytes of a value that is not kept come next.
    case skip(Int)
    case reachedStop
    case finished
  }

  private struct Container {
    enum Kind { case dataSet, sequence, item, fragments }

    let kind: Kind
    let tag: Tag
    /// Index of its entry; -1 for the data set itself, and where entries are not kept.
    let entry: Int
    /// Stream position; Int.max where a delimiter ends it.
    var end: Int
    let isImplicit: Bool
    let isBigEndian: Bool
    var creators: [UInt32: String] = [:]
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
  private let options: ReadingOptions
  private let keptValueLimit: Int
  private(set) var entries: [ElementEntry] = []
  private(set) var position = 0
  private(set) var streamPosition = 0
  private var stack: [Container]
  private var pixelsAreSigned = false
  private var isAtPadding = false

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
        kind: .dataSet, tag: Tag(rawValue: 0), entry: -1, end: .max, isImplicit: !transferSyntax.isExplicit,
        isBigEndian: transferSyntax.isBigEndian)
    ]
  }

  /// Goes on from here with a parser that keeps nothing: what is left to know is whether the rest is whole.
  func continuingWithoutEntries() -> ElementParser {
    var rest = ElementParser(self)
    rest.position = 0
    return rest
  }

  private init(_ other: ElementParser) {
    stop = nil
    options = other.options
    keepsEntries = false
    keptValueLimit = 0
    stack = other.stack
    streamPosition = other.streamPosition
    pixelsAreSigned = other.pixelsAreSigned
  }

  /// The bytes before `position` were dropped by whoever keeps them.
  mutating func dropConsumedBytes() {
    position = 0
  }

  mutating func run(_ bytes: RawSpan, isFinal: Bool) throws(ReadingError) -> Outcome {
    while true {
      closeContainersThatEndHere()
      guard let top = stack.last else { return .finished }
      if isAtPadding || (position == bytes.byteCount && isFinal) {
        try requireNothingOpen()
        closeAll()
        return .finished
      }
      let outcome: Outcome? =
        switch top.kind {
        case .dataSet, .item: try readElement(in: top, bytes, isFinal: isFinal)
        case .sequence: try readItem(in: top, bytes, isFinal: isFinal)
        case .fragments: try readFragment(in: top, bytes, isFinal: isFinal)
        }
      if let outcome { return outcome }
    }
  }
}

extension ElementParser {
  /// nil: an element was read, go on.
  private mutating func readElement(
    in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    guard let header = try elementHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    if header.tag == .itemDelimitationItem, container.kind == .item, container.end == .max {
      advance(header.size)
      closeContainer()
      return nil
    }
    if header.tag.group == 0xFFFE {
      // A stray delimiter of length 0 at the end of an object is what some converters leave behind; it says nothing.
      guard header.tag != .item, header.length == 0 else { throw error(.unexpectedDelimiter, header.tag) }
      advance(header.size)
      return nil
    }
    if header.tag.rawValue == 0, header.length == 0, stack.count == 1 {
      // Zero bytes behind the last element: padding of a medium or a transfer.
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

  private mutating func readValue(
    _ header: ElementHeader, in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    let length = Int(header.length)
    if length > container.end - streamPosition - header.size {
      try stretchContainers(to: streamPosition + header.size + length, for: header.tag)
    }
    if length > keptValueLimit {
      record(header, in: container, isOmitted: true)
      advance(header.size)
      streamPosition += length
      return .skip(length)
    }
    guard length <= bytes.byteCount - position - header.size else {
      guard !isFinal else { throw error(.truncated, header.tag) }
      return .needsMoreBytes
    }
    if keepsEntries { note(header, bytes) }
    record(header, in: container, isOmitted: false)
    advance(header.size + length)
    return nil
  }

  private mutating func readItem(
    in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    guard let header = try itemHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    switch header.tag {
    case .item:
      guard stack.count < 2 * options.nestingLimit + 1 else {
        throw error(.nestedTooDeeply(limit: options.nestingLimit), container.tag)
      }
      try push(.item, header, in: container, isImplicit: container.isImplicit, isBigEndian: container.isBigEndian)
    case .sequenceDelimitationItem:
      advance(header.size)
      closeContainer()
    default:
      throw error(.expectedItem, container.tag)
    }
    return nil
  }

  private mutating func readFragment(
    in container: Container, _ bytes: RawSpan, isFinal: Bool
  ) throws(ReadingError) -> Outcome? {
    guard let header = try itemHeader(in: container, bytes, isFinal: isFinal) else { return .needsMoreBytes }
    switch header.tag {
    case .item:
      guard header.length != ElementHeader.undefined else { throw error(.undefinedLengthNotAllowed, container.tag) }
      return try readValue(header, in: container, bytes, isFinal: isFinal)
    case .sequenceDelimitationItem:
      advance(header.size)
      closeContainer()
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
    if container.isImplicit { header.vr = implicitVR(of: header, in: container) }
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

  /// PS3.5 annex A.1: the dictionary says it, the creator of a private block, or nobody.
  private func implicitVR(of header: ElementHeader, in container: Container) -> VR {
    let tag = header.tag
    if tag.isGroupLength { return .ul }
    guard tag.isPrivate else {
      guard let entry = DataDictionary.entry(for: tag) else { return .un }
      if entry.vrText == "US or SS", pixelsAreSigned { return .ss }
      return entry.vr
    }
    if tag.isPrivateCreator { return .lo }
    let block = tag.rawValue >> 8
    guard let creator = container.creators[block] else { return .un }
    return PrivateDictionary.entry(for: tag, creator: creator)?.vr ?? .un
  }

  /// Sequences, encapsulated pixels, and what is unknown but of undefined length (PS3.5 §6.2.2, CP-246).
  private mutating func open(_ header: ElementHeader, in container: Container) throws(ReadingError) {
    guard stack.count < 2 * options.nestingLimit else {
      throw error(.nestedTooDeeply(limit: options.nestingLimit), header.tag)
    }
    let isUndefined = header.length == ElementHeader.undefined
    switch header.vr {
    case .sq:
      try push(
        .sequence, header, in: container, isImplicit: container.isImplicit, isBigEndian: container.isBigEndian)
    case .ob, .ow:
      try push(
        header.tag == .pixelData || !container.isImplicit ? .fragments : .sequence, header, in: container,
        isImplicit: container.isImplicit, isBigEndian: container.isBigEndian)
    case .un:
      var sequence = header
      sequence.vr = .sq
      try push(.sequence, sequence, in: container, isImplicit: true, isBigEndian: false)
    default:
      guard isUndefined, container.isImplicit else { throw error(.undefinedLengthNotAllowed, header.tag) }
      var sequence = header
      sequence.vr = .sq
      try push(.sequence, sequence, in: container, isImplicit: true, isBigEndian: container.isBigEndian)
    }
  }

  private mutating func push(
    _ kind: Container.Kind, _ header: ElementHeader, in container: Container, isImplicit: Bool, isBigEndian: Bool
  ) throws(ReadingError) {
    let start = streamPosition + header.size
    var end = Int.max
    if header.length != ElementHeader.undefined {
      end = start + Int(header.length)
      if end > container.end {
        guard options.clipsLongContainers else { throw error(.valueExceedsItsContainer, header.tag) }
        end = container.end
      }
    }
    let index = keepsEntries ? entries.count : -1
    record(header, in: container, isOmitted: false)
    advance(header.size)
    stack.append(
      Container(
        kind: kind, tag: header.tag, entry: index, end: end, isImplicit: isImplicit, isBigEndian: isBigEndian))
  }

  private mutating func record(_ header: ElementHeader, in container: Container, isOmitted: Bool) {
    guard keepsEntries else { return }
    let isUndefined = header.length == ElementHeader.undefined
    entries.append(
      ElementEntry(
        tag: header.tag, vr: header.tag == .item ? .un : header.vr, depth: UInt8(clamping: stack.count - 1),
        isImplicit: container.isImplicit, isBigEndian: container.isBigEndian, hasUndefinedLength: isUndefined,
        isOmitted: isOmitted, headerOffset: position, valueOffset: position + header.size,
        length: isUndefined ? 0 : Int(header.length), end: entries.count + 1))
  }

  /// What later elements are read by: private creators, and whether pixels have a sign.
  private mutating func note(_ header: ElementHeader, _ bytes: RawSpan) {
    guard header.tag.isPrivateCreator || header.tag == .pixelRepresentation, header.length <= 64 else { return }
    let start = position + header.size
    if header.tag == .pixelRepresentation {
      pixelsAreSigned = header.length >= 2 && bytes.byte(at: start) | bytes.byte(at: start + 1) == 1
      return
    }
    var characters = (start..<start + Int(header.length)).map { bytes.byte(at: $0) }
    while let last = characters.last, last == 0x20 || last == 0 { characters.removeLast() }
    // (gggg,00bb) reserves (gggg,bb00–bbFF).
    let block = UInt32(header.tag.group) << 8 | UInt32(header.tag.element)
    stack[stack.count - 1].creators[block] = String(decoding: characters, as: UTF8.self)
  }

  /// Items and sequences whose length is too short for what they hold are read as if it were right.
  private mutating func stretchContainers(to end: Int, for tag: Tag) throws(ReadingError) {
    guard options.stretchesShortContainers else { throw error(.valueExceedsItsContainer, tag) }
    for index in stack.indices where stack[index].end < end { stack[index].end = end }
  }

  private mutating func advance(_ count: Int) {
    position += count
    streamPosition += count
  }

  private mutating func closeContainersThatEndHere() {
    while let top = stack.last, top.end <= streamPosition { closeContainer() }
  }

  private mutating func closeContainer() {
    guard let closed = stack.popLast(), closed.entry >= 0 else { return }
    entries[closed.entry].end = entries.count
    if closed.end != .max {
      // One that was clipped holds less than it claims.
      entries[closed.entry].length = min(
        entries[closed.entry].length, max(position - entries[closed.entry].valueOffset, 0))
    } else {
      entries[closed.entry].length = max(position - entries[closed.entry].valueOffset - 8, 0)
    }
  }

  private mutating func closeAll() {
    while stack.count > 1 { closeContainer() }
  }

  private func requireNothingOpen() throws(ReadingError) {
    guard stack.count == 1 else { throw error(.truncated, nil) }
  }

  private func error(_ reason: ReadingError.Reason, _ tag: Tag?) -> ReadingError {
    let path = stack.dropFirst().filter { $0.kind != .item }.map(\.tag) + (tag.map { [$0] } ?? [])
    return ReadingError(reason, offset: streamPosition, tagPath: path)
  }
}
