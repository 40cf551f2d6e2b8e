// SPDX-License-Identifier: Apache-2.0

extension FrameCoding {
  /// Whether two data sets hold the same samples, however they are encoded: as many frames of the same layout, and each sample
  /// the same once it is decoded. Colour by pixel and by plane are the same.
  package func haveSameSamples(_ one: FrameSource, _ other: FrameSource) async throws(PixelError) -> Bool {
    let layouts = [one, other].map { $0.decodedLayout.with(photometric: $0.decodedLayout.photometric, isPlanar: false) }
    guard one.count == other.count, layouts[0] == layouts[1], one.description.samples == other.description.samples
    else {
      return false
    }
    for index in 0..<one.count {
      let first = try await decode(try one.frame(index)).arranged(isPlanar: false)
      let second = try await decode(try other.frame(index)).arranged(isPlanar: false)
      guard first.bytes == second.bytes else { return false }
    }
    return true
  }
}
