// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import UpperLayer

/// Many messages in one piece of memory are the same PDUs as one behind the other.
@Suite struct DataTFSeriesTests {
  private struct Value: Equatable {
    var isCommand: Bool
    var bytes: [UInt8] = []
  }

  @Test(arguments: [2, 8, 10, 64, 1 << 20])
  func eachMessageIsItsCommandAndItsDataSet(longestFragment: Int) throws {
    let command = (0..<10).map { UInt8($0) }
    let dataSets = [0, 2, 8, 10, 30].map { count in (0..<count).map { UInt8(100 + $0) } }
    var series = DataSetSeries()
    for dataSet in dataSets { series.append { $0 += dataSet } }
    #expect(series.all == dataSets)
    let written = DataTFSeries(command: command, series, contextID: 7, longestFragment: longestFragment)
    var rest = ByteBuffer(bytes: written.bytes)
    var values: [Value] = []
    var isOpen = false
    while rest.readableBytes > 0 {
      // PS3.8 §9.3.5: type, reserved, length; the PDV's length, context and message control header.
      let read = rest.readMultipleIntegers(as: (UInt8, UInt8, UInt32, UInt32, UInt8, UInt8).self)
      let head = try #require(read)
      #expect(head.0 == 4 && head.1 == 0 && head.2 == head.3 + 4 && head.4 == 7 && head.5 < 4)
      let bytes = rest.readBytes(length: Int(head.3) - 2)
      let piece = try #require(bytes)
      #expect(piece.count <= longestFragment)
      if !isOpen { values.append(Value(isCommand: head.5 & 1 == 1)) }
      let last = values.count - 1
      #expect(values[last].isCommand == (head.5 & 1 == 1))
      values[last].bytes += piece
      isOpen = head.5 & 2 == 0
    }
    #expect(!isOpen)
    #expect(
      values == dataSets.flatMap { [Value(isCommand: true, bytes: command), Value(isCommand: false, bytes: $0)] })
  }
}
