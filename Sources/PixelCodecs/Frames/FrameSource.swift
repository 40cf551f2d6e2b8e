// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// The frames of an object, to be had one at a time; of a mapped file no others are read.
package struct FrameSource: Sendable {
  package let description: PixelDescription
  package let transferSyntax: TransferSyntax
  package let codec: PixelCodec
  /// Of each frame once it is decoded.
  package let decodedLayout: FrameLayout
  private let content: Content

  private enum Content: Sendable {
    case native(NativeFrames)
    case fragments([Bytes], frames: [Range<Int>])
  }

  package var count: Int { description.numberOfFrames }

  package init(_ file: Part10File) throws(PixelError) {
    try self.init(file.dataSet, named: file.meta.transferSyntax)
  }

  /// Where a data set is not encoded as its file says, the fragments may still be: `named` tells the codec then.
  package init(_ dataSet: DataSet, named: TransferSyntax? = nil) throws(PixelError) {
    let isInFragments = dataSet[.pixelData]?.hasUndefinedLength == true
    let isNamed = isInFragments && !dataSet.transferSyntax.isEncapsulated && named?.isEncapsulated == true
    transferSyntax = isNamed ? named ?? dataSet.transferSyntax : dataSet.transferSyntax
    codec = try PixelCodec(transferSyntax)
    description = try PixelDescription(dataSet, isEncapsulated: codec != .native)
    let layout = description.layout
    if codec == .native {
      content = .native(try NativeFrames(dataSet, description: description))
      decodedLayout = layout
      return
    }
    guard let pixelData = EncapsulatedPixelData(dataSet) else {
      throw .malformed(codec, why: "the pixel data are not in fragments, as \(transferSyntax.name) asks")
    }
    // PS3.5 §8.2.4: a JPEG 2000 stream becomes colour by pixel.
    decodedLayout = layout.with(
      photometric: codec.decoded(layout.photometric), isPlanar: layout.isPlanar && codec != .jpeg2000)
    let boundaries = try FrameBoundaries(pixelData, codec: codec, count: description.numberOfFrames)
    content = .fragments(pixelData.fragments, frames: boundaries.frames)
  }

  /// `index` counts from 0.
  package func frame(_ index: Int) throws(PixelError) -> EncodedFrame {
    guard index >= 0, index < count else { throw .noSuchFrame(number: index + 1, count: count) }
    switch content {
    case .native(let frames):
      return EncodedFrame(codec: .native, layout: decodedLayout, bytes: try frames.frame(index))
    case .fragments(let fragments, let frames):
      guard frames.indices.contains(index) else { throw .noSuchFrame(number: index + 1, count: frames.count) }
      let bytes = try joined(fragments[frames[index]])
      if let expansion = codec.largestExpansion, decodedLayout.byteCount > bytes.count * expansion + 4096 {
        throw .tooFewBytes(needed: decodedLayout.byteCount / expansion, there: bytes.count)
      }
      return EncodedFrame(codec: codec, layout: decodedLayout, bytes: bytes)
    }
  }

  private func joined(_ fragments: ArraySlice<Bytes>) throws(PixelError) -> Bytes {
    if fragments.count == 1, let only = fragments.first { return only }
    let count = fragments.reduce(0) { $0 + $1.count }
    guard count <= FrameLayout.byteLimit else { throw .frameTooLarge(bytes: count, limit: FrameLayout.byteLimit) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for fragment in fragments { bytes.append(contentsOf: fragment) }
    return Bytes(bytes)
  }
}
