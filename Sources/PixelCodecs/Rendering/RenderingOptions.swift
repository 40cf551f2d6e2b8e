// SPDX-License-Identifier: Apache-2.0

/// How a frame is to be shown.
package struct RenderingOptions: Sendable {
  /// In the units of the modality (Hounsfield units of a CT).
  package struct Window: Sendable, Hashable {
    package let center: Double
    package let width: Double

    package init(center: Double, width: Double) {
      self.center = center
      self.width = width
    }
  }

  package enum ValuesOfInterest: Sendable, Hashable {
    /// What the object itself says: its first window, else its VOI LUT, else all values that the frame has. Of a
    /// presentation state: what that says, else all values that there could be.
    case asStored
    case window(Window)
    /// The VOI LUT with this place in its sequence, from 0 on.
    case lookupTable(Int)
    case allValues
  }

  package var valuesOfInterest = ValuesOfInterest.asStored
  package var showsOverlays = false
  /// In place of what the image says itself; overlays are then those that it activates.
  package var presentationState: PresentationState?
  /// Whether the graphics and overlays of the presentation state are drawn.
  package var showsAnnotations = true
  /// The longer side of the image; nil leaves it as large as it is.
  package var size: Int?
  /// Bytes that the picture may have before it is resized: a byte for each of a pixel's samples.
  package var largestFrame = FrameLayout.byteLimit

  package init() {}
}
