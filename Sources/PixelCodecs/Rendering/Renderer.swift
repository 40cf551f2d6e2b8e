// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// A frame as people see it: the Standard's pipeline to 8 bits (PS3.4 §N.2, PS3.3 §C.7.6.3, §C.11).
package struct Renderer: Sendable {
  private let dataSet: DataSet
  private let description: PixelDescription
  private let options: RenderingOptions

  /// `source`: of the same data set.
  package init(_ dataSet: DataSet, source: FrameSource, options: RenderingOptions = RenderingOptions()) {
    self.dataSet = dataSet
    self.options = options
    description = source.description
  }

  /// `index` counts from 0.
  package func image(of frame: DecodedFrame, index: Int) throws(PixelError) -> RenderedImage {
    let layout = frame.layout
    guard layout.rows == description.layout.rows, layout.columns == description.layout.columns else {
      throw .cannotRender(why: "the frame is not of this object")
    }
    var pixels: [UInt8]
    var channels = 3
    switch layout.photometric {
    case .paletteColor:
      let palette = try PaletteColorTransformation(dataSet, description: description)
      pixels = palette.colours(of: try StoredValues(frame, description: description))
    case _ where layout.samplesPerPixel == 1:
      channels = 1
      let transformation = try GreyscaleTransformation(
        dataSet, frame: index, description: description, options: options)
      pixels = transformation.greys(of: try StoredValues(frame, description: description))
    default: pixels = try ColourTransformation.colours(of: frame, description: description)
    }
    if options.showsOverlays {
      for overlay in Overlay.all(in: dataSet, frame: index) {
        overlay.draw(on: &pixels, width: layout.columns, height: layout.rows, channels: channels)
      }
    }
    let image = RenderedImage(width: layout.columns, height: layout.rows, channels: channels, pixels: pixels)
    return options.size.map { image.fitted(to: $0) } ?? image
  }
}
