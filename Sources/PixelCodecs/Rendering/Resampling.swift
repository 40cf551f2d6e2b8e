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
      gather(rows, into: &line)
      for columns in across.places {
        for channel in 0..<channels {
          var sum: Float = 0.5
          for (index, weight) in columns { sum += line[index * channels + channel] * weight }
          result.append(UInt8(min(max(sum, 0), 255)))
        }
      }
    }
    return RenderedImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// One new line, as wide as the old ones.
  private func gather(_ rows: [(index: Int, weight: Float)], into line: inout [Float]) {
    for place in line.indices { line[place] = 0 }
    for (index, weight) in rows {
      let start = index * line.count
      for place in line.indices { line[place] += Float(pixels[start + place]) * weight }
    }
  }
}

/// Which old places a new one is made of, and how much of each.
private struct Weights {
  let places: [[(index: Int, weight: Float)]]

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    // A triangle as wide as what a new place covers, and never narrower than two old ones.
    let reach = max(scale, 1)
    places = (0..<new).map { place in
      let center = (Double(place) + 0.5) * scale - 0.5
      let first = max(Int((center - reach).rounded(.up)), 0)
      let last = min(Int((center + reach).rounded(.down)), old - 1)
      let weights = (first...max(first, last)).map {
        (index: min($0, old - 1), weight: max(1 - abs(Double($0) - center) / reach, 1e-9))
      }
      let sum = weights.reduce(0) { $0 + $1.weight }
      return weights.map { (index: $0.index, weight: Float($0.weight / sum)) }
    }
  }
}
