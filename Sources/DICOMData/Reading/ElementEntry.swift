// SPDX-License-Identifier: Apache-2.0

/// One element, item or fragment of a data set: where it stands, not what it says.
struct ElementEntry: Sendable {
  let tag: Tag
  var vr: VR
  let depth: UInt8
  let isImplicit: Bool
  let isBigEndian: Bool
  let hasUndefinedLength: Bool
  /// The value was passed over and is not among the bytes.
  var isOmitted = false
  let headerOffset: Int
  let valueOffset: Int
  /// Of a container: up to its delimiter, if it has one.
  var length: Int
  /// The index of the first entry behind this one and all that it holds.
  var end: Int
}
