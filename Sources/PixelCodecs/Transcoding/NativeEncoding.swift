// SPDX-License-Identifier: Apache-2.0

package import DICOMData

extension FrameCoding {
  /// A data set in Explicit VR Little Endian with native pixel data, colour by pixel, given in pieces: no more than a frame is
  /// held at a time. Throws where a frame cannot be decoded, after some may have been given.
  package func giveNative(
    _ dataSet: DataSet, named: TransferSyntax? = nil, _ give: ([UInt8]) throws -> Void
  ) async throws {
    let source = try FrameSource(dataSet, named: named)
    guard source.description.samples == .integers else { throw PixelError.noPixelData }
    let layout = source.decodedLayout.with(photometric: source.decodedLayout.photometric, isPlanar: false)
    let (bits, overflow) = layout.bitCount.multipliedReportingOverflow(by: source.count)
    let count = bits / 8 + (bits % 8 == 0 ? 0 : 1)
    // PS3.5 §A.4: what is longer has no native form.
    guard !overflow, count + count % 2 < 0xFFFF_FFFF else {
      throw PixelError.frameTooLarge(bytes: count, limit: 0xFFFF_FFFE)
    }
    let (before, after) = try Self.headers(of: dataSet, layout)
    try give(before.encoded(as: .explicitVRLittleEndian))
    try give(Self.pixelDataHeader(layout, length: count + count % 2))
    var joining = FrameJoining()
    for index in 0..<source.count {
      try give(joining.add(try await decode(try source.frame(index)).arranged(isPlanar: false)))
    }
    try give(joining.rest)
    if count % 2 == 1 { try give([0]) }
    try give(after.encoded(as: .explicitVRLittleEndian))
  }

  /// What stands before the pixel data, with what holds for native ones, and what stands behind.
  private static func headers(
    of dataSet: DataSet, _ layout: FrameLayout
  ) throws -> (DataSetBuilder, DataSetBuilder) {
    var before = try DataSetBuilder(dataSet)
    var after = DataSetBuilder(characterSet: dataSet.characterSet)
    for element in dataSet.topLevelElements where element.tag >= .pixelData {
      before.remove(element.tag)
      if element.tag > .pixelData { after.copy(element.tag, from: dataSet) }
    }
    if layout.photometric != .unknown {
      before.set(.photometricInterpretation, .cs, layout.photometric.rawValue)
    }
    if layout.samplesPerPixel > 1 { before.setIntegers(.planarConfiguration, .us, [0]) }
    before.remove(.extendedOffsetTable)
    before.remove(.extendedOffsetTableLengths)
    return (before, after)
  }

  /// PS3.5 §7.1.2.
  private static func pixelDataHeader(_ layout: FrameLayout, length: Int) -> [UInt8] {
    let vr = Array((layout.bitsAllocated > 8 ? "OW" : "OB").utf8)
    return [0xE0, 0x7F, 0x10, 0x00] + vr + [0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  }
}
