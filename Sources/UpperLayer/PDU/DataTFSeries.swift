// SPDX-License-Identifier: Apache-2.0

/// Messages of the same command as P-DATA-TF PDUs, one PDV each (PS3.8 §9.3.5), all in one piece of memory: of short values the
/// bytes are cheaper to copy than to hand over one by one.
struct DataTFSeries {
  private(set) var bytes: [UInt8] = []

  private static let headLength = 12
  private let contextID: UInt8
  private let longestFragment: Int

  /// `longestFragment`: what one PDV may carry, without its head.
  init(command: [UInt8], _ dataSets: DataSetSeries, contextID: UInt8, longestFragment: Int) {
    self.contextID = contextID
    self.longestFragment = max(longestFragment, 2)
    append(command[...], isCommand: true)
    // The same for all of them.
    let head = bytes
    bytes = []
    bytes.reserveCapacity(dataSets.bytes.count + dataSets.count * (head.count + Self.headLength))
    var start = 0
    for end in dataSets.ends {
      bytes += head
      append(dataSets.bytes[start..<end], isCommand: false)
      start = end
    }
  }

  private mutating func append(_ value: ArraySlice<UInt8>, isCommand: Bool) {
    var rest = value
    repeat {
      let piece = rest.prefix(longestFragment)
      rest = rest.dropFirst(piece.count)
      let length = UInt32(clamping: piece.count + 2)
      bytes.append(PDUType.dataTF.rawValue)
      bytes.append(0)
      append(length + 4)
      append(length)
      bytes.append(contextID)
      bytes.append((isCommand ? 1 : 0) | (rest.isEmpty ? 2 : 0))
      bytes += piece
    } while !rest.isEmpty
  }

  private mutating func append(_ number: UInt32) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }
}
