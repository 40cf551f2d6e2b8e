// SPDX-License-Identifier: Apache-2.0

/// What the samples of a pixel mean (PS3.3 §C.7.6.3.1.2).
package enum PhotometricInterpretation: String, Sendable, Hashable, CaseIterable {
  /// Absent or nobody's: the samples can be had, and mean nothing.
  case unknown = ""
  case monochrome1 = "MONOCHROME1"
  case monochrome2 = "MONOCHROME2"
  case paletteColor = "PALETTE COLOR"
  case rgb = "RGB"
  case ybrFull = "YBR_FULL"
  case ybrFull422 = "YBR_FULL_422"
  case ybrPartial422 = "YBR_PARTIAL_422"
  case ybrPartial420 = "YBR_PARTIAL_420"
  case ybrICT = "YBR_ICT"
  case ybrRCT = "YBR_RCT"

  init(value: String?) {
    self = value.flatMap { Self(rawValue: $0.uppercased()) } ?? .unknown
  }

  /// Samples that a pixel has on average where chrominance is subsampled, in halves.
  var halfSamplesPerPixel: Int? {
    switch self {
    case .ybrFull422, .ybrPartial422: 4
    case .ybrPartial420: 3
    default: nil
    }
  }

  package var isMonochrome: Bool { self == .monochrome1 || self == .monochrome2 }
}
