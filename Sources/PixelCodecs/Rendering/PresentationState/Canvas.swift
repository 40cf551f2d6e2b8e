// SPDX-License-Identifier: Apache-2.0

/// Pixels that lines and polygons are drawn on. Whoever draws over them again and again is stopped.
struct Canvas {

  private let width: Int
  private let height: Int
  private let channels: Int
  private var pixels: [UInt8]
  private let mostWork: Int
  private var work = 0

  /// `mostWork`: pixels that are set and edges that are looked at, together; by itself, some seconds of work.
  init(_ image: RenderedImage, mostWork: Int = 1 << 31) {
    self.mostWork = mostWork
    width = image.width
    height = image.height
    channels = image.channels
    pixels = image.pixels
  }

  var image: RenderedImage { RenderedImage(width: width, height: height, channels: channels, pixels: pixels) }

  private mutating func work(_ steps: Int) throws(PixelError) {
    work += steps
    guard work <= mostWork else {
      throw .cannotRender(why: "annotations that take too long to draw; --no-annotations leaves all out")
    }
  }

  private mutating func set(_ column: Int, _ row: Int, _ grey: UInt8) {
    guard (0..<width).contains(column), (0..<height).contains(row) else { return }
    for channel in 0..<channels { pixels[(row * width + column) * channels + channel] = grey }
  }

  mutating func line(from start: GraphicPoint, to end: GraphicPoint, _ grey: UInt8) throws(PixelError) {
    guard let (start, end) = clipped(start, end) else { return }
    let steps = max(Int((max(abs(end.x - start.x), abs(end.y - start.y))).rounded(.up)), 1)
    try work(steps)
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      set(
        Int((start.x + (end.x - start.x) * share).rounded(.down)),
        Int((start.y + (end.y - start.y) * share).rounded(.down)),
        grey)
    }
  }

  /// What of a line lies on the picture (Liang and Barsky's): the rest costs nothing, however long it is.
  private func clipped(_ start: GraphicPoint, _ end: GraphicPoint) -> (GraphicPoint, GraphicPoint)? {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    var (enters, leaves) = (0.0, 1.0)
    for (toward, room) in [
      (-dx, start.x), (dx, Double(width) - start.x), (-dy, start.y), (dy, Double(height) - start.y),
    ] {
      if toward == 0 {
        guard room >= 0 else { return nil }
      } else if toward < 0 {
        enters = max(enters, room / toward)
      } else {
        leaves = min(leaves, room / toward)
      }
    }
    guard enters <= leaves else { return nil }
    return (
      GraphicPoint(x: start.x + dx * enters, y: start.y + dy * enters),
      GraphicPoint(x: start.x + dx * leaves, y: start.y + dy * leaves)
    )
  }

  mutating func fill(_ polygon: [GraphicPoint], _ grey: UInt8) throws(PixelError) {
    guard let top = polygon.map(\.y).min(), let bottom = polygon.map(\.y).max() else { return }
    let rows = Int(min(max(top, 0), Double(height)))..<Int(min(max(bottom, 0), Double(height)).rounded(.up))
    for row in rows where row < height {
      try work(polygon.count)
      for range in GraphicPoint.inside(polygon, row: row, width: width) {
        try work(range.count)
        for column in range { set(column, row, grey) }
      }
    }
  }
}
