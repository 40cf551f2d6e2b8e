// SPDX-License-Identifier: Apache-2.0

/// Short data sets, one behind the other in one piece of memory: one of them costs no allocation.
package struct DataSetSeries: Sendable, Equatable {
  /// All of them.
  package private(set) var bytes: [UInt8] = []
  /// Where each ends in `bytes`.
  package private(set) var ends: [Int] = []

  package init() {}

  package var count: Int { ends.count }

  /// `write` adds the bytes of one more behind what there is.
  package mutating func append(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    ends.append(bytes.count)
  }

  package mutating func reserve(_ count: Int, bytes most: Int) {
    ends.reserveCapacity(count)
    bytes.reserveCapacity(most)
  }

  /// Each by itself.
  package var all: [[UInt8]] {
    zip([0] + ends, ends).map { Array(bytes[$0..<$1]) }
  }
}
