// SPDX-License-Identifier: Apache-2.0

/// What stands before the data set of a file, and so how to read it.
package struct Part10Head: Sendable {
  package let meta: FileMetaInformation
  package let transferSyntax: TransferSyntax
  package let dataSetOffset: Int

  /// Group 0002 is always far within this.
  package static let enoughBytes = 64 << 10

  /// `bytes` are the file, or at least its first `enoughBytes`.
  package init(reading bytes: [UInt8]) throws(ReadingError) {
    let start = Self.startOfGroup2(in: bytes)
    guard let start else {
      meta = FileMetaInformation(elements: nil)
      guard bytes.beginsDataSet(at: 0) else { throw ReadingError(.notDICOM, offset: 0) }
      transferSyntax = Self.apparentTransferSyntax(of: bytes, at: 0)
      dataSetOffset = 0
      return
    }
    let (elements, length) = try Self.group2(of: bytes, from: start)
    meta = FileMetaInformation(elements: elements)
    dataSetOffset = start + length
    // Without a syntax, or with a private or misspelt one, the bytes have to tell: all but one of the Standard's are
    // Explicit VR Little Endian around their pixels (PS3.5 annex A.4).
    transferSyntax =
      meta.transferSyntax.map { Self.corrected($0, bytes, at: start + length) }
      ?? Self.apparentTransferSyntax(of: bytes, at: start + length)
  }

  /// Behind preamble and "DICM"; behind a "DICM" without preamble; at 0 where both were left out but not group 0002.
  private static func startOfGroup2(in bytes: [UInt8]) -> Int? {
    let magic = Array("DICM".utf8)
    if bytes.count >= 132, Array(bytes[128..<132]) == magic {
      // "DICM" may stand there by chance in a bare data set: group 0002 has to follow, or the beginning be none.
      if bytes.beginsGroup(2, at: 132) || !bytes.beginsDataSet(at: 0) { return 132 }
      return nil
    }
    if bytes.starts(with: magic), bytes.beginsGroup(2, at: 4) { return 4 }
    return bytes.beginsGroup(2, at: 0) ? 0 : nil
  }

  /// Group 0002 is Explicit VR Little Endian. It ends where another group begins: its group length is often wrong.
  private static func group2(of bytes: [UInt8], from start: Int) throws(ReadingError) -> (DataSet?, Int) {
    guard bytes.beginsGroup(2, at: start) else { return (nil, 0) }
    let isExplicit = bytes.hasVR(at: start + 4)
    var parser = ElementParser(
      transferSyntax: isExplicit ? .explicitVRLittleEndian : .implicitVRLittleEndian, stop: .behindGroup(2),
      options: .lenient)
    let window = Array(bytes[start..<min(start + enoughBytes, bytes.count)])
    do throws(ReadingError) {
      guard case .needsMoreBytes = try parser.run(window.span.bytes, isFinal: false) else {
        return (Self.dataSet(window, parser), parser.position)
      }
    } catch {
      // A big endian or broken data set behind group 0002 is not its fault.
      guard parser.position > 0 else {
        throw ReadingError(error.reason, offset: start + error.offset, tagPath: error.tagPath)
      }
      return (Self.dataSet(window, parser), parser.position)
    }
    guard start + parser.position == bytes.count else {
      throw ReadingError(.truncated, offset: start + parser.position)
    }
    return (Self.dataSet(window, parser), parser.position)
  }

  private static func dataSet(_ bytes: [UInt8], _ parser: ElementParser) -> DataSet {
    DataSet(
      bytes: Array(bytes[..<parser.position]), entries: parser.entries, transferSyntax: .explicitVRLittleEndian)
  }

  /// Some writers name an explicit VR syntax and write implicit VR, or the other way about; the first element tells.
  private static func corrected(_ named: TransferSyntax, _ bytes: [UInt8], at offset: Int) -> TransferSyntax {
    guard !named.isDeflated, !named.isBigEndian, bytes.count >= offset + 8 else { return named }
    let looksExplicit = bytes.hasVR(at: offset + 4)
    if named.isExplicit && !looksExplicit && bytes.looksImplicit(at: offset) { return .implicitVRLittleEndian }
    if !named.isExplicit && looksExplicit { return .explicitVRLittleEndian }
    return named
  }

  private static func apparentTransferSyntax(of bytes: [UInt8], at offset: Int) -> TransferSyntax {
    guard bytes.hasVR(at: offset + 4) else { return .implicitVRLittleEndian }
    // A group number of the Standard is small: read in the wrong order it is huge.
    return bytes[offset] == 0 && bytes[offset + 1] != 0 ? .explicitVRBigEndian : .explicitVRLittleEndian
  }
}

extension [UInt8] {
  fileprivate func beginsGroup(_ group: UInt8, at offset: Int) -> Bool {
    count >= offset + 8 && self[offset] == group && self[offset + 1] == 0 && self[offset + 3] == 0
  }

  fileprivate func hasVR(at offset: Int) -> Bool {
    count >= offset + 2 && VR(self[offset], self[offset + 1]).isDefined
  }

  /// A first element as bare data sets have it: group 0008 (or 0002, 0004, 0010) with a VR or a plausible length.
  fileprivate func beginsDataSet(at offset: Int) -> Bool {
    guard count >= offset + 8 else { return false }
    let little = UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    let groups: Set<UInt16> = [0x0002, 0x0004, 0x0008, 0x0010]
    if hasVR(at: offset + 4) { return groups.contains(little) || groups.contains(little.byteSwapped) }
    return groups.contains(little) && looksImplicit(at: offset)
  }

  fileprivate func looksImplicit(at offset: Int) -> Bool {
    let length = (0..<4).reduce(UInt32(0)) { $0 | UInt32(self[offset + 4 + $1]) << UInt32(8 * $1) }
    return length == ElementHeader.undefined || Int(length) <= count - offset - 8
  }
}
