// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import Node
import PixelCodecs

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Write a frame as a picture, PNG or JPEG by the name of the file.",
    discussion: """
      Of a file, or of what is stored (--study); there, of the first object that has pixels. By the Standard's pipeline: \
      Modality LUT or rescale; VOI LUT or window (linear, linear exact, sigmoid); palettes, YBR and MONOCHROME1. Without \
      --window, --voi-lut and --all-values as the object says itself, or as a Grayscale Softcopy Presentation State says \
      (--presentation-state): its LUTs, shutter, displayed area, rotation and flip, overlays and graphics; what it says and \
      cannot be shown is refused. Not for diagnosis.

      Example: collimator render --study 1.2.840.99.1 --window 40,400 --size 512 -o liver.png
      """)

  @Argument(help: "A DICOM file.")
  var file: String?

  @OptionGroup(title: "What is stored") var stored: StoredPictureOptions

  @Option(help: "Which frame, from 1 on.")
  var frame = 1

  @Option(help: ArgumentHelp("The window's centre and width.", valueName: "c,w"))
  var window: WindowArgument?

  @Option(help: ArgumentHelp("The object's VOI LUT with this number, from 1 on.", valueName: "n"))
  var voiLut: Int?

  @Flag(help: "From the least to the greatest value of the frame.")
  var allValues = false

  @Option(help: "The longer side of the picture; without it as large as the frame.")
  var size: Int?

  @Flag(help: "Draw the overlays.")
  var overlays = false

  @Option(
    help: ArgumentHelp(
      "Show it as this presentation state says: a DICOM file, or with --study a SOP Instance UID in the study.",
      valueName: "file|uid"))
  var presentationState: String?

  @Flag(help: "Leave out the overlays and graphics of the presentation state.")
  var noAnnotations = false

  @Option(help: "Of a JPEG, 1 to 100.")
  var quality = 90

  @Option(name: .shortAndLong, help: "The file to write, ending in .png, .jpg or .jpeg.")
  var output: String

  private var isPNG: Bool { output.lowercased().hasSuffix(".png") }

  func validate() throws {
    guard isPNG || output.lowercased().hasSuffix(".jpg") || output.lowercased().hasSuffix(".jpeg") else {
      throw ValidationError("--output has to end in .png, .jpg or .jpeg")
    }
    guard size.map({ (1...65535).contains($0) }) ?? true else { throw ValidationError("--size is 1 to 65535") }
    guard voiLut.map({ $0 > 0 }) ?? true else { throw ValidationError("--voi-lut counts from 1") }
    guard frame > 0 else { throw ValidationError("--frame counts from 1") }
    guard (1...100).contains(quality) else { throw ValidationError("--quality is 1 to 100") }
    guard [window != nil, voiLut != nil, allValues].filter({ $0 }).count <= 1 else {
      throw ValidationError("--window, --voi-lut and --all-values exclude each other")
    }
    guard (file == nil) != (stored.study == nil) else { throw ValidationError("name a file or a --study") }
    guard presentationState != nil || !noAnnotations else {
      throw ValidationError("--no-annotations goes with a --presentation-state")
    }
    guard !stored.thumbnail || presentationState == nil else {
      throw ValidationError("a thumbnail shows no presentation state")
    }
    guard !stored.thumbnail || !isPNG else {
      throw ValidationError("a thumbnail is a JPEG: --output has to end in .jpg")
    }
  }

  func run() async throws {
    guard let file else {
      guard case .picture(let picture) = try await stored.data.perform(.picture(try order())) else { return }
      return try PixelFile.write(Array(picture), to: output)
    }
    let part10 = try PixelFile.read(file)
    let codecs = PixelFile.codecs(frames: 1)
    var options = options
    if let presentationState {
      options.presentationState = try PresentationState(PixelFile.read(presentationState).dataSet)
    }
    let source = try FrameSource(part10)
    let renderer = try Renderer(part10.dataSet, source: source, options: options)
    let image = try renderer.image(of: try await codecs.decode(try source.frame(frame - 1)), index: frame - 1)
    try PixelFile.write(isPNG ? image.png : try await codecs.jpeg(image, quality: quality), to: output)
  }

  private var options: RenderingOptions {
    var options = RenderingOptions()
    options.size = size
    options.showsOverlays = overlays
    options.showsAnnotations = !noAnnotations
    if let window { options.valuesOfInterest = .window(window.window) }
    if let voiLut { options.valuesOfInterest = .lookupTable(voiLut - 1) }
    if allValues { options.valuesOfInterest = .allValues }
    return options
  }

  private func order() throws -> PictureOrder {
    var order = try stored.order()
    order.frame = frame
    order.size = size
    order.showsOverlays = overlays
    order.presentationState = presentationState
    order.showsAnnotations = !noAnnotations
    order.format = isPNG ? .png : .jpeg
    order.quality = quality
    if let window { order.valuesOfInterest = .window(center: window.window.center, width: window.window.width) }
    if let voiLut { order.valuesOfInterest = .lookupTable(voiLut - 1) }
    if allValues { order.valuesOfInterest = .allValues }
    return order
  }
}

/// What of the archive a picture is of.
struct StoredPictureOptions: ParsableArguments {
  @Option(help: "A Study Instance UID.")
  var study: String?

  @Option(help: "A Series Instance UID in the study.")
  var series: String?

  @Option(help: "A SOP Instance UID in the study.")
  var instance: String?

  @Flag(help: "The small picture that the node keeps: a JPEG.")
  var thumbnail = false

  @Option(
    name: .customLong("as"), help: ArgumentHelp("See no more than this peer or user may see.", valueName: "name"))
  var caller: String?

  @OptionGroup var data: DataDirectoryOptions

  func validate() throws {
    guard study != nil || (series == nil && instance == nil && caller == nil && !thumbnail) else {
      throw ValidationError("--series, --instance, --thumbnail and --as go with a --study")
    }
  }

  func order() throws -> PictureOrder {
    guard let study else { throw ValidationError("name a --study") }
    var order = PictureOrder(studyInstanceUID: study)
    order.seriesInstanceUID = series
    order.sopInstanceUID = instance
    order.isThumbnail = thumbnail
    order.caller = caller
    return order
  }
}

/// "40,400"
struct WindowArgument: ExpressibleByArgument {
  let window: RenderingOptions.Window

  init?(argument: String) {
    let parts = argument.split(separator: ",").map { Double($0) }
    guard parts.count == 2, let center = parts[0], let width = parts[1], width > 0, center.isFinite, width.isFinite
    else {
      return nil
    }
    window = RenderingOptions.Window(center: center, width: width)
  }
}
