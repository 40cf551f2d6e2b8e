// SPDX-License-Identifier: Apache-2.0

/// Reads a data set as its bytes arrive, in any split: keeps the elements before a tag, and of the rest only whether it is
/// whole. Memory is bounded by the header's limit, whatever the object's size.
package struct PushReader {
  private let transferSyntax: TransferSyntax
  private let options: ReadingOptions
  private let inflater: Inflater?
  private var parser: ElementParser
  private var kept: [UInt8] = []
  private var toSkip = 0
  private var headerParts: (bytes: [UInt8], entries: [ElementEntry])?

  package init(transferSyntax: TransferSyntax, stoppingBefore stop: Tag, options: ReadingOptions = .lenient) {
    self.transferSyntax = transferSyntax
    self.options = options
    inflater = transferSyntax.isDeflated ? Inflater(options: options) : nil
    parser = ElementParser(
      transferSyntax: transferSyntax, stop: .before(stop), options: options, keptValueLimit: options.longestKeptValue)
  }

  package var isHeaderComplete: Bool { headerParts != nil }

  /// The elements before the tag; nil until they have all arrived.
  package var header: DataSet? {
    headerParts.map { DataSet(bytes: $0.bytes, entries: $0.entries, transferSyntax: transferSyntax) }
  }

  package mutating func push(_ bytes: UnsafeRawBufferPointer) throws(ReadingError) {
    guard let inflater else { return try take(bytes) }
    var inflated: [UInt8] = []
    try inflater.inflate(bytes) { piece throws(ReadingError) in inflated.append(contentsOf: piece) }
    try inflated.withBytes { piece throws(ReadingError) in try take(piece) }
  }

  /// The object has ended: throws where it ended inside an element.
  package mutating func finish() throws(ReadingError) {
    let isInflated = inflater?.isAtEnd ?? true
    guard toSkip == 0, isInflated else { throw ReadingError(.truncated, offset: parser.streamPosition) }
    try run(isFinal: true)
    if headerParts == nil { completeHeader() }
  }

  private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(ReadingError) {
    let skipped = min(toSkip, bytes.count)
    toSkip -= skipped
    guard skipped < bytes.count else { return }
    kept.append(contentsOf: bytes[skipped...])
    try run(isFinal: false)
  }

  private mutating func run(isFinal: Bool) throws(ReadingError) {
    while true {
      let outcome = try Self.run(&parser, over: kept, isFinal: isFinal)
      switch outcome {
      case .needsMoreBytes:
        guard kept.count <= options.longestHeader else {
          throw ReadingError(.headerTooLong(limit: options.longestHeader), offset: parser.streamPosition)
        }
        if headerParts != nil { dropConsumed() }
        return
      case .skip(let count):
        let arrived = min(count, kept.count - parser.position)
        kept.removeSubrange(parser.position..<parser.position + arrived)
        toSkip = count - arrived
        if headerParts != nil { dropConsumed() }
        guard toSkip == 0 else {
          guard !isFinal else { throw ReadingError(.truncated, offset: parser.streamPosition) }
          return
        }
      case .reachedStop:
        completeHeader()
      case .finished:
        if headerParts == nil, isFinal { completeHeader() }
        kept.removeAll()
        return
      }
    }
  }

  private static func run(
    _ parser: inout ElementParser, over bytes: [UInt8], isFinal: Bool
  ) throws(ReadingError) -> ElementParser.Outcome {
    try parser.run(bytes.span.bytes, isFinal: isFinal)
  }

  private mutating func completeHeader() {
    headerParts = (Array(kept[..<parser.position]), parser.entries)
    kept.removeSubrange(..<parser.position)
    parser = parser.continuingWithoutEntries()
  }

  private mutating func dropConsumed() {
    kept.removeSubrange(..<parser.position)
    parser.dropConsumedBytes()
  }
}
