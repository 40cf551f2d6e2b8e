// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The answers to an association that is opened, echoed on and released, as bytes, straight from a handler of NIO: nothing is
/// judged, nobody is known, nothing is recorded. What any node on NIO can reach at most.
final class CannedAnswers: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var received = ByteBuffer()

  static func serve() async throws {
    try await AssociationsBenchmark.serve { try $0.pipeline.syncOperations.addHandler(CannedAnswers()) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    received.writeBuffer(&bytes)
    while let length = received.getInteger(at: received.readerIndex + 2, as: UInt32.self),
      let pdu = received.readSlice(length: Int(length) + 6)
    {
      switch pdu.getInteger(at: pdu.readerIndex, as: UInt8.self) {
      case 1: context.writeAndFlush(wrapOutboundOut(Self.acceptance(of: pdu)), promise: nil)
      case 4: context.writeAndFlush(wrapOutboundOut(Self.echo(to: pdu)), promise: nil)
      default: context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [6, 0, 0, 0, 0, 4, 0, 0, 0, 0])), promise: nil)
      }
    }
    received.discardReadBytes()
  }

  /// Each context with its first transfer syntax (PS3.8 9.3.3), all else as it was asked for.
  private static func acceptance(of request: ByteBuffer) -> ByteBuffer {
    var request = request
    var fixed = request.readSlice(length: 74) ?? ByteBuffer()
    var items = ByteBuffer()
    while let type = request.readInteger(as: UInt8.self), request.readInteger(as: UInt8.self) != nil,
      let length = request.readInteger(as: UInt16.self), var item = request.readSlice(length: Int(length))
    {
      guard type == 0x20 else {
        items.writeMultipleIntegers(type, UInt8(0), length)
        items.writeBuffer(&item)
        continue
      }
      let id = item.readInteger(as: UInt32.self).map { UInt8(truncatingIfNeeded: $0 >> 24) } ?? 0
      // Past the abstract syntax stands the first transfer syntax.
      _ = item.readInteger(as: UInt16.self)
      _ = item.readInteger(as: UInt16.self).map { item.readSlice(length: Int($0)) }
      let syntax = item.getInteger(at: item.readerIndex + 2, as: UInt16.self) ?? 0
      items.writeMultipleIntegers(UInt8(0x21), UInt8(0), syntax + 8, id, UInt8(0), UInt8(0), UInt8(0))
      _ = item.readSlice(length: Int(syntax) + 4).map { items.writeImmutableBuffer($0) }
    }
    var answer = ByteBuffer()
    fixed.moveReaderIndex(forwardBy: 6)
    answer.writeMultipleIntegers(UInt8(2), UInt8(0), UInt32(fixed.readableBytes + items.readableBytes))
    answer.writeBuffer(&fixed)
    answer.writeBuffer(&items)
    return answer
  }

  /// C-ECHO-RSP (PS3.7 9.3.5.2) on the request's context.
  private static func echo(to request: ByteBuffer) -> ByteBuffer {
    let bytes = Array(request.readableBytesView)
    let messageID = (bytes.indices.dropLast(9).first { Array(bytes[$0..<$0 + 4]) == [0, 0, 0x10, 1] }).map {
      [bytes[$0 + 8], bytes[$0 + 9]]
    }
    func element(_ number: [UInt8], _ value: [UInt8]) -> [UInt8] {
      [0, 0] + number + [UInt8(value.count), 0, 0, 0] + value
    }
    let command =
      element([2, 0], Array("1.2.840.10008.1.1\0".utf8)) + element([0, 1], [0x30, 0x80])
      + element([0x20, 1], messageID ?? [1, 0]) + element([0, 8], [1, 1]) + element([0, 9], [0, 0])
    let set = element([0, 0], [UInt8(command.count), 0, 0, 0]) + command
    var answer = ByteBuffer()
    answer.writeMultipleIntegers(UInt8(4), UInt8(0), UInt32(set.count + 6), UInt32(set.count + 2), bytes[10], UInt8(3))
    answer.writeBytes(set)
    return answer
  }
}
