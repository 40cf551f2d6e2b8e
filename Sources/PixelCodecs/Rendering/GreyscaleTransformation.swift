// SPDX-License-Identifier: Apache-2.0

import DICOMData
import Foundation

/// Stored values to what is shown (PS3.4 §N.2): Modality LUT or rescale, then VOI LUT or window, then MONOCHROME1 or, of a
/// presentation state, the Presentation LUT.
struct GreyscaleTransformation {
  private enum Modality {
    case rescale(slope: Double, intercept: Double)
    case table(LookupTable)
  }

  private enum Interest {
    case linear(center: Double, width: Double)
    case linearExact(center: Double, width: Double)
    case sigmoid(center: Double, width: Double)
    case table(LookupTable)
    case allValues
  }

  /// To P-Values (PS3.3 §C.11.6).
  private enum Presentation {
    case identity
    case inverse
    case table(LookupTable)
  }

  private let modality: Modality
  private let interest: Interest
  private let presentation: Presentation

  init(_ dataSet: DataSet, frame: Int, description: PixelDescription, options: RenderingOptions) throws(PixelError) {
    let groups = FunctionalGroups(dataSet, frame: frame)
    modality = try Self.modality(dataSet, groups, isSigned: description.layout.isSigned)
    interest = try Self.interest(
      groups.item(of: Tag(0x0028, 0x9132)), options, modality: modality, isSigned: description.layout.isSigned,
      orElse: .allValues)
    let isMonochrome1 = description.layout.photometric == .monochrome1
    presentation = isMonochrome1 || dataSet.string(Tag(0x2050, 0x0020)) == "INVERSE" ? .inverse : .identity
  }

  /// As a presentation state says: what it does not say is an identity, whatever the image has; whether the image is
  /// MONOCHROME1 does not matter (PS3.4 §N.2.1).
  init(
    _ frame: FramePresentation, description: PixelDescription, options: RenderingOptions
  ) throws(PixelError) {
    guard description.samples == .integers else {
      throw .cannotRender(why: "a presentation state for floating point samples")
    }
    let (state, isSigned) = (frame.state, description.layout.isSigned)
    modality = try Self.modality(state, FunctionalGroups(state, frame: -1), isSigned: isSigned)
    let item = frame.items(of: Tag(0x0028, 0x3110)).first
    interest = try Self.interest(
      item, options, modality: modality, isSigned: isSigned, orElse: Self.possibleRange(modality, description))
    if let item = state.items(Tag(0x2050, 0x0010)).first {
      presentation = .table(
        try LookupTable(descriptor: item[Tag(0x0028, 0x3002)], data: item[Tag(0x0028, 0x3006)], isSigned: false))
    } else {
      presentation = state.string(Tag(0x2050, 0x0020)) == "INVERSE" ? .inverse : .identity
    }
  }

  /// All that can come out of the Modality LUT, from black to white.
  private static func possibleRange(_ modality: Modality, _ description: PixelDescription) -> Interest {
    switch modality {
    case .table(let table): return wholeRange(0, table.largest)
    case .rescale(let slope, let intercept):
      let span = pow(2, Double(description.layout.bitsStored)) - 1
      let least = description.layout.isSigned ? -((span + 1) / 2) : 0
      let ends = [least * slope + intercept, (least + span) * slope + intercept]
      return wholeRange(min(ends[0], ends[1]), max(ends[0], ends[1]))
    }
  }

  private static func modality(
    _ dataSet: DataSet, _ groups: FunctionalGroups, isSigned: Bool
  ) throws(PixelError) -> Modality {
    if let item = dataSet.items(Tag(0x0028, 0x3000)).first {
      return .table(
        try LookupTable(
          descriptor: item[Tag(0x0028, 0x3002)], data: item[Tag(0x0028, 0x3006)], isSigned: isSigned))
    }
    let item = groups.item(of: Tag(0x0028, 0x9145))
    let slope = item.decimals(Tag(0x0028, 0x1053)).first ?? 1
    return .rescale(slope: slope == 0 ? 1 : slope, intercept: item.decimals(Tag(0x0028, 0x1052)).first ?? 0)
  }

  /// `item`: the data set, or the item of a sequence, in which windows and VOI LUTs stand.
  private static func interest(
    _ item: DataSet?, _ options: RenderingOptions, modality: Modality, isSigned: Bool, orElse other: Interest
  ) throws(PixelError) -> Interest {
    let function = item?.string(Tag(0x0028, 0x1056)) ?? "LINEAR"
    switch options.valuesOfInterest {
    case .window(let window): return try interest(window.center, window.width, function)
    case .lookupTable(let place): return .table(try table(item, place, modality: modality, isSigned: isSigned))
    case .allValues: return .allValues
    case .asStored:
      guard let item else { return other }
      let width = item.decimals(Tag(0x0028, 0x1051)).first
      if let center = item.decimals(Tag(0x0028, 0x1050)).first, let width, width > 0 {
        return try interest(center, width, function)
      }
      return item.items(Tag(0x0028, 0x3010)).isEmpty
        ? other : .table(try table(item, 0, modality: modality, isSigned: isSigned))
    }
  }

  private static func interest(_ center: Double, _ width: Double, _ function: String) throws(PixelError) -> Interest {
    guard width > 0, width.isFinite, center.isFinite else { throw .cannotRender(why: "a window of width \(width)") }
    switch function {
    case "SIGMOID": return .sigmoid(center: center, width: width)
    case "LINEAR_EXACT": return .linearExact(center: center, width: width)
    // PS3.3 §C.11.2.1.2.1 has none narrower than 1; those that come are for values with fractions.
    default: return width < 1 ? .linearExact(center: center, width: width) : .linear(center: center, width: width)
    }
  }

  private static func table(
    _ item: DataSet?, _ place: Int, modality: Modality, isSigned: Bool
  ) throws(PixelError) -> LookupTable {
    let tables = item?.items(Tag(0x0028, 0x3010)) ?? []
    guard tables.indices.contains(place) else { throw .cannotRender(why: "there is no VOI LUT \(place + 1)") }
    // The first value is signed where the values that come in may be negative (PS3.3 §C.11.2.1.1).
    var mayBeNegative = false
    if case .rescale(_, let intercept) = modality { mayBeNegative = isSigned || intercept < 0 }
    return try LookupTable(
      descriptor: tables[place][Tag(0x0028, 0x3002)], data: tables[place][Tag(0x0028, 0x3006)], isSigned: mayBeNegative)
  }

  /// The grey of each pixel.
  func greys(of values: StoredValues) -> [UInt8] {
    guard values.areTabulated else { return directGreys(of: values) }
    let modalityValues = (0..<values.rawCount).map { modalityValue(values.value(ofRaw: UInt64($0))) }
    var interest = interest
    if case .allValues = interest {
      var range = (least: Double.infinity, most: -Double.infinity)
      values.forEachRaw { raw in
        let value = modalityValues[raw]
        range.least = min(range.least, value)
        range.most = max(range.most, value)
      }
      interest = Self.wholeRange(range.least, range.most)
    }
    let table = modalityValues.map { grey($0, interest) }
    var greys: [UInt8] = []
    greys.reserveCapacity(values.count)
    values.forEachRaw { greys.append(table[$0]) }
    return greys
  }

  private func directGreys(of values: StoredValues) -> [UInt8] {
    // Worked out twice where it has to be: eight bytes for each pixel are not to be had for any frame.
    func value(_ index: Int) -> Double { modalityValue(values.value(ofRaw: values.raw(index))) }
    var interest = interest
    if case .allValues = interest {
      var range: ClosedRange<Double>?
      for index in 0..<values.count {
        let value = value(index)
        guard value.isFinite else { continue }
        range = range.map { min($0.lowerBound, value)...max($0.upperBound, value) } ?? value...value
      }
      interest = Self.wholeRange(range?.lowerBound ?? 0, range?.upperBound ?? 0)
    }
    return (0..<values.count).map { grey(value($0), interest) }
  }

  private static func wholeRange(_ least: Double, _ most: Double) -> Interest {
    // From black to white exactly, between floats too; a frame of one value is black.
    guard most > least else { return .linear(center: least + 0.5, width: 1) }
    return .linearExact(center: (least + most) / 2, width: most - least)
  }

  private func modalityValue(_ stored: Double) -> Double {
    switch modality {
    case .rescale(let slope, let intercept): stored * slope + intercept
    case .table(let table): Double(table.entry(for: stored))
    }
  }

  private func grey(_ value: Double, _ interest: Interest) -> UInt8 {
    let share: Double
    switch interest {
    case .linear(let center, let width):
      let place = value - (center - 0.5)
      let half = (width - 1) / 2
      share = place <= -half ? 0 : place > half ? 1 : place / (width - 1) + 0.5
    case .linearExact(let center, let width):
      let place = value - center
      share = place <= -width / 2 ? 0 : place > width / 2 ? 1 : place / width + 0.5
    case .sigmoid(let center, let width): share = 1 / (1 + exp(-4 * (value - center) / width))
    case .table(let table): share = Double(table.entry(for: value)) / table.largest
    case .allValues: share = 0
    }
    let shown = share.isFinite ? min(max(share, 0), 1) : 0
    switch presentation {
    case .identity: return UInt8(shown * 255 + 0.5)
    case .inverse: return 255 - UInt8(shown * 255 + 0.5)
    case .table(let table):
      // What comes in is as wide as the table has entries (PS3.3 §C.11.6.1.1).
      let entry = table.entries[Int((shown * Double(table.entries.count - 1)).rounded())]
      return UInt8(min(Double(entry) / table.largest, 1) * 255 + 0.5)
    }
  }
}
