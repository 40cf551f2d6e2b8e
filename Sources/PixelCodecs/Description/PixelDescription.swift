// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// What a data set says about its pixels (PS3.3 §C.7.6.3), judged before any codec sees a byte of them.
package struct PixelDescription: Sendable, Hashable {
  package enum Samples: Sendable, Hashable {
    case integers
    case floats
    case doubles
  }

  /// Of a frame as it stands in the data set; of a native one also its size.
  package let layout: FrameLayout
  package let highBit: Int
  package let numberOfFrames: Int
  package let samples: Samples

  /// `isEncapsulated`: whether the pixel data are in fragments.
  package init(_ dataSet: DataSet, isEncapsulated: Bool) throws(PixelError) {
    (samples, _) = try Self.pixelElement(of: dataSet)
    let width = samples == .doubles ? 64 : samples == .floats ? 32 : nil
    let bitsAllocated = try Self.integer(.bitsAllocated, dataSet, said: width)
    let bitsStored = try Self.integer(.bitsStored, dataSet, said: width, orElse: bitsAllocated)
    let samplesPerPixel = try Self.integer(.samplesPerPixel, dataSet, orElse: 1)
    layout = try FrameLayout(
      rows: Self.integer(.rows, dataSet), columns: Self.integer(.columns, dataSet), samplesPerPixel: samplesPerPixel,
      bitsAllocated: bitsAllocated, bitsStored: bitsStored,
      isSigned: Self.integer(.pixelRepresentation, dataSet, said: width.map { _ in 1 }, orElse: 0) == 1,
      isPlanar: Self.integer(.planarConfiguration, dataSet, orElse: 0) == 1,
      photometric: PhotometricInterpretation(value: dataSet.string(.photometricInterpretation)),
      isSubsampled: !isEncapsulated)
    // One where the stored bits cannot end says nothing: the lowest bits are taken, as other readers do.
    let said = width == nil ? dataSet.integer(.highBit) : nil
    highBit = said.flatMap { (bitsStored - 1..<bitsAllocated).contains($0) ? $0 : nil } ?? bitsStored - 1
    // One that nobody can read is none: the first frame is there all the same.
    numberOfFrames = max(dataSet.integer(.numberOfFrames) ?? 1, 1)
    guard numberOfFrames <= Int(Int32.max) else {
      throw .impossible(.numberOfFrames, value: "\(numberOfFrames)", why: "an Integer String ends at \(Int32.max)")
    }
  }

  static func pixelElement(of dataSet: DataSet) throws(PixelError) -> (Samples, Element) {
    if let element = dataSet[.pixelData] { return (.integers, element) }
    if let element = dataSet[.floatPixelData] { return (.floats, element) }
    if let element = dataSet[.doubleFloatPixelData] { return (.doubles, element) }
    throw .noPixelData
  }

  private static func integer(
    _ tag: Tag, _ dataSet: DataSet, said known: Int? = nil, orElse other: Int? = nil
  ) throws(PixelError) -> Int {
    if let known { return known }
    guard let text = dataSet.string(tag) else {
      guard let other else { throw .missing(tag) }
      return other
    }
    guard let value = Int(text) else { throw .impossible(tag, value: "'\(text.prefix(16))'", why: "it is no number") }
    return value
  }
}
