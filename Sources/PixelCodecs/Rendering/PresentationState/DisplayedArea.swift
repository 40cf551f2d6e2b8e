// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// The part of the image that is shown (PS3.3 §C.10.4), in pixels from 0 on; it may reach beyond the image.
struct DisplayedArea: Hashable {
  let left: Int
  let top: Int
  let width: Int
  let height: Int
  /// How much higher than wide a pixel is shown.
  let pixelAspect: Double
  /// Displayed pixels for each of the image's, where the state says so.
  let magnification: Double

  /// Beyond this no image is, and no picture gets larger.
  private static let largest = 65535

  /// `hasSize`: the caller says how large the picture is to be, so that the state's own size does not matter.
  init(_ presentation: FramePresentation, columns: Int, rows: Int, hasSize: Bool) throws(PixelError) {
    guard let item = presentation.items(of: Tag(0x0070, 0x005A)).first else {
      throw .cannotRender(why: "the presentation state has no displayed area for this frame")
    }
    let first = item[Tag(0x0070, 0x0052)]?.numbers(of: Int32.self).map(Int.init) ?? []
    let last = item[Tag(0x0070, 0x0053)]?.numbers(of: Int32.self).map(Int.init) ?? []
    guard first.count == 2, last.count == 2 else { throw .cannotRender(why: "a displayed area without corners") }
    // The corners are those after rotation and flip: either may be the upper left one of the image as it is stored.
    left = min(first[0], last[0]) - 1
    top = min(first[1], last[1]) - 1
    width = max(first[0], last[0]) - left
    height = max(first[1], last[1]) - top
    guard width <= Self.largest, height <= Self.largest, left < columns, top < rows, left + width > 0, top + height > 0
    else { throw .cannotRender(why: "a displayed area of \(width) × \(height) at \(left + 1), \(top + 1)") }
    pixelAspect = try Self.aspect(item)
    magnification = hasSize ? 1 : try Self.magnification(item)
  }

  /// Pixel Spacing: between rows, then between columns; Aspect Ratio likewise.
  private static func aspect(_ item: DataSet) throws(PixelError) -> Double {
    let spacing = item.decimals(Tag(0x0070, 0x0101))
    let ratio = item.decimals(Tag(0x0070, 0x0102))
    let pair = spacing.count == 2 ? spacing : ratio.count == 2 ? ratio : [1, 1]
    let aspect = pair[0] / pair[1]
    guard pair[0] > 0, pair[1] > 0, (0.01...100).contains(aspect) else {
      throw .cannotRender(why: "pixels of \(pair[0]) × \(pair[1])")
    }
    return aspect
  }

  private static func magnification(_ item: DataSet) throws(PixelError) -> Double {
    switch item.string(Tag(0x0070, 0x0100)) {
    case "TRUE SIZE":
      throw .cannotRender(why: "TRUE SIZE needs a display whose size is known; --size says how large instead")
    case "MAGNIFY":
      let ratio = item.decimals(Tag(0x0070, 0x0103)).first ?? 1
      guard (0.001...1000).contains(ratio) else { throw .cannotRender(why: "a magnification of \(ratio)") }
      return ratio
    default: return 1
    }
  }

  /// The area of an image, black where it reaches beyond it.
  func cut(from image: RenderedImage) throws(PixelError) -> RenderedImage {
    try RenderedImage.requireRoom(width: width, height: height, channels: image.channels)
    guard left != 0 || top != 0 || width != image.width || height != image.height else { return image }
    let channels = image.channels
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    let columns = max(0, left)..<min(image.width, left + width)
    for row in max(0, top)..<min(image.height, top + height) {
      let from = (row * image.width + columns.lowerBound) * channels
      let to = ((row - top) * width + columns.lowerBound - left) * channels
      pixels.replaceSubrange(
        to..<to + columns.count * channels, with: image.pixels[from..<from + columns.count * channels])
    }
    return RenderedImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// How large the area is shown, once it is turned: square pixels, none of the image's smaller than one of them.
  func size(isTurned: Bool) throws(PixelError) -> (width: Int, height: Int) {
    let across = Double(width) * max(1, 1 / pixelAspect) * magnification
    let down = Double(height) * max(1, pixelAspect) * magnification
    let (wide, high) = isTurned ? (down, across) : (across, down)
    guard wide <= Double(Self.largest), high <= Double(Self.largest), wide * high <= Double(FrameLayout.byteLimit)
    else {
      throw .cannotRender(why: "a picture of \(Int(min(wide, 1e9))) × \(Int(min(high, 1e9)))")
    }
    return (max(Int(wide.rounded()), 1), max(Int(high.rounded()), 1))
  }
}
