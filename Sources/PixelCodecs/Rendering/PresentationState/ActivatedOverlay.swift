// SPDX-License-Identifier: Apache-2.0

import DICOMData

/// The overlays that a presentation state has on (PS3.3 §C.11.7): its own, else the image's of the same group; each in the grey
/// of its layer, the lowest layer first.
enum ActivatedOverlay {
  static func all(in presentation: FramePresentation, image: DataSet, pixels: DecodedFrame) -> [(Overlay, UInt8)] {
    var found: [(overlay: Overlay, grey: UInt8, order: Int)] = []
    for group in stride(from: UInt16(0x6000), through: 0x601E, by: 2) {
      guard let layer = presentation.state.string(Tag(group, 0x1001)) else { continue }
      let isOwn = presentation.state[Tag(group, 0x3000)] != nil
      let overlay =
        Overlay(isOwn ? presentation.state : image, group: group, frame: presentation.frame)
        ?? (isOwn ? nil : Overlay(image, group: group, within: pixels))
      guard let overlay else { continue }
      found.append((overlay, presentation.grey(ofLayer: layer), presentation.order(ofLayer: layer)))
    }
    return found.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
      .map { ($0.element.overlay, $0.element.grey) }
  }
}
