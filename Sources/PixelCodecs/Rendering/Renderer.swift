// SPDX-License-Identifier: Apache-2.0

package import DICOMData

/// A frame as people see it: the Standard's pipeline to 8 bits (PS3.4 §N.2, PS3.3 §C.7.6.3, §C.11).
package struct Renderer: Sendable {
  private let dataSet: DataSet
  private let description: PixelDescription
  private let options: RenderingOptions

  /// `source`: of the same data set. Judged here, before anything is decoded: a picture takes a byte for each sample, however
  /// few bits the frame has for one.
  package init(
    _ dataSet: DataSet, source: FrameSource, options: RenderingOptions = RenderingOptions()
  ) throws(PixelError) {
    self.dataSet = dataSet
    self.options = options
    description = source.description
    let layout = description.layout
    let channels = layout.photometric == .paletteColor || layout.samplesPerPixel > 1 ? 3 : 1
    try RenderedImage.requireRoom(
      width: layout.columns, height: layout.rows, channels: channels, limit: options.largestFrame)
  }

  /// `index` counts from 0.
  package func image(of frame: DecodedFrame, index: Int) throws(PixelError) -> RenderedImage {
    let layout = frame.layout
    guard layout.rows == description.layout.rows, layout.columns == description.layout.columns else {
      throw .cannotRender(why: "the frame is not of this object")
    }
    if let state = options.presentationState { return try presented(frame, index: index, by: state) }
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
      for overlay in Overlay.all(in: dataSet, frame: index, pixels: frame) {
        overlay.draw(on: &pixels, width: layout.columns, height: layout.rows, channels: channels)
      }
    }
    let image = RenderedImage(width: layout.columns, height: layout.rows, channels: channels, pixels: pixels)
    return try options.size.map { size throws(PixelError) in try image.fitted(to: size) } ?? image
  }

  private func presented(
    _ frame: DecodedFrame, index: Int, by state: PresentationState
  ) throws(PixelError) -> RenderedImage {
    let layout = frame.layout
    guard layout.photometric.isMonochrome, layout.samplesPerPixel == 1 else {
      throw .cannotRender(
        why: "a Grayscale Softcopy Presentation State is for grey images, not \(layout.photometric.rawValue)")
    }
    let presentation = try state.presentation(of: dataSet, frame: index)
    let area = try DisplayedArea(
      presentation, columns: layout.columns, rows: layout.rows, hasSize: options.size != nil)
    let transformation = try SpatialTransformation(presentation.state)
    let greys = try GreyscaleTransformation(presentation, description: description, options: options)
    var pixels = greys.greys(of: try StoredValues(frame, description: description))
    try DisplayShutter(presentation.state).apply(to: &pixels, width: layout.columns, height: layout.rows)
    if options.showsAnnotations {
      for (overlay, grey) in ActivatedOverlay.all(in: presentation, image: dataSet, pixels: frame) {
        overlay.draw(on: &pixels, width: layout.columns, height: layout.rows, channels: 1, grey: grey)
      }
    }
    let image = RenderedImage(width: layout.columns, height: layout.rows, channels: 1, pixels: pixels)
    let turned = transformation.applied(to: try area.cut(from: image))
    let picture = try sized(turned, area.size(isTurned: transformation.isTurned))
    guard options.showsAnnotations else { return picture }
    return try GraphicAnnotation(presentation).draw(on: picture) { point, isInDisplay in
      let (width, height) = (Double(picture.width), Double(picture.height))
      if isInDisplay { return GraphicPoint(x: point.x * width, y: point.y * height) }
      let inArea = GraphicPoint(x: point.x - Double(area.left), y: point.y - Double(area.top))
      let place = transformation.place(of: inArea, width: Double(area.width), height: Double(area.height))
      return GraphicPoint(
        x: place.x * width / Double(turned.width), y: place.y * height / Double(turned.height))
    }
  }

  /// As the presentation state says, or with the longer side that was asked for.
  private func sized(
    _ image: RenderedImage, _ said: (width: Int, height: Int)
  ) throws(PixelError) -> RenderedImage {
    guard let size = options.size else { return try image.resampled(width: said.width, height: said.height) }
    let longer = max(said.width, said.height)
    return try image.resampled(width: max(said.width * size / longer, 1), height: max(said.height * size / longer, 1))
  }
}
