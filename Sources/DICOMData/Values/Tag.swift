// SPDX-License-Identifier: Apache-2.0

/// A data element tag (PS3.5 §7.1): group and element number.
package struct Tag: RawRepresentable, Hashable, Comparable, Sendable {
  package let rawValue: UInt32

  @inlinable
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  @inlinable
  package init(_ group: UInt16, _ element: UInt16) {
    rawValue = UInt32(group) << 16 | UInt32(element)
  }

  /// Eight hexadecimal digits, as the DICOM JSON model writes a tag.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 8, let value = UInt32(hex, radix: 16) else { return nil }
    rawValue = value
  }

  @inlinable package var group: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 16) }
  @inlinable package var element: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  @inlinable package var isPrivate: Bool { group & 1 == 1 }
  @inlinable package var isGroupLength: Bool { element == 0 }

  /// PS3.5 §7.8.1: (gggg,0010–00FF) reserve a block for the creator that they name.
  package var isPrivateCreator: Bool { isPrivate && (0x0010...0x00FF).contains(element) }

  @inlinable
  package static func < (left: Tag, right: Tag) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension Tag: CustomStringConvertible {
  package var hex: String {
    let digits = String(rawValue, radix: 16, uppercase: true)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// "(0008,0018)"
  package var description: String {
    "(\(hex.prefix(4)),\(hex.suffix(4)))"
  }
}
