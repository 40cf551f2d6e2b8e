// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import CodecWorker
import DICOMData
import Foundation
import PixelCodecs
import Testing

/// Grayscale Softcopy Presentation States: grey values, rotation and flip beside DCMTK's dcmp2pgm; what it does not draw
/// (areas, shutters, overlays, graphics) beside what the Standard says.
@Suite(.serialized)
struct PresentationStateTests {
  private typealias Tag = DICOMData.Tag

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var stored = 12
    var isSigned = false
    var photometric = PhotometricInterpretation.monochrome2
    var image: @Sendable (inout DataSetBuilder) -> Void = { _ in }
    let state: @Sendable (inout DataSetBuilder) -> Void
  }

  private static let uid = "2.25.17"

  static func reference(_ uid: String = uid, frames: [Int] = []) -> DataSetBuilder {
    var item = DataSetBuilder()
    item.set(Tag(0x0008, 0x1150), .ui, "1.2.840.10008.5.1.4.1.1.7")
    item.set(Tag(0x0008, 0x1155), .ui, uid)
    if !frames.isEmpty { item.set(Tag(0x0008, 0x1160), .is, frames.map { "\($0)" }) }
    return item
  }

  static func area(_ corners: [Int], of references: [DataSetBuilder] = [], mode: String = "SCALE TO FIT")
    -> DataSetBuilder
  {
    var item = DataSetBuilder()
    if !references.isEmpty { item.setSequence(Tag(0x0008, 0x1140), references) }
    item.setIntegers(Tag(0x0070, 0x0052), .sl, Array(corners[0..<2]))
    item.setIntegers(Tag(0x0070, 0x0053), .sl, Array(corners[2..<4]))
    item.set(Tag(0x0070, 0x0100), .cs, mode)
    item.set(Tag(0x0070, 0x0102), .is, ["1", "1"])
    return item
  }

  /// All that has to be there, over the whole of an image of 40 rows and 60 columns.
  static func state(_ change: (inout DataSetBuilder) -> Void) -> DataSetBuilder {
    var builder = DataSetBuilder()
    builder.set(.sopClassUID, .ui, PresentationState.sopClassUID)
    builder.set(.sopInstanceUID, .ui, "2.25.18")
    builder.set(Tag(0x0008, 0x0060), .cs, "PR")
    for (tag, vr) in [
      (Tag(0x0008, 0x0020), .da), (Tag(0x0008, 0x0030), .tm), (Tag(0x0008, 0x0050), .sh), (Tag(0x0008, 0x0070), .lo),
      (Tag(0x0008, 0x0090), .pn), (Tag(0x0010, 0x0010), .pn), (Tag(0x0010, 0x0020), .lo), (Tag(0x0010, 0x0030), .da),
      (Tag(0x0010, 0x0040), .cs), (Tag(0x0020, 0x0010), .sh), (Tag(0x0020, 0x0011), .is), (Tag(0x0070, 0x0081), .lo),
      (Tag(0x0070, 0x0084), .pn),
    ] as [(DICOMData.Tag, VR)] {
      builder.setEmpty(tag, vr)
    }
    // DCMTK reads none without a name.
    builder.set(Tag(0x0010, 0x0010), .pn, "A^B")
    builder.set(Tag(0x0020, 0x000D), .ui, "2.25.19")
    builder.set(Tag(0x0020, 0x000E), .ui, "2.25.20")
    builder.set(Tag(0x0020, 0x0013), .is, "1")
    builder.set(Tag(0x0070, 0x0080), .cs, "TEST")
    builder.set(Tag(0x0070, 0x0082), .da, "20260101")
    builder.set(Tag(0x0070, 0x0083), .tm, "120000")
    var series = DataSetBuilder()
    series.set(Tag(0x0020, 0x000E), .ui, "2.25.21")
    series.setSequence(Tag(0x0008, 0x1140), [reference()])
    builder.setSequence(Tag(0x0008, 0x1115), [series])
    builder.setSequence(Tag(0x0070, 0x005A), [area([1, 1, 60, 40])])
    builder.set(Tag(0x2050, 0x0020), .cs, "IDENTITY")
    change(&builder)
    return builder
  }

  static func window(
    _ center: String, _ width: String, of references: [DataSetBuilder] = [], function: String? = nil
  ) -> DataSetBuilder {
    var item = DataSetBuilder()
    if !references.isEmpty { item.setSequence(Tag(0x0008, 0x1140), references) }
    item.set(Tag(0x0028, 0x1050), .ds, center)
    item.set(Tag(0x0028, 0x1051), .ds, width)
    if let function { item.set(Tag(0x0028, 0x1056), .cs, function) }
    return item
  }

  private static func table(_ first: Int, _ bits: Int, _ entries: [Int]) -> DataSetBuilder {
    var item = DataSetBuilder()
    item.setIntegers(Tag(0x0028, 0x3002), .us, [entries.count & 0xFFFF, first & 0xFFFF, bits])
    let bytes = entries.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    item.setBytes(Tag(0x0028, 0x3006), .ow, bytes)
    return item
  }

  private static func rescale(_ builder: inout DataSetBuilder, _ slope: String, _ intercept: String) {
    builder.set(Tag(0x0028, 0x1052), .ds, intercept)
    builder.set(Tag(0x0028, 0x1053), .ds, slope)
    builder.set(Tag(0x0028, 0x1054), .lo, "US")
  }

  private static let softcopyVOI = Tag(0x0028, 0x3110)

  private static func turned(_ degrees: Int, _ flip: String) -> Case {
    Case(testDescription: "rotated by \(degrees), flip \(flip)") { builder in
      builder.setSequence(softcopyVOI, [window("1000", "2500")])
      builder.setIntegers(Tag(0x0070, 0x0042), .us, [degrees])
      builder.set(Tag(0x0070, 0x0041), .cs, flip)
    }
  }

  static let cases: [Case] =
    [
      Case(testDescription: "nothing said: the whole range", state: { _ in }),
      Case(testDescription: "the whole range of signed values", isSigned: true, state: { _ in }),
      Case(testDescription: "the whole range, rescaled", state: { rescale(&$0, "3", "-700") }),
      Case(testDescription: "inverse", state: { $0.set(Tag(0x2050, 0x0020), .cs, "INVERSE") }),
      Case(testDescription: "MONOCHROME1 does not matter", photometric: .monochrome1, state: { _ in }),
      Case(
        testDescription: "the image's window and rescaling do not matter",
        image: {
          rescale(&$0, "5", "-1000")
          $0.set(Tag(0x0028, 0x1050), .ds, "50")
          $0.set(Tag(0x0028, 0x1051), .ds, "100")
        }, state: { _ in }),
      Case(testDescription: "a window", isSigned: true) { builder in
        rescale(&builder, "2", "-300")
        builder.setSequence(softcopyVOI, [window("40", "900")])
      },
      Case(testDescription: "a window for this image among others") { builder in
        builder.setSequence(
          softcopyVOI, [window("3000", "100", of: [reference("2.25.99")]), window("1000", "800", of: [reference()])])
      },
      Case(testDescription: "a VOI LUT") { builder in
        var item = DataSetBuilder()
        item.setSequence(Tag(0x0028, 0x3010), [table(500, 12, (0..<1024).map { 4095 - $0 * 4 })])
        builder.setSequence(softcopyVOI, [item])
      },
      Case(testDescription: "a Modality LUT") { builder in
        var item = table(0, 16, (0..<4096).map { 65535 - $0 * 16 })
        item.set(Tag(0x0028, 0x3004), .lo, "OD")
        builder.setSequence(Tag(0x0028, 0x3000), [item])
      },
      Case(testDescription: "a Presentation LUT") { builder in
        builder.remove(Tag(0x2050, 0x0020))
        builder.setSequence(softcopyVOI, [window("2000", "3000")])
        let curve = (0..<4096).map { $0 * $0 / 256 }
        builder.setSequence(Tag(0x2050, 0x0010), [table(0, 16, curve)])
      },
      Case(testDescription: "a Presentation LUT of 8 bits that falls") { builder in
        builder.remove(Tag(0x2050, 0x0020))
        builder.setSequence(Tag(0x2050, 0x0010), [table(0, 8, (0..<256).map { 255 - $0 })])
      },
    ] + [0, 90, 180, 270].flatMap { [turned($0, "N"), turned($0, "Y")] }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dcmp2pgm"), "needs DCMTK"), arguments: cases)
  func greysAreThoseOfDCMTK(_ sample: Case) async throws {
    let image = try Self.image(sample)
    let state = Self.state(sample.state)
    let shown = try await Self.shown(image, state: state)
    let reference = try #require(try Self.dcmtk(image, state))
    #expect(shown.difference(from: reference) <= 1)
    // The image's own ways would not do: but for a few of the cases.
    #expect(Set(shown.pixels).count > 20)
  }

  private static func image(_ sample: Case) throws -> DataSetBuilder {
    let layout = try Samples.layout(
      40, 60, stored: sample.stored, isSigned: sample.isSigned, photometric: sample.photometric)
    var builder = Samples.attributes(of: layout)
    builder.set(Tag(0x0008, 0x0060), .cs, "OT")
    builder.set(Tag(0x0020, 0x000D), .ui, "2.25.19")
    builder.set(Tag(0x0020, 0x000E), .ui, "2.25.21")
    sample.image(&builder)
    builder.setBytes(.pixelData, .ow, Samples.frame(layout).bytes)
    return builder
  }

  /// Each pixel has a value of its own: its column times 3, plus its row.
  static func ramp(_ change: (inout DataSetBuilder) -> Void = { _ in }, frames: Int = 1) throws -> DataSetBuilder {
    var builder = Samples.attributes(of: try Samples.layout(40, 60, allocated: 8), frames: frames)
    change(&builder)
    let frame: [UInt8] = (0..<2400).map { (index: Int) -> UInt8 in UInt8(index % 60 * 3 + index / 60) }
    builder.setBytes(.pixelData, .ob, Array([[UInt8]](repeating: frame, count: frames).joined()))
    return builder
  }

  static func shown(
    _ image: DataSetBuilder, state: DataSetBuilder, frame: Int = 0,
    _ change: (inout RenderingOptions) -> Void = { _ in }
  ) async throws -> RenderedImage {
    let syntax = TransferSyntax.explicitVRLittleEndian
    let dataSet = try DataSet(reading: image.encoded(as: syntax), transferSyntax: syntax)
    let source = try FrameSource(dataSet)
    var options = RenderingOptions()
    options.presentationState = try PresentationState(
      try DataSet(reading: state.encoded(as: syntax), transferSyntax: syntax))
    change(&options)
    let decoded = try await UnconfinedCodecs().decode(try source.frame(frame))
    return try Renderer(dataSet, source: source, options: options).image(of: decoded, index: frame)
  }

  private static func dcmtk(_ image: DataSetBuilder, _ state: DataSetBuilder) throws -> RenderedImage? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "collimator-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let syntax = TransferSyntax.explicitVRLittleEndian
    for (name, sopClass, instance, builder) in [
      ("image", "1.2.840.10008.5.1.4.1.1.7", uid, image), ("state", PresentationState.sopClassUID, "2.25.18", state),
    ] {
      let meta = FileMetaInformation.encoded(
        sopClassUID: sopClass, sopInstanceUID: instance, transferSyntaxUID: syntax.uid, sourceAETitle: "")
      try Data(meta + builder.encoded(as: syntax)).write(to: folder.appending(path: name))
    }
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/usr/bin/dcmp2pgm")
    process.arguments = ["-p", "state", "image", "picture"].map { $0 == "-p" ? $0 : folder.appending(path: $0).path }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard let data = FileManager.default.contents(atPath: folder.appending(path: "picture").path) else { return nil }
    return RenderedImage(pnm: [UInt8](data))
  }
}
