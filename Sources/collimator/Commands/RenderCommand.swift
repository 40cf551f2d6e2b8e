// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DICOMData
import PixelCodecs

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Write a frame as a picture, PNG or JPEG by the name of the file.",
    discussion: """
      By the Standard's pipeline: Modality LUT or rescale; VOI LUT or window (linear, linear exact, sigmoid); palettes, YBR \
      and MONOCHROME1. Without --window, --voi-lut and --all-values as the object says itself. Not for diagnosis.
      """)

  @Argument(help: "A DICOM file.")
  var file: String

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
    guard (1...100).contains(quality) else { throw ValidationError("--quality is 1 to 100") }
    guard [window != nil, voiLut != nil, allValues].filter({ $0 }).count <= 1 else {
      throw ValidationError("--window, --voi-lut and --all-values exclude each other")
    }
  }

  func run() async throws {
    let part10 = try PixelFile.read(file)
    let codecs = PixelFile.codecs(frames: 1)
    let source = try FrameSource(part10)
    let decoded = try await codecs.decode(try source.frame(frame - 1))
    let image = try Renderer(part10.dataSet, source: source, options: options).image(of: decoded, index: frame - 1)
    try PixelFile.write(isPNG ? image.png : try await codecs.jpeg(image, quality: quality), to: output)
  }

  private var options: RenderingOptions {
    var options = RenderingOptions()
    options.size = size
    options.showsOverlays = overlays
    if let window { options.valuesOfInterest = .window(window.window) }
    if let voiLut { options.valuesOfInterest = .lookupTable(voiLut - 1) }
    if allValues { options.valuesOfInterest = .allValues }
    return options
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
