// SPDX-License-Identifier: Apache-2.0

import DIMSE
import NIOCore
import UpperLayer

/// A message as a peer hears it: the bytes of its command set, and of its data set.
struct Heard: Sendable, Equatable, CustomStringConvertible {
  let command: [UInt8]
  let dataSet: [UInt8]

  init(_ command: CommandSet, _ dataSet: ByteBuffer?) {
    self.command = Array(command.encoded().readableBytesView)
    self.dataSet = dataSet.map { Array($0.readableBytesView) } ?? []
  }

  var bytes: [UInt8] { command + dataSet }

  var description: String { text(around: 0) }

  func text(around place: Int) -> String {
    let part = bytes.dropFirst(place - min(place, 160)).prefix(200)
    let text = part.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "<\(String($0, radix: 16))>" }
    return "\(command.count)+\(dataSet.count) bytes \(text.joined())"
  }
}

/// What one side of an association without a network hears, message by message.
struct MemoryEars {
  private var said: AsyncStream<DIMSERequest>.Iterator
  /// Messages that came together and were not asked for yet.
  private var waiting: [(CommandSet, ByteBuffer?)] = []

  init(_ outlet: MemoryOutlet) {
    said = outlet.said.makeAsyncIterator()
  }

  enum Sound {
    case message(CommandSet, ByteBuffer?)
    case other(DIMSERequest)
  }

  /// nil when nothing more will come.
  mutating func next() async -> Sound? {
    if !waiting.isEmpty {
      let (command, dataSet) = waiting.removeFirst()
      return .message(command, dataSet)
    }
    guard let request = await said.next() else { return nil }
    switch request {
    case .command(let command, _):
      guard command.hasDataSet else { return .message(command, nil) }
      var whole = ByteBuffer()
      while case .dataSet(let bytes, _, let isLast)? = await said.next() {
        whole.writeImmutableBuffer(bytes)
        if isLast { return .message(command, whole) }
      }
      return nil
    case .messages(let command, let dataSets, _):
      waiting = dataSets.all.map { (command, ByteBuffer(bytes: $0)) }
      return await next()
    default: return .other(request)
    }
  }
}
