// SPDX-License-Identifier: Apache-2.0

/// What stands before the data set of a file, and so how to read it.
package struct Part10Head: Sendable {
  package let meta: FileMetaInformation
  package let transferSyntax: TransferSyntax
  package let dataSetOffset: Int
  /// Where group 0002 begins.
  let groupOffset: Int
  package let deviations: [Deviation]

  /// Group 0002 ends within this: most take 200 bytes, Private Information (0002,0102) may take what its writer likes.
  package static let enoughBytes = 1 << 20

  package init(reading bytes: [UInt8]) throws(ReadingError) {
    try self.init(reading: Bytes(bytes))
  }

  /// `bytes` are the file, or at least its first `enoughBytes`.
  package init(reading bytes: Bytes) throws(ReadingError) {
    self = try bytes.withSpan { span throws(ReadingError) in try Self.read(span) }
  }

  private init(
    meta: FileMetaInformation, transferSyntax: TransferSyntax, dataSetOffset: Int, groupOffset: Int = 0,
    deviations: [Deviation]
  ) {
    self.groupOffset = groupOffset
    self.meta = meta
    self.transferSyntax = transferSyntax
    self.dataSetOffset = dataSetOffset
    self.deviations = deviations
  }

  private static func read(_ bytes: RawSpan) throws(ReadingError) -> Part10Head {
    guard let start = startOfGroup2(in: bytes) else {
      guard bytes.beginsDataSet(at: 0) else { throw ReadingError(.notDICOM, offset: 0) }
      return Part10Head(
        meta: FileMetaInformation(elements: nil), transferSyntax: apparentTransferSyntax(of: bytes, at: 0),
        dataSetOffset: 0, deviations: [Deviation(.missingFileMetaInformation, offset: 0)])
    }
    let group = try Group2(reading: bytes, from: start)
    let meta = FileMetaInformation(elements: group.elements)
    let offset = start + group.length
    let (syntax, deviation) = transferSyntax(named: meta, of: bytes, at: offset)
    let preamble = start == 132 ? [] : [Deviation(.missingPreamble, offset: 0)]
    return Part10Head(
      meta: meta, transferSyntax: syntax, dataSetOffset: offset, groupOffset: start,
      deviations: preamble + group.deviations(start: start) + (deviation.map { [$0] } ?? []))
  }

  /// Behind preamble and "DICM"; behind a "DICM" without preamble; at 0 where both were left out but not group 0002.
  private static func startOfGroup2(in bytes: RawSpan) -> Int? {
    if bytes.hasMagic(at: 128) {
      // "DICM" may stand there by chance in a bare data set: group 0002 has to follow, or the beginning be none.
      if bytes.beginsGroup(2, at: 132) || !bytes.beginsDataSet(at: 0) { return 132 }
      return nil
    }
    if bytes.hasMagic(at: 0), bytes.beginsGroup(2, at: 4) { return 4 }
    return bytes.beginsGroup(2, at: 0) ? 0 : nil
  }
}

extension Part10Head {
  /// Without a syntax, or with a private one, the bytes have to tell: all but one of the Standard's are Explicit VR Little
  /// Endian around their pixels (PS3.5 annex A.4). Some writers name an explicit VR syntax and write implicit VR, or the
  /// other way about; there too the first element tells.
  private static func transferSyntax(
    named meta: FileMetaInformation, of bytes: RawSpan, at offset: Int
  ) -> (TransferSyntax, Deviation?) {
    guard let named = meta.transferSyntax else {
      let detail = meta.transferSyntaxUID.map { "'\($0)'" } ?? "none is named"
      return (
        apparentTransferSyntax(of: bytes, at: offset),
        Deviation(.unknownTransferSyntax, offset: offset, tagPath: [.transferSyntaxUID], detail: detail)
      )
    }
    let found = corrected(named, bytes, at: offset)
    if found != named {
      return (
        found, Deviation(.wrongTransferSyntax, offset: offset, detail: "\(named.name) is named, it is \(found.name)")
      )
    }
    let isKeyword = meta.transferSyntaxUID != named.uid
    return (
      named, isKeyword ? Deviation(.transferSyntaxByKeyword, offset: offset, tagPath: [.transferSyntaxUID]) : nil
    )
  }

  private static func corrected(_ named: TransferSyntax, _ bytes: RawSpan, at offset: Int) -> TransferSyntax {
    guard !named.isDeflated, !named.isBigEndian, bytes.byteCount >= offset + 8 else { return named }
    let looksExplicit = bytes.hasVR(at: offset + 4)
    if named.isExplicit && !looksExplicit && bytes.looksImplicit(at: offset) { return .implicitVRLittleEndian }
    if !named.isExplicit && looksExplicit { return .explicitVRLittleEndian }
    return named
  }

  private static func apparentTransferSyntax(of bytes: RawSpan, at offset: Int) -> TransferSyntax {
    guard bytes.hasVR(at: offset + 4) else { return .implicitVRLittleEndian }
    // A group number of the Standard is small: read in the wrong order it is huge.
    let isBig = bytes.byte(at: offset) == 0 && bytes.byte(at: offset + 1) != 0
    return isBig ? .explicitVRBigEndian : .explicitVRLittleEndian
  }
}

/// Group 0002 is Explicit VR Little Endian. It ends where another group begins: its group length is often wrong.
private struct Group2 {
  let elements: DataSet?
  let length: Int
  private let isExplicit: Bool

  init(reading bytes: RawSpan, from start: Int) throws(ReadingError) {
    isExplicit = bytes.hasVR(at: start + 4)
    guard bytes.beginsGroup(2, at: start) else {
      elements = nil
      length = 0
      return
    }
    let syntax: TransferSyntax = isExplicit ? .explicitVRLittleEndian : .implicitVRLittleEndian
    var parser = ElementParser(transferSyntax: syntax, stop: .behindGroup(2), options: .lenient)
    let window = bytes.extracting(start..<min(start + Part10Head.enoughBytes, bytes.byteCount))
    do throws(ReadingError) {
      if case .needsMoreBytes = try parser.run(window, isFinal: false), parser.position != window.byteCount {
        throw ReadingError(.truncated, offset: parser.position)
      }
    } catch {
      // A big endian or broken data set behind group 0002 is not its fault.
      guard parser.position > 0, error.reason != .truncated else { throw error.moved(by: start) }
    }
    parser.closeAll()
    length = parser.position
    elements = DataSet(
      bytes: Bytes(window.extracting(first: parser.position).copied()), parser: parser, transferSyntax: syntax)
  }

  func deviations(start: Int) -> [Deviation] {
    guard let elements else { return [Deviation(.missingFileMetaInformation, offset: start)] }
    var found = elements.deviations.map { $0.moved(by: start) }
    if !isExplicit { found.append(Deviation(.implicitFileMetaInformation, offset: start)) }
    guard let first = elements[.fileMetaInformationGroupLength] else {
      return found + [Deviation(.missingFileMetaGroupLength, offset: start)]
    }
    let counted = length - (first.offset + 8 + first.length)
    if let claimed = elements.integer(.fileMetaInformationGroupLength), claimed != counted {
      found.append(
        Deviation(
          .wrongFileMetaGroupLength, offset: start + first.offset, tagPath: [first.tag],
          detail: "\(claimed), but \(counted) bytes follow"))
    }
    return found
  }
}

extension RawSpan {
  fileprivate func copied() -> [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  fileprivate func hasMagic(at offset: Int) -> Bool {
    byteCount >= offset + 4 && uint32(at: offset, isBigEndian: true) == 0x4449_434D
  }

  fileprivate func beginsGroup(_ group: UInt8, at offset: Int) -> Bool {
    byteCount >= offset + 8 && byte(at: offset) == group && byte(at: offset + 1) == 0 && byte(at: offset + 3) == 0
  }

  fileprivate func hasVR(at offset: Int) -> Bool {
    byteCount >= offset + 2 && VR(byte(at: offset), byte(at: offset + 1)).isDefined
  }

  /// A first element as bare data sets have it: group 0008 (or 0002, 0004, 0010) with a VR or a plausible length.
  fileprivate func beginsDataSet(at offset: Int) -> Bool {
    guard byteCount >= offset + 8 else { return false }
    let little = uint16(at: offset, isBigEndian: false)
    if hasVR(at: offset + 4) { return Self.isFirstGroup(little) || Self.isFirstGroup(little.byteSwapped) }
    return Self.isFirstGroup(little) && looksImplicit(at: offset)
  }

  private static func isFirstGroup(_ group: UInt16) -> Bool {
    group == 0x0002 || group == 0x0004 || group == 0x0008 || group == 0x0010
  }

  fileprivate func looksImplicit(at offset: Int) -> Bool {
    let length = uint32(at: offset + 4, isBigEndian: false)
    return length == ElementHeader.undefined || Int(length) <= byteCount - offset - 8
  }
}
