// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import CodecWorker
import DICOMData
import Foundation
import PixelCodecs
import Testing

/// Pictures beside those of DCMTK's dcmj2pnm: the same, or 1 of 255 away.
@Suite(
  .serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dcmj2pnm"), "needs DCMTK's tools"))
struct RenderingTests {
  enum Mode: String, CaseIterable, Sendable {
    case firstWindow, allValues, fortyFourHundred, firstTable

    var arguments: [String] {
      switch self {
      case .firstWindow: ["+Wi", "1"]
      case .allValues: ["+Wm"]
      case .fortyFourHundred: ["+Ww", "40", "400"]
      case .firstTable: ["+Wl", "1"]
      }
    }

    var valuesOfInterest: RenderingOptions.ValuesOfInterest {
      switch self {
      case .firstWindow: .asStored
      case .allValues: .allValues
      case .fortyFourHundred: .window(.init(center: 40, width: 400))
      case .firstTable: .lookupTable(0)
      }
    }
  }

  private static let tagsOfWindow: [DICOMData.Tag] = [DICOMData.Tag(0x0028, 0x1050), DICOMData.Tag(0x0028, 0x1051)]

  @Test(
    .enabled(if: PixelOracle.isThere, "the corpus is not beside the package"),
    arguments: [Mode.firstWindow, .allValues, .fortyFourHundred])
  func corpusLooksAsDCMTKShowsIt(_ mode: Mode) async throws {
    var compared = 0
    for file in PixelOracle.files where file.status != "undecodable" {
      guard let part10 = try? Part10File(path: file.path), part10.dataSet.elementCount < 20000,
        let source = try? FrameSource(part10), source.decodedLayout.byteCount < 400_000, source.count <= 30,
        Self.isComparable(part10.dataSet, mode),
        let reference = try Self.dcmtk(file.path, mode.arguments)
      else { continue }
      let image = try await Self.image(part10.dataSet, source, mode)
      #expect(image.difference(from: reference) <= 1, "\(file.testDescription)")
      compared += 1
    }
    #expect(compared > 50, "\(compared)")
  }

  /// DCMTK makes integers of rescaled values, which a fractional slope shows; and of a window of no width something.
  private static func isComparable(_ dataSet: DataSet, _ mode: Mode) -> Bool {
    let places =
      [dataSet] + dataSet.items(DICOMData.Tag(0x5200, 0x9229)) + dataSet.items(DICOMData.Tag(0x5200, 0x9230)).prefix(1)
    for place in places.flatMap({ [$0] + $0.items(DICOMData.Tag(0x0028, 0x9145)) }) {
      for tag in [DICOMData.Tag(0x0028, 0x1052), DICOMData.Tag(0x0028, 0x1053)] {
        if let value = place.string(tag), Double(value)?.rounded() != Double(value) { return false }
      }
    }
    guard mode == .firstWindow else { return true }
    return tagsOfWindow.allSatisfy { dataSet.string($0).flatMap(Double.init) ?? 0 != 0 }
  }

  private static func image(_ dataSet: DataSet, _ source: FrameSource, _ mode: Mode) async throws -> RenderedImage {
    var options = RenderingOptions()
    options.valuesOfInterest = mode.valuesOfInterest
    let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
    return try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0)
  }

  /// Overlays with data of their own, within the pixels, and beyond the image's edges.
  @Test(.enabled(if: PixelOracle.isThere, "the corpus is not beside the package"))
  func overlaysOfTheCorpusAreThoseOfDCMTK() async throws {
    var compared = 0
    for file in PixelOracle.files where file.status != "undecodable" {
      guard let part10 = try? Part10File(path: file.path), part10.dataSet.elementCount < 20000,
        stride(from: UInt16(0x6000), through: 0x601E, by: 2).contains(where: {
          part10.dataSet[DICOMData.Tag($0, 0x0010)] != nil
        }), let source = try? FrameSource(part10),
        let reference = try Self.dcmtk(file.path, ["+Wm"], overlays: ["+O", "0"])
      else { continue }
      var options = RenderingOptions()
      options.valuesOfInterest = .allValues
      options.showsOverlays = true
      let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
      let image = try Renderer(part10.dataSet, source: source, options: options).image(of: decoded, index: 0)
      #expect(image.difference(from: reference) <= 1, "\(file.testDescription)")
      compared += 1
    }
    #expect(compared >= 5, "\(compared)")
  }

  /// PGM or PPM, read; nil where DCMTK shows nothing.
  private static func dcmtk(
    _ path: String, _ arguments: [String], overlays: [String] = ["-O"]
  ) throws -> RenderedImage? {
    let target = FileManager.default.temporaryDirectory.appending(path: "collimator-\(UUID().uuidString).pnm")
    defer { try? FileManager.default.removeItem(at: target) }
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/usr/bin/dcmj2pnm")
    process.arguments = overlays + ["+F", "1"] + arguments + [path, target.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let data = FileManager.default.contents(atPath: target.path) else {
      return nil
    }
    return RenderedImage(pnm: [UInt8](data))
  }

  struct Made: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let layout: FrameLayout
    let mode: Mode
    let change: @Sendable (inout DataSetBuilder) -> Void
  }

  private static func words(_ values: some Sequence<Int>) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  private static func table(_ first: Int, _ bits: Int, _ entries: [Int]) -> DataSetBuilder {
    var item = DataSetBuilder()
    item.setIntegers(DICOMData.Tag(0x0028, 0x3002), .us, [entries.count, first & 0xFFFF, bits])
    item.setBytes(DICOMData.Tag(0x0028, 0x3006), .ow, words(entries))
    return item
  }

  private static func palette(_ builder: inout DataSetBuilder, count: Int, bits: Int, first: Int = 0) {
    for channel: UInt16 in 1...3 {
      builder.setIntegers(DICOMData.Tag(0x0028, 0x1100 + channel), .us, [count, first, bits])
      let entries = (0..<count).map { ($0 * Int(channel) * 251) & ((1 << bits) - 1) }
      builder.setBytes(DICOMData.Tag(0x0028, 0x1200 + channel), .ow, words(entries))
    }
  }

  static let made: [Made] = {
    do {
      let ct = try Samples.layout(64, 64, stored: 12, isSigned: true)
      let cr = try Samples.layout(64, 64, stored: 10)
      let rgb = try Samples.layout(32, 32, samples: 3, allocated: 8)
      func window(_ center: String, _ width: String, _ function: String? = nil)
        -> @Sendable (inout DataSetBuilder) -> Void
      {
        { builder in
          builder.set(DICOMData.Tag(0x0028, 0x1050), .ds, center)
          builder.set(DICOMData.Tag(0x0028, 0x1051), .ds, width)
          builder.set(DICOMData.Tag(0x0028, 0x1052), .ds, "-100")
          builder.set(DICOMData.Tag(0x0028, 0x1053), .ds, "2")
          if let function { builder.set(DICOMData.Tag(0x0028, 0x1056), .cs, function) }
        }
      }
      let mono1 = try Samples.layout(64, 64, stored: 10, photometric: .monochrome1)
      return [
        Made(testDescription: "window", layout: ct, mode: .firstWindow, change: window("40", "400")),
        Made(testDescription: "narrow window", layout: ct, mode: .firstWindow, change: window("40.5", "1")),
        Made(testDescription: "window of 2", layout: ct, mode: .firstWindow, change: window("41", "2")),
        Made(testDescription: "sigmoid", layout: ct, mode: .firstWindow, change: window("40", "400", "SIGMOID")),
        Made(testDescription: "monochrome 1", layout: mono1, mode: .firstWindow, change: window("500", "700")),
        Made(testDescription: "monochrome 1, all values", layout: mono1, mode: .allValues, change: { _ in }),
        Made(testDescription: "Modality LUT", layout: cr, mode: .allValues) { builder in
          builder.setSequence(DICOMData.Tag(0x0028, 0x3000), [table(100, 16, (0..<512).map { 60000 - $0 * $0 / 5 })])
        },
        Made(testDescription: "VOI LUT of 8 bits", layout: cr, mode: .firstTable) { builder in
          builder.setSequence(DICOMData.Tag(0x0028, 0x3010), [table(200, 8, (0..<256).map { 255 - $0 })])
        },
        Made(testDescription: "VOI LUT of 12 bits", layout: cr, mode: .firstTable) { builder in
          builder.setSequence(DICOMData.Tag(0x0028, 0x3010), [table(0, 12, (0..<1024).map { ($0 * 3) & 4095 })])
        },
        Made(testDescription: "VOI LUT from a negative value", layout: ct, mode: .firstTable) { builder in
          builder.setSequence(DICOMData.Tag(0x0028, 0x3010), [table(-500, 16, (0..<1000).map { $0 * 65 })])
        },
        Made(
          testDescription: "palette of 8 bits",
          layout: try Samples.layout(32, 32, allocated: 8, photometric: .paletteColor), mode: .firstWindow
        ) {
          palette(&$0, count: 256, bits: 8)
        },
        Made(
          testDescription: "palette of 16 bits",
          layout: try Samples.layout(32, 32, allocated: 8, photometric: .paletteColor), mode: .firstWindow
        ) {
          palette(&$0, count: 200, bits: 16, first: 10)
        },
        Made(testDescription: "RGB", layout: rgb, mode: .firstWindow, change: { _ in }),
        Made(
          testDescription: "RGB by plane", layout: try Samples.layout(32, 32, samples: 3, allocated: 8, isPlanar: true),
          mode: .firstWindow, change: { _ in }),
        Made(
          testDescription: "RGB of 16 bits", layout: try Samples.layout(32, 32, samples: 3, stored: 12),
          mode: .firstWindow, change: { _ in }),
        Made(
          testDescription: "YBR_FULL",
          layout: try Samples.layout(32, 32, samples: 3, allocated: 8, photometric: .ybrFull), mode: .firstWindow,
          change: { _ in }),
        Made(
          testDescription: "YBR_FULL of 16 bits",
          layout: try Samples.layout(32, 32, samples: 3, stored: 12, photometric: .ybrFull), mode: .firstWindow,
          change: { _ in }),
      ]
    } catch {
      return []
    }
  }()

  @Test func overlaysAreDrawnWhenAsked() async throws {
    let layout = try Samples.layout(8, 8, allocated: 8)
    var builder = Samples.attributes(of: layout)
    builder.setBytes(.pixelData, .ob, [UInt8](repeating: 0, count: 64))
    // A bar of 3 columns and 2 rows at row 2, column 7: one column lies outside.
    builder.setIntegers(DICOMData.Tag(0x6000, 0x0010), .us, [2])
    builder.setIntegers(DICOMData.Tag(0x6000, 0x0011), .us, [3])
    builder.setIntegers(DICOMData.Tag(0x6000, 0x0050), .ss, [2, 7])
    builder.setBytes(DICOMData.Tag(0x6000, 0x3000), .ow, [0b0011_1101, 0])
    let encoded = builder.encoded(as: .explicitVRLittleEndian)
    let dataSet = try DataSet(reading: encoded, transferSyntax: .explicitVRLittleEndian)
    let source = try FrameSource(dataSet)
    let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
    var options = RenderingOptions()
    #expect(try Renderer(dataSet, source: source).image(of: decoded, index: 0).pixels.allSatisfy { $0 == 0 })
    options.showsOverlays = true
    let drawn = try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0).pixels
    #expect(drawn.indices.filter { drawn[$0] == 255 } == [14, 22, 23])
    options.size = 4
    let small = try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0)
    #expect(small.width == 4 && small.height == 4 && small.pixels.contains { $0 > 0 && $0 < 255 })
  }

  /// A bit above the stored ones, and one below; what has data of its own is no such overlay.
  @Test(arguments: [(12, 11, 15, 16), (8, 15, 3, 16), (7, 6, 7, 8)])
  func overlaysInThePixelsAreDrawn(_ stored: Int, highBit: Int, position: Int, allocated: Int) async throws {
    let layout = try Samples.layout(8, 8, allocated: allocated, stored: stored)
    var builder = Samples.attributes(of: layout)
    builder.setIntegers(.highBit, .us, [highBit])
    builder.setIntegers(DICOMData.Tag(0x6002, 0x0010), .us, [8])
    builder.setIntegers(DICOMData.Tag(0x6002, 0x0011), .us, [8])
    builder.setIntegers(DICOMData.Tag(0x6002, 0x0050), .ss, [1, 1])
    builder.setIntegers(DICOMData.Tag(0x6002, 0x0100), .us, [allocated])
    builder.setIntegers(DICOMData.Tag(0x6002, 0x0102), .us, [position])
    let words = (0..<64).map { $0 % 9 == 0 ? 1 << position : 0 }
    let bytes = allocated == 8 ? words.map { UInt8($0) } : Self.words(words)
    builder.setBytes(.pixelData, allocated == 8 ? .ob : .ow, bytes)
    let dataSet = try DataSet(
      reading: builder.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian)
    let source = try FrameSource(dataSet)
    let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
    var options = RenderingOptions()
    #expect(
      try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0).pixels.allSatisfy { $0 == 0 }
    )
    options.showsOverlays = true
    let drawn = try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0).pixels
    #expect(drawn.indices.filter { drawn[$0] == 255 } == Array(stride(from: 0, to: 64, by: 9)))
  }

  /// Values with fractions have windows narrower than 1.
  @Test func narrowWindowsAreForFractions() async throws {
    var builder = Samples.attributes(of: try Samples.layout(1, 5, allocated: 8))
    builder.set(DICOMData.Tag(0x0028, 0x1050), .ds, "0.2")
    builder.set(DICOMData.Tag(0x0028, 0x1051), .ds, "0.4")
    builder.set(DICOMData.Tag(0x0028, 0x1052), .ds, "0")
    builder.set(DICOMData.Tag(0x0028, 0x1053), .ds, "0.1")
    builder.setBytes(.pixelData, .ob, [0, 1, 2, 4, 9, 0])
    let dataSet = try DataSet(
      reading: builder.encoded(as: .explicitVRLittleEndian), transferSyntax: .explicitVRLittleEndian)
    let source = try FrameSource(dataSet)
    let decoded = try await UnconfinedCodecs().decode(try source.frame(0))
    #expect(try Renderer(dataSet, source: source).image(of: decoded, index: 0).pixels == [0, 64, 128, 255, 255])
  }

  @Test(arguments: made)
  func transformationsAreThoseOfDCMTK(_ made: Made) async throws {
    var builder = Samples.attributes(of: made.layout)
    made.change(&builder)
    let syntax = TransferSyntax.explicitVRLittleEndian
    let frame = Samples.frame(made.layout)
    builder.setBytes(.pixelData, made.layout.bitsAllocated > 8 ? .ow : .ob, frame.bytes)
    let encoded = builder.encoded(as: syntax)
    let meta = FileMetaInformation.encoded(
      sopClassUID: "1.2.840.10008.5.1.4.1.1.7", sopInstanceUID: "2.25.17", transferSyntaxUID: syntax.uid,
      sourceAETitle: "")
    let path = FileManager.default.temporaryDirectory.appending(path: "collimator-\(UUID().uuidString).dcm")
    try Data(meta + encoded).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    let arguments =
      made.layout.samplesPerPixel == 1 && made.layout.photometric != .paletteColor ? made.mode.arguments : []
    let reference = try #require(try Self.dcmtk(path.path, arguments))
    let dataSet = try DataSet(reading: encoded, transferSyntax: syntax)
    let image = try await Self.image(dataSet, try FrameSource(dataSet), made.mode)
    #expect(image.difference(from: reference) <= 1)
  }
}
