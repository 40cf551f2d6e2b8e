// SPDX-License-Identifier: Apache-2.0

/// Reads a data set as its bytes arrive, in any split: keeps the elements before a tag, and of the rest only whether it is
/// whole. Memory is bounded by the header's limit, whatever the object's size.
package struct PushReader {
  /// What is told as it is read.
  package enum Event {
    /// An element before the stop, the beginning of a sequence or item (their contents follow), or one whose value is passed
    /// on in pieces.
    case element(Element)
    /// Some of the value of the element told last: it is longer than the options' `longestKeptValue`.
    case bulkData(UnsafeRawBufferPointer)
  }

  private let transferSyntax: TransferSyntax
  private let options: ReadingOptions
  private let inflater: Inflater?
  private var parser: ElementParser
  private var kept: [UInt8] = []
  private var toSkip = 0
  /// Entries that were told; .max once somebody does not listen.
  private var told = 0
  private var headerParts: DataSet?
  /// nil where all elements are kept.
  private var selection: HeaderSelection?

  /// `wanted`: the top level elements that the header is to have; nil for all.
  package init(
    transferSyntax: TransferSyntax, stoppingBefore stop: Tag?, options: ReadingOptions = .lenient,
    keeping wanted: Set<Tag>? = nil
  ) {
    selection = wanted.map { HeaderSelection($0) }
    self.transferSyntax = transferSyntax
    self.options = options
    inflater = transferSyntax.isDeflated ? Inflater(options: options) : nil
    parser = ElementParser(
      transferSyntax: transferSyntax, stop: stop.map { .before($0) }, options: options,
      keptValueLimit: options.longestKeptValue)
  }

  package var isHeaderComplete: Bool { headerParts != nil }

  /// The elements before the tag; nil until they have all arrived.
  package var header: DataSet? { headerParts }

  /// The elements that have arrived so far.
  var readable: DataSet {
    var parser = self.parser
    parser.closeAll()
    return DataSet(bytes: Bytes(kept), parser: parser, transferSyntax: transferSyntax)
  }

  package mutating func push(_ bytes: UnsafeRawBufferPointer) throws(ReadingError) {
    told = .max
    try push(bytes) { _ throws(ReadingError) in }
  }

  /// Takes the next bytes and tells what they complete.
  package mutating func push(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(ReadingError) -> Void
  ) throws(ReadingError) {
    guard let inflater else { return try take(bytes, tell) }
    // Piece by piece: what a few bytes inflate to may be a thousand times as much.
    try inflater.inflate(bytes) { piece throws(ReadingError) in try take(piece, tell) }
  }

  /// The object has ended: throws where it ended inside an element.
  package mutating func finish(
    _ tell: (Event) throws(ReadingError) -> Void = { _ throws(ReadingError) in }
  ) throws(ReadingError) {
    let isInflated = inflater?.isAtEnd ?? true
    guard toSkip == 0, isInflated else { throw ReadingError(.truncated, offset: parser.streamPosition) }
    try run(isFinal: true, tell)
    if headerParts == nil { completeHeader() }
  }

  /// How many of the bytes that come next, the reader need not see; it takes them for pushed.
  mutating func passOver(atMost count: Int) -> Int {
    guard inflater == nil else { return 0 }
    let passed = min(toSkip, count)
    toSkip -= passed
    return passed
  }

  private mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(ReadingError) -> Void
  ) throws(ReadingError) {
    let skipped = min(toSkip, bytes.count)
    toSkip -= skipped
    if skipped > 0, headerParts == nil { try tell(.bulkData(UnsafeRawBufferPointer(rebasing: bytes[..<skipped]))) }
    guard skipped < bytes.count else { return }
    kept.append(contentsOf: bytes[skipped...])
    try run(isFinal: false, tell)
  }

  private mutating func run(
    isFinal: Bool, _ tell: (Event) throws(ReadingError) -> Void
  ) throws(ReadingError) {
    while true {
      let outcome = try Self.run(&parser, over: kept, isFinal: isFinal)
      if headerParts == nil { try tellNewElements(tell) }
      switch outcome {
      case .needsMoreBytes:
        if headerParts == nil, told == .max || told == parser.entries.count { select() }
        guard kept.count + (selection?.bytes.count ?? 0) <= options.longestHeader else {
          throw ReadingError(.headerTooLong(limit: options.longestHeader), offset: parser.streamPosition)
        }
        if headerParts != nil { dropConsumed() }
        return
      case .skip(let count):
        let arrived = min(count, kept.count - parser.position)
        let bulk = parser.position..<parser.position + arrived
        if headerParts == nil, arrived > 0 {
          try Array(kept[bulk]).withBytes { bytes throws(ReadingError) in try tell(.bulkData(bytes)) }
        }
        kept.removeSubrange(bulk)
        toSkip = count - arrived
        if headerParts != nil { dropConsumed() }
        guard toSkip == 0 else {
          guard !isFinal else { throw ReadingError(.truncated, offset: parser.streamPosition) }
          return
        }
      case .reachedStop:
        completeHeader()
      case .finished:
        // At the end, or at padding, behind which nothing is read.
        if headerParts == nil { completeHeader() }
        kept.removeAll()
        parser.dropConsumedBytes()
        return
      }
    }
  }

  private static func run(
    _ parser: inout ElementParser, over bytes: [UInt8], isFinal: Bool
  ) throws(ReadingError) -> ElementParser.Outcome {
    try parser.run(bytes.span.bytes, isFinal: isFinal)
  }

  private mutating func tellNewElements(_ tell: (Event) throws(ReadingError) -> Void) throws(ReadingError) {
    guard told < parser.entries.count else { return }
    let bytes = Bytes(kept)
    while told < parser.entries.count {
      let entry = parser.entries[told]
      told += 1
      try tell(.element(Element(entry: entry, bytes: bytes, index: told - 1)))
    }
  }

  private mutating func select() {
    selection?.take(from: &parser, &kept)
    if selection != nil, told != .max { told = parser.entries.count }
  }

  private mutating func completeHeader() {
    select()
    let bytes = selection?.bytes ?? Array(kept[..<parser.position])
    headerParts = DataSet(
      bytes: Bytes(bytes), entries: selection?.entries ?? parser.entries, transferSyntax: transferSyntax,
      deviations: parser.deviations)
    selection = nil
    kept.removeSubrange(..<parser.position)
    parser = parser.continuingWithoutEntries()
  }

  private mutating func dropConsumed() {
    kept.removeSubrange(..<parser.position)
    parser.dropConsumedBytes()
  }
}
