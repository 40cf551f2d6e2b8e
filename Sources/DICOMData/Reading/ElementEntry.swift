// SPDX-License-Identifier: Apache-2.0

/// One element, item or fragment of a data set: where it stands, not what it says. 32 bytes.
struct ElementEntry: Sendable {
  struct Flags: OptionSet, Sendable {
    let rawValue: UInt8

    static let isImplicit = Flags(rawValue: 1)
    static let isBigEndian = Flags(rawValue: 2)
    static let hasUndefinedLength = Flags(rawValue: 4)
    /// The value was passed over and is not among the bytes.
    static let isOmitted = Flags(rawValue: 8)
    /// The header takes 12 bytes, not 8.
    static let hasLongHeader = Flags(rawValue: 16)
  }

  let tag: Tag
  let vr: VR
  let flags: Flags
  let depth: UInt8
  let valueOffset: Int
  /// Of a container: up to its delimiter, if it has one.
  var length: Int
  /// The index of the first entry behind this one and all that it holds.
  var end: UInt32

  func closed(length: Int, end: UInt32) -> ElementEntry {
    var entry = self
    entry.length = length
    entry.end = end
    return entry
  }

  var isImplicit: Bool { flags.contains(.isImplicit) }
  var isBigEndian: Bool { flags.contains(.isBigEndian) }
  var hasUndefinedLength: Bool { flags.contains(.hasUndefinedLength) }
  var isOmitted: Bool { flags.contains(.isOmitted) }
  var headerOffset: Int { valueOffset - (flags.contains(.hasLongHeader) ? 12 : 8) }
  var endIndex: Int { Int(end) }
}
