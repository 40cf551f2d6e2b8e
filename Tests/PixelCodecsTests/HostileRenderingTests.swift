// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

/// Tables, windows, palettes and overlays that claim what is not there: an error or a picture, never more.
struct HostileRenderingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var photometric = PhotometricInterpretation.monochrome2
    var samples = 1
    /// nil: either will do.
    var isShown: Bool?
    let change: @Sendable (inout DataSetBuilder) -> Void
  }

  private static func tag(_ group: UInt16, _ element: UInt16) -> DICOMData.Tag { DICOMData.Tag(group, element) }

  private static func table(_ descriptor: [Int], _ count: Int, vr: VR = .us) -> DataSetBuilder {
    var item = DataSetBuilder()
    item.setIntegers(tag(0x0028, 0x3002), vr, descriptor)
    item.setBytes(tag(0x0028, 0x3006), .ow, [UInt8](repeating: 0x80, count: count))
    return item
  }

  private static func voi(_ name: String, _ item: DataSetBuilder, isShown: Bool? = false) -> Case {
    Case(testDescription: "VOI LUT: \(name)", isShown: isShown) { $0.setSequence(tag(0x0028, 0x3010), [item]) }
  }

  private static func window(_ center: String, _ width: String, function: String = "LINEAR") -> Case {
    Case(testDescription: "window \(center), \(width) \(function)", isShown: true) { builder in
      builder.set(tag(0x0028, 0x1050), .ds, center)
      builder.set(tag(0x0028, 0x1051), .ds, width)
      builder.set(tag(0x0028, 0x1056), .cs, function)
    }
  }

  private static func palette(
    _ name: String, segments: [UInt16]?, descriptor: [Int] = [256, 0, 16], isShown: Bool? = false
  ) -> Case {
    Case(testDescription: "palette: \(name)", photometric: .paletteColor, isShown: isShown) { builder in
      for channel: UInt16 in 1...3 {
        builder.setIntegers(tag(0x0028, 0x1100 + channel), .us, descriptor)
        if let segments {
          let bytes = segments.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
          builder.setBytes(tag(0x0028, 0x1220 + channel), .ow, bytes)
        }
      }
    }
  }

  private static func overlay(_ name: String, rows: Int, columns: Int, origin: [Int], bytes: Int) -> Case {
    Case(testDescription: "overlay: \(name)", isShown: true) { builder in
      builder.setIntegers(tag(0x6000, 0x0010), .us, [rows])
      builder.setIntegers(tag(0x6000, 0x0011), .us, [columns])
      builder.setIntegers(tag(0x6000, 0x0050), .ss, origin)
      builder.setBytes(tag(0x6000, 0x3000), .ow, [UInt8](repeating: 0xFF, count: bytes))
    }
  }

  /// Numbers of a plane are read under whatever VR the file gives them.
  private static func overlay(first: String, frames: String, vr: VR) -> Case {
    Case(testDescription: "overlay: \(frames) planes from \(first) on, as \(vr)", isShown: true) { builder in
      builder.setIntegers(tag(0x6000, 0x0010), .us, [4])
      builder.setIntegers(tag(0x6000, 0x0011), .us, [4])
      builder.set(tag(0x6000, 0x0015), vr, frames)
      builder.set(tag(0x6000, 0x0051), vr, first)
      builder.setBytes(tag(0x6000, 0x3000), .ow, [UInt8](repeating: 0xFF, count: 8))
    }
  }

  static let cases: [Case] =
    [Int.min, Int.min + 1, Int.max].flatMap { number in
      [overlay(first: "\(number)", frames: "2", vr: .lo), overlay(first: "1", frames: "\(number)", vr: .lo)]
    } + usualCases

  private static let usualCases: [Case] = [
    voi("right", table([256, 0, 16], 512), isShown: true), voi("no descriptor values", table([], 512)),
    voi("65536 entries of 512 bytes", table([0, 0, 16], 512)), voi("0 bits", table([256, 0, 0], 512)),
    voi("17 bits", table([256, 0, 17], 512)), voi("65535 bits", table([256, 0, 65535], 512)),
    voi("no data", table([256, 0, 16], 0)), voi("a descriptor of UL", table([256, 0, 16], 512, vr: .ul), isShown: nil),
    voi("first value 65535", table([256, 65535, 16], 512), isShown: true), voi("an empty item", DataSetBuilder()),
    window("0", "0"), window("nan", "nan"), window("inf", "inf"), window("1e308", "1e308"), window("40", "-400"),
    window("", ""), window("x", "y"), window("0", "1e-300"), window("0", "1e-300", function: "LINEAR_EXACT"),
    window("0", "1e-300", function: "SIGMOID"), window("0", "1", function: "NONSENSE"),
    Case(testDescription: "slope 0", isShown: true) { $0.set(tag(0x0028, 0x1053), .ds, "0") },
    Case(testDescription: "slope 1e308", isShown: true) { $0.set(tag(0x0028, 0x1053), .ds, "1e308") },
    Case(testDescription: "a Modality LUT without data", isShown: false) {
      $0.setSequence(tag(0x0028, 0x3000), [table([256, 0, 16], 0)])
    },
    palette("none", segments: nil), palette("empty", segments: []), palette("cut off", segments: [0, 300, 1]),
    palette("linear first", segments: [1, 256, 65535]), palette("of no length", segments: [0, 0, 0, 0]),
    palette("discrete and linear", segments: [0, 1, 0, 1, 255, 65535], isShown: true),
    palette("repeats itself", segments: [0, 1, 0, 2, 65535, 6, 0]), palette("type 9", segments: [9, 9, 9]),
    palette("repeats what is not there", segments: [0, 1, 0, 2, 3, 65535, 65535]),
    palette("bits 0", segments: [0, 1, 0, 1, 255, 65535], descriptor: [256, 0, 0]),
    overlay("larger than its data", rows: 65535, columns: 65535, origin: [1, 1], bytes: 8),
    overlay("far outside", rows: 8, columns: 8, origin: [-32768, 32767], bytes: 8),
    overlay("half outside", rows: 8, columns: 8, origin: [-3, 5], bytes: 8),
    overlay("without an origin", rows: 8, columns: 8, origin: [], bytes: 8),
    Case(testDescription: "RGB of one sample", photometric: .rgb, isShown: true) { _ in },
    Case(testDescription: "palette of three samples", photometric: .paletteColor, samples: 3, isShown: false) { _ in },
    Case(testDescription: "monochrome of three samples", samples: 3, isShown: false) { _ in },
    Case(testDescription: "YBR_FULL_422 of odd columns", photometric: .ybrFull422, samples: 3, isShown: nil) {
      $0.setIntegers(.columns, .us, [15])
    },
    Case(testDescription: "YBR_PARTIAL_420", photometric: .ybrPartial420, samples: 3, isShown: false) { _ in },
  ]

  @Test(arguments: cases)
  func itIsAnErrorOrAPicture(_ sample: Case) throws {
    let layout = try Samples.layout(16, 16, samples: sample.samples, allocated: 16, photometric: sample.photometric)
    var builder = Samples.attributes(of: layout)
    builder.setBytes(.pixelData, .ow, Samples.frame(layout).bytes)
    sample.change(&builder)
    let encoded = builder.encoded(as: .explicitVRLittleEndian)
    let dataSet = try DataSet(reading: encoded, transferSyntax: .explicitVRLittleEndian)
    var options = RenderingOptions()
    options.showsOverlays = true
    options.size = 7
    var shown: RenderedImage?
    do throws(PixelError) {
      let source = try FrameSource(dataSet)
      let frame = try source.frame(0)
      let decoded = DecodedFrame(layout: frame.layout, bytes: Array(frame.bytes))
      shown = try Renderer(dataSet, source: source, options: options).image(of: decoded, index: 0)
    } catch {
      #expect(!error.description.isEmpty)
    }
    if let shown { #expect(shown.pixels.count == shown.width * shown.height * shown.channels) }
    if let isShown = sample.isShown { #expect((shown != nil) == isShown) }
  }
}
