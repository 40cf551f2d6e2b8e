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
}
