// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

/// What a presentation state shows besides greys: areas, shutters, overlays and graphics, beside what the Standard says of them;
/// and what it cannot say without being refused.
struct PresentedGraphicsTests {
  private typealias Tag = DICOMData.Tag
  private typealias States = PresentationStateTests

  private static func grey(_ column: Int, _ row: Int) -> UInt8 { UInt8(column * 3 + row) }

  static func shown(
    _ change: (inout DataSetBuilder) -> Void, image: (inout DataSetBuilder) -> Void = { _ in },
    options: (inout RenderingOptions) -> Void = { _ in }
  ) async throws -> RenderedImage {
    try await States.shown(try States.ramp(image), state: States.state(change), options)
  }

  @Test func anAreaIsCutOut() async throws {
    let picture = try await Self.shown { $0.setSequence(Tag(0x0070, 0x005A), [States.area([11, 5, 50, 34])]) }
    #expect(picture.width == 40 && picture.height == 30)
    #expect(picture.pixels == (4..<34).flatMap { row in (10..<50).map { Self.grey($0, row) } })
  }

  /// The corners are named as they stand after rotation and flip.
  @Test func anAreaIsCutOutBeforeItIsTurned() async throws {
    let picture = try await Self.shown { builder in
      builder.setSequence(Tag(0x0070, 0x005A), [States.area([11, 34, 50, 5])])
      builder.setIntegers(Tag(0x0070, 0x0042), .us, [90])
      builder.set(Tag(0x0070, 0x0041), .cs, "N")
    }
    #expect(picture.width == 30 && picture.height == 40)
    #expect(picture.pixels == (0..<40).flatMap { row in (0..<30).map { Self.grey(10 + row, 33 - $0) } })
  }

  @Test func whatLiesOutsideIsBlack() async throws {
    let picture = try await Self.shown { $0.setSequence(Tag(0x0070, 0x005A), [States.area([-1, 0, 58, 40])]) }
    #expect(picture.width == 60 && picture.height == 41)
    #expect(picture.pixels[..<60].allSatisfy { $0 == 0 })
    #expect(Array(picture.pixels[60..<64]) == [0, 0, Self.grey(0, 0), Self.grey(1, 0)])
  }

  @Test func pixelsThatAreNotSquareAreMadeSo() async throws {
    let picture = try await Self.shown { builder in
      var area = States.area([1, 1, 60, 40])
      area.set(Tag(0x0070, 0x0101), .ds, ["2", "1"])
      builder.setSequence(Tag(0x0070, 0x005A), [area])
    }
    #expect(picture.width == 60 && picture.height == 80)
    let turned = try await Self.shown { builder in
      var area = States.area([1, 1, 60, 40])
      area.set(Tag(0x0070, 0x0101), .ds, ["2", "1"])
      builder.setSequence(Tag(0x0070, 0x005A), [area])
      builder.setIntegers(Tag(0x0070, 0x0042), .us, [270])
    }
    #expect(turned.width == 80 && turned.height == 60)
  }

  @Test func itIsMagnifiedAndFitted() async throws {
    func area(_ builder: inout DataSetBuilder) {
      var area = States.area([1, 1, 60, 40], mode: "MAGNIFY")
      area.setDecimals(Tag(0x0070, 0x0103), .fl, [2.5])
      builder.setSequence(Tag(0x0070, 0x005A), [area])
    }
    let picture = try await Self.shown(area)
    #expect(picture.width == 150 && picture.height == 100)
    let fitted = try await Self.shown(area, options: { $0.size = 30 })
    #expect(fitted.width == 30 && fitted.height == 20)
  }

  struct Shutter: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout DataSetBuilder) -> Void
    /// By column and row from 0 on.
    let isShown: @Sendable (Int, Int) -> Bool
  }

  static let shutters = [
    Shutter(
      testDescription: "a rectangle",
      change: { builder in
        builder.set(Tag(0x0018, 0x1600), .cs, "RECTANGULAR")
        for (element, edge) in zip([0x1602, 0x1604, 0x1606, 0x1608] as [UInt16], [11, 50, 5, 34]) {
          builder.set(Tag(0x0018, element), .is, "\(edge)")
        }
      }, isShown: { (10..<50).contains($0) && (4..<34).contains($1) }),
    Shutter(
      testDescription: "a circle",
      change: { builder in
        builder.set(Tag(0x0018, 0x1600), .cs, "CIRCULAR")
        builder.set(Tag(0x0018, 0x1610), .is, ["20", "30"])
        builder.set(Tag(0x0018, 0x1612), .is, "15")
      }, isShown: { ($0 - 29) * ($0 - 29) + ($1 - 19) * ($1 - 19) <= 225 }),
    Shutter(
      testDescription: "a polygon, and a rectangle with it",
      change: { builder in
        builder.set(Tag(0x0018, 0x1600), .cs, ["POLYGONAL", "RECTANGULAR"])
        // Right of the diagonal from the upper left corner.
        builder.set(Tag(0x0018, 0x1620), .is, ["1", "1", "1", "60", "40", "60", "40", "40"])
        for (element, edge) in zip([0x1602, 0x1604, 0x1606, 0x1608] as [UInt16], [1, 60, 1, 20]) {
          builder.set(Tag(0x0018, element), .is, "\(edge)")
        }
      }, isShown: { $0 >= $1 && $1 < 20 && $0 < 59 }),
  ]

  @Test(arguments: shutters)
  func shuttersHideWhatIsOutside(_ shutter: Shutter) async throws {
    let picture = try await Self.shown { builder in
      shutter.change(&builder)
      builder.setIntegers(Tag(0x0018, 0x1622), .us, [0xF0F0])
    }
    for row in 1..<39 {
      for column in 1..<59 where column != row {
        let expected = shutter.isShown(column, row) ? Self.grey(column, row) : 0xF0
        #expect(picture.pixels[row * 60 + column] == expected, "\(column), \(row)")
      }
    }
  }

  private static func overlay(_ builder: inout DataSetBuilder, group: UInt16 = 0x6000, origin: [Int]) {
    builder.setIntegers(Tag(group, 0x0010), .us, [2])
    builder.setIntegers(Tag(group, 0x0011), .us, [4])
    builder.setIntegers(Tag(group, 0x0050), .ss, origin)
    builder.setBytes(Tag(group, 0x3000), .ow, [0b1111_1111, 0])
  }

  private static func layer(_ builder: inout DataSetBuilder, grey: Int) {
    var item = DataSetBuilder()
    item.set(Tag(0x0070, 0x0002), .cs, "ONE")
    item.set(Tag(0x0070, 0x0062), .is, "1")
    item.setIntegers(Tag(0x0070, 0x0066), .us, [grey])
    builder.setSequence(Tag(0x0070, 0x0060), [item])
  }

  /// The image's where the state has none of the group, and only those that it activates.
  @Test func activatedOverlaysAreDrawnInTheGreyOfTheirLayer() async throws {
    func places(_ state: (inout DataSetBuilder) -> Void, options: (inout RenderingOptions) -> Void = { _ in })
      async throws
      -> [Int]
    {
      let picture = try await Self.shown(state, image: { Self.overlay(&$0, origin: [3, 5]) }, options: options)
      return picture.pixels.indices.filter { picture.pixels[$0] == 0xEE }
    }
    #expect(try await places { Self.layer(&$0, grey: 0xEE00) } == [])
    let active: (inout DataSetBuilder) -> Void = { builder in
      Self.layer(&builder, grey: 0xEE00)
      builder.set(Tag(0x6000, 0x1001), .cs, "ONE")
    }
    #expect(try await places(active) == [124, 125, 126, 127, 184, 185, 186, 187])
    #expect(try await places(active, options: { $0.showsAnnotations = false }) == [])
    let own: (inout DataSetBuilder) -> Void = { builder in
      active(&builder)
      Self.overlay(&builder, origin: [1, 1])
    }
    #expect(try await places(own) == [0, 1, 2, 3, 60, 61, 62, 63])
    let shutter: (inout DataSetBuilder) -> Void = { builder in
      Self.overlay(&builder, origin: [2, 1])
      builder.set(Tag(0x0018, 0x1600), .cs, "BITMAP")
      builder.setIntegers(Tag(0x0018, 0x1623), .us, [0x6000])
      builder.setIntegers(Tag(0x0018, 0x1622), .us, [0xEE00])
    }
    #expect(try await places(shutter) == [60, 61, 62, 63, 120, 121, 122, 123])
  }

  static func graphic(
    _ type: String, _ points: [Double], units: String = "PIXEL", filled: String = "N"
  ) -> DataSetBuilder {
    var object = DataSetBuilder()
    object.set(Tag(0x0070, 0x0005), .cs, units)
    object.setIntegers(Tag(0x0070, 0x0020), .us, [2])
    object.setIntegers(Tag(0x0070, 0x0021), .us, [points.count / 2])
    object.setDecimals(Tag(0x0070, 0x0022), .fl, points)
    object.set(Tag(0x0070, 0x0023), .cs, type)
    object.set(Tag(0x0070, 0x0024), .cs, filled)
    return object
  }

  static func annotate(_ builder: inout DataSetBuilder, _ objects: [DataSetBuilder]) {
    layer(&builder, grey: 0xEE00)
    var item = DataSetBuilder()
    item.set(Tag(0x0070, 0x0002), .cs, "ONE")
    item.setSequence(Tag(0x0070, 0x0009), objects)
    builder.setSequence(Tag(0x0070, 0x0001), [item])
  }

  struct Drawing: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let type: String
    let points: [Double]
    var units = "PIXEL"
    var filled = "N"
    /// Whether the pixel is drawn; nil for those that may be.
    let isDrawn: @Sendable (Int, Int) -> Bool?
  }

  static let drawings = [
    Drawing(
      testDescription: "a line", type: "POLYLINE", points: [10.5, 5.5, 20.5, 5.5],
      isDrawn: { (10...20).contains($0) && $1 == 5 }),
    Drawing(
      testDescription: "a line with a corner", type: "POLYLINE", points: [10.5, 5.5, 20.5, 5.5, 20.5, 9.5],
      isDrawn: { (10...20).contains($0) && $1 == 5 || $0 == 20 && (5...9).contains($1) }),
    Drawing(
      testDescription: "a line from far away", type: "POLYLINE", points: [-900_000, 5.5, 900_000, 5.5],
      isDrawn: { $1 == 5 }),
    Drawing(
      testDescription: "a line of the displayed area", type: "POLYLINE", points: [0, 0.51, 1, 0.51], units: "DISPLAY",
      isDrawn: { $1 == 20 }),
    Drawing(
      testDescription: "a filled square", type: "POLYLINE", points: [10, 10, 20, 10, 20, 20, 10, 20, 10, 10],
      filled: "Y",
      isDrawn: { (10...20).contains($0) && (10...20).contains($1) }),
    Drawing(
      testDescription: "a circle", type: "CIRCLE", points: [30, 20, 30, 10],
      isDrawn: { column, row in
        let away = ((Double(column) - 29.5) * (Double(column) - 29.5) + (Double(row) - 19.5) * (Double(row) - 19.5))
          .squareRoot()
        return abs(away - 10) < 0.3 ? true : abs(away - 10) > 1 ? false : nil
      }),
    Drawing(
      testDescription: "a filled ellipse", type: "ELLIPSE", points: [10, 20, 50, 20, 30, 10, 30, 30], filled: "Y",
      isDrawn: { column, row in
        let (x, y) = ((Double(column) - 29.5) / 20, (Double(row) - 19.5) / 10)
        let away = x * x + y * y
        return away < 0.9 ? true : away > 1.25 ? false : nil
      }),
    Drawing(
      testDescription: "a curve through points on a line", type: "INTERPOLATED",
      points: [10.5, 5.5, 15.5, 5.5, 20.5, 5.5],
      isDrawn: { (10...20).contains($0) && $1 == 5 }),
    Drawing(
      testDescription: "a point", type: "POINT", points: [30.5, 20.5],
      isDrawn: { abs($0 - 30) <= 3 && $1 == 20 || $0 == 30 && abs($1 - 20) <= 3 }),
  ]

  @Test(arguments: drawings)
  func graphicsAreDrawn(_ drawing: Drawing) async throws {
    let picture = try await Self.shown { builder in
      Self.annotate(
        &builder, [Self.graphic(drawing.type, drawing.points, units: drawing.units, filled: drawing.filled)])
    }
    for row in 0..<40 {
      for column in 0..<60 {
        guard let isDrawn = drawing.isDrawn(column, row) else { continue }
        #expect((picture.pixels[row * 60 + column] == 0xEE) == isDrawn, "\(column), \(row)")
      }
    }
  }

  /// What is drawn on the image goes where its pixels go.
  @Test func graphicsTurnWithTheImage() async throws {
    let picture = try await Self.shown { builder in
      Self.annotate(&builder, [Self.graphic("POLYLINE", [10.5, 5.5, 20.5, 5.5])])
      builder.setSequence(Tag(0x0070, 0x005A), [States.area([11, 1, 50, 40])])
      builder.setIntegers(Tag(0x0070, 0x0042), .us, [90])
      builder.set(Tag(0x0070, 0x0041), .cs, "Y")
    }
    // Column 10 of the image is row 0; row 5 from above is column 5 once more, for the flip undoes what the turn did.
    #expect(picture.pixels.indices.filter { picture.pixels[$0] == 0xEE } == (0...10).map { $0 * 40 + 5 })
  }

  @Test func textCanBeLeftOut() async throws {
    let picture = try await Self.shown(
      { builder in
        var item = DataSetBuilder()
        item.setSequence(Tag(0x0070, 0x0008), [DataSetBuilder()])
        builder.setSequence(Tag(0x0070, 0x0001), [item])
      }, options: { $0.showsAnnotations = false })
    #expect(picture.pixels == (0..<40).flatMap { row in (0..<60).map { Self.grey($0, row) } })
  }

  @Test func itIsForGreyImages() async throws {
    let layout = try Samples.layout(40, 60, samples: 3, allocated: 8)
    var image = Samples.attributes(of: layout)
    image.setBytes(.pixelData, .ob, Samples.frame(layout).bytes)
    await #expect(throws: PixelError.self) { try await States.shown(image, state: States.state { _ in }) }
  }

  /// Each frame has what is said of it.
  @Test func framesHaveTheirOwn() async throws {
    let state = States.state { builder in
      builder.setSequence(
        Tag(0x0070, 0x005A),
        [
          States.area([1, 1, 60, 40], of: [States.reference(frames: [1])]),
          States.area([1, 1, 30, 20], of: [States.reference(frames: [2, 3])]),
        ])
    }
    let image = try States.ramp(frames: 4)
    #expect(try await States.shown(image, state: state, frame: 0).width == 60)
    #expect(try await States.shown(image, state: state, frame: 2).width == 30)
    await #expect(throws: PixelError.self) { try await States.shown(image, state: state, frame: 3) }
  }
}
