// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// The graphics over an image (PS3.3 §C.10.5): points, lines, circles and ellipses, each in the grey of its layer.
struct GraphicAnnotation {
  private struct Figure {
    let points: [GraphicPoint]
    let isFilled: Bool
    /// Points are of the displayed area, from 0 to 1, not of the image.
    let isInDisplay: Bool
    let isPoint: Bool
    let grey: UInt8
    let order: Int
  }

  /// More is no annotation, and drawing it takes time.
  private static let mostPoints = 65536
  private static let farthest = 1e6
  private let figures: [Figure]

  /// Refuses text, which is not drawn: a picture without it would say less than the presentation state.
  init(_ presentation: FramePresentation) throws(PixelError) {
    var figures: [Figure] = []
    var points = 0
    for item in presentation.items(of: Tag(0x0070, 0x0001)) {
      guard item.items(Tag(0x0070, 0x0008)).isEmpty, item.items(Tag(0x0070, 0x0209)).isEmpty else {
        throw .cannotRender(
          why: "the presentation state has text annotations, which are not drawn; --no-annotations leaves all out")
      }
      let layer = item.string(Tag(0x0070, 0x0002))
      for object in item.items(Tag(0x0070, 0x0009)) {
        let figure = try Self.figure(
          object, grey: presentation.grey(ofLayer: layer), order: presentation.order(ofLayer: layer))
        points += figure.points.count
        guard points <= Self.mostPoints else {
          throw .cannotRender(why: "annotations of more than \(Self.mostPoints) points")
        }
        figures.append(figure)
      }
    }
    // Equal ones keep their order.
    self.figures = figures.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }.map(
      \.element)
  }

  private static func figure(_ object: DataSet, grey: UInt8, order: Int) throws(PixelError) -> Figure {
    let numbers = object[Tag(0x0070, 0x0022)]?.floats.map(Double.init) ?? []
    let units = object.string(Tag(0x0070, 0x0005)) ?? ""
    let kind = object.string(Tag(0x0070, 0x0023)) ?? ""
    guard units == "PIXEL" || units == "DISPLAY" else {
      throw .cannotRender(why: "annotations in '\(units.prefix(16))'")
    }
    guard numbers.count >= 2, numbers.count % 2 == 0, numbers.count <= 2 * mostPoints,
      numbers.allSatisfy({ abs($0) <= farthest })
    else { throw .cannotRender(why: "a graphic of \(numbers.count) numbers") }
    let points = stride(from: 0, to: numbers.count, by: 2).map { GraphicPoint(x: numbers[$0], y: numbers[$0 + 1]) }
    return Figure(
      points: try outline(kind, points), isFilled: object.string(Tag(0x0070, 0x0024)) == "Y",
      isInDisplay: units == "DISPLAY",
      isPoint: kind == "POINT", grey: grey, order: order)
  }

  private static func outline(_ kind: String, _ points: [GraphicPoint]) throws(PixelError) -> [GraphicPoint] {
    switch kind {
    case "POINT" where points.count == 1: return points
    case "POLYLINE" where points.count >= 2: return points
    case "INTERPOLATED" where points.count >= 2: return curve(through: points)
    case "CIRCLE" where points.count == 2:
      let radius = hypot(points[1].x - points[0].x, points[1].y - points[0].y)
      return ellipse(around: points[0], GraphicPoint(x: radius, y: 0), GraphicPoint(x: 0, y: radius))
    case "ELLIPSE" where points.count == 4:
      // The ends of the major axis, then those of the minor one.
      let center = GraphicPoint(x: (points[0].x + points[1].x) / 2, y: (points[0].y + points[1].y) / 2)
      return ellipse(
        around: center, GraphicPoint(x: points[1].x - center.x, y: points[1].y - center.y),
        GraphicPoint(x: (points[3].x - points[2].x) / 2, y: (points[3].y - points[2].y) / 2))
    default: throw .cannotRender(why: "a graphic of type '\(kind.prefix(16))' with \(points.count) points")
    }
  }

  private static func ellipse(
    around center: GraphicPoint, _ major: GraphicPoint, _ minor: GraphicPoint
  ) -> [GraphicPoint] {
    (0...256).map { step in
      let angle = Double(step) / 128 * .pi
      return GraphicPoint(
        x: center.x + cos(angle) * major.x + sin(angle) * minor.x,
        y: center.y + cos(angle) * major.y + sin(angle) * minor.y)
    }
  }

  /// Catmull and Rom's: through every point. How to interpolate is left open (§C.10.5.1.2).
  private static func curve(through points: [GraphicPoint]) -> [GraphicPoint] {
    guard points.count > 2 else { return points }
    let isClosed = points.first == points.last
    func point(_ index: Int) -> GraphicPoint {
      let last = points.count - 1
      if isClosed { return points[index < 0 ? last - 1 : index > last ? 1 : index] }
      return points[min(max(index, 0), last)]
    }
    func between(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ t: Double) -> Double {
      let (second, third) = (2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d)
      return b + 0.5 * t * (c - a + t * (second + t * third))
    }
    var curve = [points[0]]
    for index in 0..<points.count - 1 {
      let (a, b, c, d) = (point(index - 1), point(index), point(index + 1), point(index + 2))
      for step in 1...16 {
        let t = Double(step) / 16
        curve.append(GraphicPoint(x: between(a.x, b.x, c.x, d.x, t), y: between(a.y, b.y, c.y, d.y, t)))
      }
    }
    return curve
  }

  /// On the finished picture. `place`: where a point of the image, or of the displayed area, is on it.
  func draw(
    on image: RenderedImage, place: (GraphicPoint, _ isInDisplay: Bool) -> GraphicPoint
  ) throws(PixelError) -> RenderedImage {
    guard !figures.isEmpty else { return image }
    var canvas = Canvas(image)
    for figure in figures {
      let points = figure.points.map { place($0, figure.isInDisplay) }
      if figure.isPoint, let point = points.first {
        try canvas.line(
          from: GraphicPoint(x: point.x - 3, y: point.y), to: GraphicPoint(x: point.x + 3, y: point.y), figure.grey)
        try canvas.line(
          from: GraphicPoint(x: point.x, y: point.y - 3), to: GraphicPoint(x: point.x, y: point.y + 3), figure.grey)
        continue
      }
      if figure.isFilled { try canvas.fill(points, figure.grey) }
      for (start, end) in zip(points, points.dropFirst()) { try canvas.line(from: start, to: end, figure.grey) }
    }
    return canvas.image
  }
}
