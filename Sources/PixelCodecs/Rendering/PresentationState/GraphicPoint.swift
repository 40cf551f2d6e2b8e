// SPDX-License-Identifier: Apache-2.0

/// A place between pixels: the upper left corner of the first one is 0, 0 and its centre 0.5, 0.5 (PS3.3 §C.10.5.1.2).
struct GraphicPoint: Hashable {
  let x: Double
  let y: Double

  /// What of a row of pixels has its centre inside a polygon, from left to right; even and odd.
  static func inside(_ polygon: [GraphicPoint], row: Int, width: Int) -> [Range<Int>] {
    let y = Double(row) + 0.5
    var crossings: [Double] = []
    for (start, end) in zip(polygon, polygon.dropFirst() + polygon.prefix(1)) where (start.y <= y) != (end.y <= y) {
      crossings.append(start.x + (y - start.y) / (end.y - start.y) * (end.x - start.x))
    }
    crossings.sort()
    func column(_ x: Double) -> Int { Int(min(max((x - 0.5).rounded(.up), 0), Double(width))) }
    return stride(from: 0, to: crossings.count - 1, by: 2).compactMap { index in
      let (first, end) = (column(crossings[index]), column(crossings[index + 1]))
      return first < end ? first..<end : nil
    }
  }
}
