// SPDX-License-Identifier: Apache-2.0

import Crypto
import DICOMData

/// SHA-256 over what a data set says, whatever its encoding: transfer syntax, byte order, length forms, group lengths, padding
/// at the end of text and behind the data set do not count. Compressed pixel data count as they are, with their transfer
/// syntax. A private element counts by its bytes as they stand in little endian, and a value of UN that is a sequence as that
/// sequence, for a reader of Implicit VR cannot know more of either (PS3.5 §6.2.2). Memory is bounded, whatever the size.
struct CanonicalDigest {
  private var reader: PushReader
  private var content: CanonicalContent

  init(transferSyntax: TransferSyntax) {
    reader = PushReader(transferSyntax: transferSyntax, stoppingBefore: nil, keeping: [])
    content = CanonicalContent(transferSyntax: transferSyntax)
  }

  mutating func push(_ bytes: UnsafeRawBufferPointer) throws(ReadingError) {
    var content = self.content
    try reader.push(bytes) { event throws(ReadingError) in content.take(event) }
    self.content = content
  }

  /// 32 bytes; throws where the data set ends inside an element.
  mutating func finish() throws(ReadingError) -> [UInt8] {
    var content = self.content
    try reader.finish { event throws(ReadingError) in content.take(event) }
    return content.finish()
  }
}

/// The elements of a data set, put into the hash one after another, each as depth, tag, value, length: read from its end,
/// that can be split in one way only.
private struct CanonicalContent {
  private let transferSyntax: TransferSyntax
  private var hash = SHA256()
  /// The element whose value comes in pieces: bytes that change places, those that wait for their number to be whole, and
  /// how many there were.
  private var bulk: (swapSize: Int, rest: [UInt8], count: Int)?
  /// The depth of what has fragments in it.
  private var fragmentsBelow: Int?
  /// How deep in the data set the elements are that come with depth 0, and in how many values of UN.
  private var depth = 0
  private var unknownDepth = 0
  /// The value that comes in pieces, read as the sequence that it may be; none or one.
  private var unknown: [UnknownSequence] = []

  /// Beyond, a value of UN in one of UN counts by its bytes.
  private static let mostUnknown = 16

  init(transferSyntax: TransferSyntax) {
    self.transferSyntax = transferSyntax
  }

  /// Goes on within a value of UN of this depth.
  init(within outer: CanonicalContent, depth: Int) {
    transferSyntax = outer.transferSyntax
    hash = outer.hash
    self.depth = outer.depth + depth
    unknownDepth = outer.unknownDepth + 1
  }

  mutating func take(_ event: PushReader.Event) {
    switch event {
    case .element(let element): take(element)
    case .bulkData(let bytes): takePiece(bytes)
    }
  }

  mutating func finish() -> [UInt8] { Array(ended().finalize()) }

  mutating func ended() -> SHA256 {
    endBulk()
    return hash
  }

  private mutating func take(_ element: Element) {
    endBulk()
    let isFragment = fragmentsBelow.map { element.tag == .item && element.depth > $0 } ?? false
    if !isFragment { fragmentsBelow = nil }
    guard element.tag.element != 0 || element.tag == .item, element.tag != Tag(0xFFFC, 0xFFFC) else {
      // A group length, or Data Set Trailing Padding; were it long, its pieces would be passed over too.
      if element.isOmitted { bulk = (-1, [], 0) }
      return
    }
    if element.vr == .un, element.tag != .item, unknownDepth < Self.mostUnknown {
      var sequence = UnknownSequence(of: element, in: self)
      if element.isOmitted {
        unknown = [sequence]
      } else if Array(element.value).withUnsafeBytes({ sequence.push($0) }), let hash = sequence.finish() {
        self.hash = hash
        return
      }
    }
    put(depth + element.depth, width: 2)
    put(Int(element.tag.group), width: 2)
    put(Int(element.tag.element), width: 2)
    if element.isOmitted {
      bulk = (element.isBigEndian ? element.vr.numberSizeForSwapping : 1, [], 0)
    } else if element.vr == .sq || (element.tag == .item && !isFragment) {
      put(0, width: 8)
    } else if element.hasUndefinedLength {
      // Which compression it is belongs to the value (PS3.5 annex A.4).
      fragmentsBelow = element.depth
      hash.update(data: Array(transferSyntax.uid.utf8))
      put(transferSyntax.uid.utf8.count, width: 8)
    } else {
      let value = canonicalValue(of: element, isFragment: isFragment)
      hash.update(data: value)
      put(value.count, width: 8)
    }
  }

  private func canonicalValue(of element: Element, isFragment: Bool) -> [UInt8] {
    var value = Array(element.value)
    if isFragment { return value }
    let vr = element.vr == .un ? DataDictionary.vr(of: element.tag) ?? .un : element.vr
    // Of what is private a reader of Implicit VR need not know that it is text.
    if vr.isText, !element.tag.isPrivate || element.tag.isPrivateCreator {
      while let last = value.last, last == 0x20 || last == 0 { value.removeLast() }
      if value.count % 2 == 1 { value.append(vr == .ui ? 0 : 0x20) }
    } else if element.isBigEndian, element.vr != .un {
      Self.swap(&value, size: vr.numberSizeForSwapping)
    }
    return value
  }

  private mutating func takePiece(_ bytes: UnsafeRawBufferPointer) {
    guard var bulk, bulk.swapSize > 0 else { return }
    if !unknown.isEmpty, !unknown[0].push(bytes) { unknown = [] }
    bulk.count += bytes.count
    if bulk.swapSize == 1 {
      hash.update(bufferPointer: bytes)
    } else {
      var ready = bulk.rest + bytes
      bulk.rest = Array(ready.suffix(ready.count % bulk.swapSize))
      ready.removeLast(bulk.rest.count)
      Self.swap(&ready, size: bulk.swapSize)
      hash.update(data: ready)
    }
    self.bulk = bulk
  }

  private mutating func endBulk() {
    guard let bulk else { return }
    self.bulk = nil
    guard bulk.swapSize > 0 else { return }
    defer { unknown = [] }
    if !unknown.isEmpty, let hash = unknown[0].finish() {
      self.hash = hash
      return
    }
    hash.update(data: bulk.rest)
    put(bulk.count, width: 8)
  }

  private mutating func put(_ number: Int, width: Int) {
    hash.update(data: (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
  }

  private static func swap(_ bytes: inout [UInt8], size: Int) {
    guard size > 1 else { return }
    for start in stride(from: 0, through: bytes.count - size, by: size) { bytes[start..<start + size].reverse() }
  }
}

/// A value of UN, read as the sequence in Implicit VR Little Endian that it is if whoever wrote it, or its reader, did not know
/// more (PS3.5 §6.2.2). Nothing is tolerated in it: two values that are not the same sequence must not become the same.
private struct UnknownSequence {
  private var reader: PushReader
  private var content: CanonicalContent
  private var elements = 0
  private var isSequence = true

  init(of element: Element, in outer: CanonicalContent) {
    var options = ReadingOptions()
    options.tolerated = []
    reader = PushReader(transferSyntax: .implicitVRLittleEndian, stoppingBefore: nil, options: options, keeping: [])
    content = CanonicalContent(within: outer, depth: element.depth)
    let (group, number) = (element.tag.group, element.tag.element)
    let header = [group, number].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    pushOwn(header + [0xFF, 0xFF, 0xFF, 0xFF])
  }

  /// False once it cannot be one.
  mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
    read { reader, tell throws(ReadingError) in try reader.push(bytes, tell) }
    return isSequence
  }

  /// The hash with the sequence in it; nil where it is none.
  mutating func finish() -> SHA256? {
    // Sequence Delimitation Item.
    pushOwn([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0])
    read { reader, tell throws(ReadingError) in try reader.finish(tell) }
    return isSequence && elements == 1 ? content.ended() : nil
  }

  private mutating func pushOwn(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in _ = push(bytes) }
  }

  private typealias Tell = (PushReader.Event) throws(ReadingError) -> Void

  private mutating func read(_ body: (inout PushReader, Tell) throws(ReadingError) -> Void) {
    guard isSequence else { return }
    var (content, elements) = (self.content, self.elements)
    do {
      try body(&reader) { event throws(ReadingError) in
        if case .element(let element) = event, element.depth == 0 { elements += 1 }
        content.take(event)
      }
    } catch {
      isSequence = false
    }
    (self.content, self.elements) = (content, elements)
  }
}

extension VR {
  /// PS3.5 §7.3: an AT is two numbers of 16 bits.
  fileprivate var numberSizeForSwapping: Int { self == .at ? 2 : max(numberSize, 1) }
}
