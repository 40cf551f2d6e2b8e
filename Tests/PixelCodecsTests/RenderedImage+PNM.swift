// SPDX-License-Identifier: Apache-2.0

import PixelCodecs

/// Pictures as DCMTK's tools write them.
extension RenderedImage {
  init?(pnm: [UInt8]) {
    var position = 0
    var words: [String] = []
    while words.count < 4, position < pnm.count {
      if pnm[position] == UInt8(ascii: "#") {
        while position < pnm.count, pnm[position] != 10 { position += 1 }
      } else if pnm[position] <= 32 {
        position += 1
      } else {
        let start = position
        while position < pnm.count, pnm[position] > 32 { position += 1 }
        words.append(String(decoding: pnm[start..<position], as: UTF8.self))
      }
    }
    guard words.count == 4, let width = Int(words[1]), let height = Int(words[2]) else { return nil }
    self.init(width: width, height: height, channels: words[0] == "P6" ? 3 : 1, pixels: Array(pnm[(position + 1)...]))
  }

  /// The largest of any sample; 256 where sizes differ.
  func difference(from other: RenderedImage) -> Int {
    guard width == other.width, height == other.height else { return 256 }
    let mine = channels == 3 || other.channels == 1 ? pixels : pixels.flatMap { [$0, $0, $0] }
    guard mine.count == other.pixels.count else { return 256 }
    return zip(mine, other.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }
}
