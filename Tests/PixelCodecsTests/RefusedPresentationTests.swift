// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

/// Presentation states that say what is not shown, or what cannot be: an error, and never half of it.
struct RefusedPresentationTests {
  private typealias Tag = DICOMData.Tag
  private typealias States = PresentationStateTests
  private typealias Graphics = PresentedGraphicsTests

  struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout DataSetBuilder) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout DataSetBuilder) -> Void) {
      testDescription = name
      self.change = change
    }
  }

  static let refused: [Refusal] = [
    Refusal("another SOP class", { $0.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.11.2") }),
    Refusal("no SOP class", { $0.remove(.sopClassUID) }),
    Refusal("subtraction", { $0.setSequence(Tag(0x0028, 0x6100), [DataSetBuilder()]) }),
    Refusal(
      "another image",
      { builder in
        var series = DataSetBuilder()
        series.setSequence(Tag(0x0008, 0x1140), [States.reference("2.25.99")])
        builder.setSequence(Tag(0x0008, 0x1115), [series])
      }
    ),
    Refusal(
      "another frame",
      { builder in
        var series = DataSetBuilder()
        series.setSequence(Tag(0x0008, 0x1140), [States.reference(frames: [2, 3])])
        builder.setSequence(Tag(0x0008, 0x1115), [series])
      }
    ),
    Refusal("no area", { $0.remove(Tag(0x0070, 0x005A)) }),
    Refusal(
      "the area of another image",
      {
        $0.setSequence(Tag(0x0070, 0x005A), [States.area([1, 1, 60, 40], of: [States.reference("2.25.99")])])
      }
    ),
    Refusal("an area beside the image", { $0.setSequence(Tag(0x0070, 0x005A), [States.area([61, 1, 99, 40])]) }),
    Refusal(
      "an area without end",
      {
        $0.setSequence(
          Tag(0x0070, 0x005A), [States.area([Int(Int32.min), Int(Int32.min), Int(Int32.max), Int(Int32.max)])])
      }
    ),
    Refusal("true size", { $0.setSequence(Tag(0x0070, 0x005A), [States.area([1, 1, 60, 40], mode: "TRUE SIZE")]) }),
    Refusal("45 degrees", { $0.setIntegers(Tag(0x0070, 0x0042), .us, [45]) }),
    Refusal("a shutter of no known shape", { $0.set(Tag(0x0018, 0x1600), .cs, "HEART") }),
    Refusal(
      "a circle without a radius",
      {
        $0.set(Tag(0x0018, 0x1600), .cs, "CIRCULAR")
        $0.set(Tag(0x0018, 0x1610), .is, ["1", "1"])
      }
    ),
    Refusal(
      "a circle far away",
      {
        $0.set(Tag(0x0018, 0x1600), .cs, "CIRCULAR")
        $0.set(Tag(0x0018, 0x1610), .is, ["1e200", "1e200"])
        $0.set(Tag(0x0018, 0x1612), .is, "1e200")
      }
    ),
    Refusal(
      "edges that overflow",
      {
        $0.set(Tag(0x0018, 0x1600), .cs, "RECTANGULAR")
        for element: UInt16 in [0x1602, 0x1604, 0x1606, 0x1608] { $0.set(Tag(0x0018, element), .is, "\(Int.min)") }
      }
    ),
    Refusal(
      "a bitmap shutter without its overlay",
      {
        $0.set(Tag(0x0018, 0x1600), .cs, "BITMAP")
        $0.setIntegers(Tag(0x0018, 0x1623), .us, [0x6000])
      }
    ),
    Refusal(
      "a Presentation LUT without data",
      { builder in
        builder.setSequence(Tag(0x2050, 0x0010), [DataSetBuilder()])
      }
    ),
    Refusal(
      "text",
      { builder in
        var item = DataSetBuilder()
        item.setSequence(Tag(0x0070, 0x0008), [DataSetBuilder()])
        builder.setSequence(Tag(0x0070, 0x0001), [item])
      }
    ),
    Refusal("a graphic of one number", { Graphics.annotate(&$0, [Graphics.graphic("POLYLINE", [1])]) }),
    Refusal(
      "a graphic at no place", { Graphics.annotate(&$0, [Graphics.graphic("POLYLINE", [.nan, 1, .infinity, 2])]) }),
    Refusal("a graphic of no known type", { Graphics.annotate(&$0, [Graphics.graphic("HEART", [1, 1, 2, 2])]) }),
    Refusal(
      "more points than anybody draws",
      { builder in
        let many = Graphics.graphic("POLYLINE", [Double](repeating: 1, count: 60000))
        Graphics.annotate(&builder, [many, many, many])
      }
    ),
  ]

  @Test(arguments: refused)
  func whatIsNotShownIsRefused(_ refusal: Refusal) async throws {
    await #expect(throws: PixelError.self) { try await Graphics.shown(refusal.change) }
  }

  /// Everything that a state can say, broken at random: an error or a picture.
  @Test func brokenStatesAreErrorsOrPictures() async throws {
    let state = States.state { builder in
      Graphics.annotate(
        &builder,
        [
          Graphics.graphic("ELLIPSE", [10, 20, 50, 20, 30, 10, 30, 30], filled: "Y"),
          Graphics.graphic("INTERPOLATED", [1, 1, 20, 30, 50, 2, 1, 1]),
          Graphics.graphic("POINT", [0.5, 0.5], units: "DISPLAY"),
        ])
      builder.setSequence(
        Tag(0x0028, 0x3110), [States.window("100", "200", of: [States.reference()], function: "SIGMOID")])
      builder.set(Tag(0x0018, 0x1600), .cs, ["CIRCULAR", "POLYGONAL", "RECTANGULAR"])
      builder.set(Tag(0x0018, 0x1610), .is, ["20", "30"])
      builder.set(Tag(0x0018, 0x1612), .is, "15")
      builder.set(Tag(0x0018, 0x1620), .is, ["1", "1", "1", "60", "40", "60", "40", "40"])
      for element: UInt16 in [0x1602, 0x1604, 0x1606, 0x1608] { builder.set(Tag(0x0018, element), .is, "20") }
      builder.setIntegers(Tag(0x0070, 0x0042), .us, [270])
      builder.set(Tag(0x0070, 0x0041), .cs, "Y")
      builder.setBytes(Tag(0x6000, 0x3000), .ow, [0xFF, 0xFF])
      builder.setIntegers(Tag(0x6000, 0x0010), .us, [4])
      builder.setIntegers(Tag(0x6000, 0x0011), .us, [4])
      builder.setIntegers(Tag(0x6000, 0x0050), .ss, [1, 1])
      builder.set(Tag(0x6000, 0x1001), .cs, "ONE")
    }
    let syntax = TransferSyntax.explicitVRLittleEndian
    let image = try DataSet(reading: try States.ramp().encoded(as: syntax), transferSyntax: syntax)
    let source = try FrameSource(image)
    let frame = try source.frame(0)
    let decoded = DecodedFrame(layout: frame.layout, bytes: Array(frame.bytes))
    let whole = state.encoded(as: syntax)
    var random = Samples.Random(seed: 11)
    var (pictures, errors) = (0, 0)
    for round in 0..<4000 {
      var bytes = whole
      for _ in 0..<Int.random(in: round == 0 ? 0...0 : 1...3, using: &random) {
        let value: UInt8 = [0, 1, 0x7F, 0x80, 0xFF, 0x39, 0x2D, UInt8.random(in: 0...255, using: &random)][
          Int.random(in: 0..<8, using: &random)]
        bytes[Int.random(in: 300..<bytes.count, using: &random)] = value
      }
      guard let dataSet = try? DataSet(reading: bytes, transferSyntax: syntax) else { continue }
      do throws(PixelError) {
        var options = RenderingOptions()
        options.presentationState = try PresentationState(dataSet)
        options.size = 40
        let picture = try Renderer(image, source: source, options: options).image(of: decoded, index: 0)
        #expect(picture.pixels.count == picture.width * picture.height)
        pictures += 1
      } catch {
        #expect(!error.description.isEmpty)
        errors += 1
      }
    }
    #expect(pictures > 500 && errors > 100, "\(pictures) pictures, \(errors) errors")
  }
}
