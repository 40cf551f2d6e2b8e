// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation
import NIOCore

/// The control socket speaks one JSON value a line, in both directions.
enum ControlLine {
  /// Far above any operation; a client that sends more is not ours.
  static let longestRequest = 1 << 20
  static let longestReply = 256 << 20

  static func encode(_ value: some Encodable) throws -> ByteBuffer {
    var buffer = ByteBuffer(bytes: try JSONEncoder().encode(value))
    buffer.writeInteger(UInt8(ascii: "\n"))
    return buffer
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from line: ByteBuffer) throws -> Value {
    try JSONDecoder().decode(type, from: Data(line.readableBytesView))
  }

  /// The first whole line of what has arrived, without its newline.
  static func next(in buffer: inout ByteBuffer) -> ByteBuffer? {
    guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = buffer.readSlice(length: end - buffer.readerIndex)
    buffer.moveReaderIndex(forwardBy: 1)
    return line
  }
}

/// What the node answers to one operation: how far it has come, as often as it likes, and then what came of it.
enum ControlReply: Codable, Sendable {
  case progress(OperationProgress.Step)
  case result(OperationResult)
  case failure(OperationError)
}
