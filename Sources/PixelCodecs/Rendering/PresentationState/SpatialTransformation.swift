// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// Rotation, and then flip (PS3.3 §C.10.6).
struct SpatialTransformation: Hashable {
  /// Clockwise, in quarters of a circle.
  let quarters: Int
  let isFlipped: Bool

  init(_ state: DataSet) throws(PixelError) {
    let degrees = state.integer(Tag(0x0070, 0x0042)) ?? 0
    guard degrees % 90 == 0, (0...270).contains(degrees) else {
      throw .cannotRender(why: "a rotation by \(degrees) degrees")
    }
    quarters = degrees / 90
    isFlipped = state.string(Tag(0x0070, 0x0041)) == "Y"
  }

  var isTurned: Bool { quarters % 2 == 1 }

  func applied(to image: RenderedImage) -> RenderedImage {
    guard quarters != 0 || isFlipped else { return image }
    let (width, height) = isTurned ? (image.height, image.width) : (image.width, image.height)
    let channels = image.channels
    var pixels = [UInt8](repeating: 0, count: image.pixels.count)
    for row in 0..<height {
      for column in 0..<width {
        let source = origin(column: isFlipped ? width - 1 - column : column, row: row, of: image)
        for channel in 0..<channels {
          pixels[(row * width + column) * channels + channel] = image.pixels[source * channels + channel]
        }
      }
    }
    return RenderedImage(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Which pixel of the image comes to a place of what is rotated.
  private func origin(column: Int, row: Int, of image: RenderedImage) -> Int {
    switch quarters {
    case 1: (image.height - 1 - column) * image.width + row
    case 2: (image.height - 1 - row) * image.width + image.width - 1 - column
    case 3: column * image.width + image.width - 1 - row
    default: row * image.width + column
    }
  }

  /// Where a point of an area so wide and high goes.
  func place(of point: GraphicPoint, width: Double, height: Double) -> GraphicPoint {
    let turned: GraphicPoint
    switch quarters {
    case 1: turned = GraphicPoint(x: height - point.y, y: point.x)
    case 2: turned = GraphicPoint(x: width - point.x, y: height - point.y)
    case 3: turned = GraphicPoint(x: point.y, y: width - point.x)
    default: turned = point
    }
    return isFlipped ? GraphicPoint(x: (isTurned ? height : width) - turned.x, y: turned.y) : turned
  }
}
