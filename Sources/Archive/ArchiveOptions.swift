// SPDX-License-Identifier: Apache-2.0

/// What an archive is told when it is opened.
package struct ArchiveOptions: Sendable {
  /// Bytes of the disk that are to stay free: below, objects are refused and questions still answered. 0 for none.
  package var reserve: Int
  /// Attributes to index beside the Standard's; nil for those that the index has.
  package var furtherKeys: [FurtherKey]?
  /// Bytes of a segment of the arrivals log; nil for the usual.
  package var arrivalsSegmentSize: Int?
  /// Bytes that are held ready to be given up by a deletion on a full disk.
  package var spareSpace: Int

  package init(
    reserve: Int = 0, furtherKeys: [FurtherKey]? = nil, arrivalsSegmentSize: Int? = nil, spareSpace: Int = 16 << 20
  ) {
    self.spareSpace = spareSpace
    self.reserve = reserve
    self.furtherKeys = furtherKeys
    self.arrivalsSegmentSize = arrivalsSegmentSize
  }
}
