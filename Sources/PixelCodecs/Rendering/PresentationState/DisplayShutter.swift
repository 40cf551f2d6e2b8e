// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// What is hidden of an image (PS3.3 §C.7.6.11, C.7.6.15): outside of all shapes that are named, or under a bitmap.
struct DisplayShutter {
  private enum Shape {
    case rectangle(left: Int, right: Int, upper: Int, lower: Int)
    case circle(row: Double, column: Double, radius: Double)
    case polygon([GraphicPoint])
  }

  private static let mostVertices = 4096
  /// From the image, in pixels.
  private static let farthest = 1e6
  private let shapes: [Shape]
  private let bitmap: Overlay?
  private let grey: UInt8

  init(_ state: DataSet) throws(PixelError) {
    var shapes: [Shape] = []
    var bitmap: Overlay?
    var names: Set<String> = []
    // There is one of each (PS3.3 §C.7.6.11), however often it is named.
    for name in state.strings(Tag(0x0018, 0x1600)) where names.insert(name).inserted {
      switch name {
      case "RECTANGULAR": shapes.append(try Self.rectangle(state))
      case "CIRCULAR": shapes.append(try Self.circle(state))
      case "POLYGONAL": shapes.append(try Self.polygon(state))
      case "BITMAP":
        guard let group = state.integer(Tag(0x0018, 0x1623)), (0x6000...0x601E).contains(group), group % 2 == 0,
          let overlay = Overlay(state, group: UInt16(group), frame: 0)
        else { throw .cannotRender(why: "a bitmap shutter without its overlay") }
        bitmap = overlay
      default: throw .cannotRender(why: "a shutter of shape '\(name.prefix(16))'")
      }
    }
    self.shapes = shapes
    self.bitmap = bitmap
    // A P-Value; black where there is none.
    grey = UInt8(clamping: (state.integer(Tag(0x0018, 0x1622)) ?? 0) >> 8)
  }

  private static func rectangle(_ state: DataSet) throws(PixelError) -> Shape {
    let edges = [0x1602, 0x1604, 0x1606, 0x1608].compactMap { state.integer(Tag(0x0018, $0)) }
    guard edges.count == 4, edges.allSatisfy({ abs(Double($0)) <= farthest }) else {
      throw .cannotRender(why: "a rectangular shutter without its edges")
    }
    return .rectangle(left: edges[0], right: edges[1], upper: edges[2], lower: edges[3])
  }

  private static func circle(_ state: DataSet) throws(PixelError) -> Shape {
    let center = state.decimals(Tag(0x0018, 0x1610))
    guard center.count == 2, let radius = state.decimals(Tag(0x0018, 0x1612)).first,
      (center + [radius]).allSatisfy({ abs($0) <= farthest })
    else {
      throw .cannotRender(why: "a circular shutter without centre and radius")
    }
    return .circle(row: center[0], column: center[1], radius: radius)
  }

  /// Row and column of each vertex, from 1 on.
  private static func polygon(_ state: DataSet) throws(PixelError) -> Shape {
    let numbers = state.decimals(Tag(0x0018, 0x1620))
    guard numbers.count >= 6, numbers.count % 2 == 0, numbers.count <= 2 * mostVertices,
      numbers.allSatisfy({ abs($0) <= farthest })
    else {
      throw .cannotRender(why: "a polygonal shutter of \(numbers.count) numbers")
    }
    return .polygon(
      stride(from: 0, to: numbers.count, by: 2).map { GraphicPoint(x: numbers[$0 + 1] - 0.5, y: numbers[$0] - 0.5) })
  }

  func apply(to pixels: inout [UInt8], width: Int, height: Int) {
    for shape in shapes {
      for row in 0..<height {
        let shown = Self.shown(shape, row: row, width: width)
        var column = 0
        for range in shown + [width..<width] {
          while column < range.lowerBound {
            pixels[row * width + column] = grey
            column += 1
          }
          column = max(column, range.upperBound)
        }
      }
    }
    bitmap?.draw(on: &pixels, width: width, height: height, channels: 1, grey: grey)
  }

  /// What of a row is inside, from left to right.
  private static func shown(_ shape: Shape, row: Int, width: Int) -> [Range<Int>] {
    switch shape {
    case .rectangle(let left, let right, let upper, let lower):
      // The pixels of the edges are shown.
      guard row + 1 >= upper, row + 1 <= lower, left <= right else { return [] }
      let (first, last) = (min(max(left - 1, 0), width), min(max(right, 0), width))
      return first < last ? [first..<last] : []
    case .circle(let centerRow, let centerColumn, let radius):
      let away = Double(row + 1) - centerRow
      guard abs(away) <= radius else { return [] }
      let half = (radius * radius - away * away).squareRoot()
      let first = min(max((centerColumn - half).rounded(.up) - 1, 0), Double(width))
      let last = min(max((centerColumn + half).rounded(.down), 0), Double(width))
      return first < last ? [Int(first)..<Int(last)] : []
    case .polygon(let points): return GraphicPoint.inside(points, row: row, width: width)
    }
  }
}
