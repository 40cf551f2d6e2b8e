// SPDX-License-Identifier: Apache-2.0

@testable import DICOMData

/// Elements byte by byte, so that they can be wrong: Explicit VR Little Endian.
enum Raw {
  static func element(_ group: UInt16, _ element: UInt16, _ vr: String, _ value: [UInt8], length: Int? = nil) -> [UInt8]
  {
    let isLong = VR(name: vr)?.hasLongLength ?? false
    let length = length ?? value.count
    let size = isLong ? [0, 0] + le32(length) : le16(length)
    return le16(Int(group)) + le16(Int(element)) + Array(vr.utf8) + size + value
  }

  static func text(_ group: UInt16, _ element: UInt16, _ vr: String, _ value: String) -> [UInt8] {
    self.element(group, element, vr, Array(value.utf8))
  }

  static func implicit(_ group: UInt16, _ element: UInt16, _ value: [UInt8], length: Int? = nil) -> [UInt8] {
    le16(Int(group)) + le16(Int(element)) + le32(length ?? value.count) + value
  }

  static func item(_ value: [UInt8], length: Int? = nil) -> [UInt8] {
    [0xFE, 0xFF, 0x00, 0xE0] + le32(length ?? value.count) + value
  }

  static func sequence(_ group: UInt16, _ element: UInt16, _ items: [UInt8], length: Int? = nil) -> [UInt8] {
    self.element(group, element, "SQ", items, length: length)
  }

  static let itemDelimiter: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]
  static let sequenceDelimiter: [UInt8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
  static let undefined = 0xFFFF_FFFF

  /// A file around a data set; `meta` replaces what comes behind the group length.
  static func file(
    _ dataSet: [UInt8], syntax: String = "1.2.840.10008.1.2.1", meta: [UInt8]? = nil, metaLength: Int? = nil,
    preamble: [UInt8] = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
  ) -> [UInt8] {
    let uid = { (text: String) in text.utf8.count % 2 == 0 ? text : text + "\0" }
    let standard =
      element(2, 1, "OB", [0, 1]) + text(2, 2, "UI", "1.2.840.10008.5.1.4.1.1.7\0") + text(2, 3, "UI", "2.25.7")
      + text(2, 0x10, "UI", uid(syntax)) + text(2, 0x12, "UI", "2.25.70\0")
    let group = meta ?? standard
    return preamble + element(2, 0, "UL", le32(metaLength ?? group.count)) + group + dataSet
  }

  /// What every object needs and nothing that deviates.
  static let plain =
    text(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.7\0") + text(8, 0x18, "UI", "2.25.7")

  static func le16(_ value: Int) -> [UInt8] { (0..<2).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  static func le32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
}
