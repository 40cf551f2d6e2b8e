// SPDX-License-Identifier: Apache-2.0

extension RenderedImage {
  /// The image with its longer side `size` long; each pixel is the mean of those that it covers, or lies between those that it
  /// does not.
  func fitted(to size: Int) throws(PixelError) -> RenderedImage {
    let longer = max(width, height)
    guard size > 0, size != longer else { return self }
    return try resampled(width: max(width * size / longer, 1), height: max(height * size / longer, 1))
  }

  /// Line by line: no image of numbers between the old one and the new one, which could be larger than both.
  func resampled(width newWidth: Int, height newHeight: Int) throws(PixelError) -> RenderedImage {
    guard newWidth != width || newHeight != height else { return self }
    try Self.requireRoom(width: newWidth, height: newHeight, channels: channels)
    let across = Weights(from: width, to: newWidth)
    let down = Weights(from: height, to: newHeight)
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    var line = [Float](repeating: 0, count: width * channels)
    for rows in down.places {
      gather(rows, of: down, into: &line)
      for columns in across.places {
        for channel in 0..<channels {
          var sum: Float = 0.5
          for place in columns { sum += line[across.indices[place] * channels + channel] * across.weights[place] }
          result.append(UInt8(min(max(sum, 0), 255)))
        }
      }
    }
    return RenderedImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// One new line, as wide as the old ones.
  private func gather(_ rows: Range<Int>, of down: Weights, into line: inout [Float]) {
    for place in line.indices { line[place] = 0 }
    for row in rows {
      let (start, weight) = (down.indices[row] * line.count, down.weights[row])
      for place in line.indices { line[place] += Float(pixels[start + place]) * weight }
    }
  }
}

/// Which old places a new one is made of, and how much of each: flat, for an array for each pixel would be counted in and out
/// more often than anything is added up.
private struct Weights {
  /// Of each new place.
  let places: [Range<Int>]
  private(set) var indices: [Int] = []
  private(set) var weights: [Float] = []

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    // A triangle as wide as what a new place covers, and never narrower than two old ones.
    let reach = max(scale, 1)
    var places: [Range<Int>] = []
    for place in 0..<new {
      let center = (Double(place) + 0.5) * scale - 0.5
      let first = max(Int((center - reach).rounded(.up)), 0)
      let last = min(Int((center + reach).rounded(.down)), old - 1)
      let covered = first...max(first, last)
      let parts = covered.map { max(1 - abs(Double($0) - center) / reach, 1e-9) }
      let sum = parts.reduce(0, +)
      let begin = indices.count
      indices += covered.map { min($0, old - 1) }
      weights += parts.map { Float($0 / sum) }
      places.append(begin..<indices.count)
    }
    self.places = places
  }
}
