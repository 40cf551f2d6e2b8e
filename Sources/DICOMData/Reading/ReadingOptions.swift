// SPDX-License-Identifier: Apache-2.0

/// How much a reader bears and how much it takes.
package struct ReadingOptions: Sendable {
  /// PS3.5 sets no limit; real objects stay below ten.
  package var nestingLimit = 64
  /// What a push reader keeps of a single value before the header's end; a longer one is passed over.
  package var longestKeptValue = 1 << 20
  /// What a push reader keeps in all.
  package var longestHeader = 64 << 20
  /// How far a deflated data set may grow, in bytes and as a multiple of what arrived.
  package var inflatedLimit = 4 << 30
  package var inflationRatioLimit = 1100

  /// Items and sequences that end before their last value does: the value is read in full.
  package var stretchesShortContainers = true
  /// An item that claims to be longer than its sequence, as the last record of some DICOMDIRs does: it ends with it.
  package var clipsLongContainers = true

  package init() {}

  package static let lenient = ReadingOptions()
}
