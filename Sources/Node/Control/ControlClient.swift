// SPDX-License-Identifier: Apache-2.0

import Archive
import Glibc
import NIOCore
import NIOPosix

/// A command's call to the node that owns a data directory.
struct ControlClient: Sendable {
  let directory: String

  /// nil, with nothing performed, when no node listens in the directory.
  func perform(
    _ operation: Operation, watching progress: @Sendable (OperationProgress.Step) -> Void = { _ in }
  ) async throws -> OperationResult? {
    guard let channel = try await connect() else { return nil }
    do { return try await converse(operation, over: channel, progress) } catch is IOError { throw Self.unanswered }
  }

  private static let unanswered = OperationError("the node ended the conversation before it answered; see its log")

  private func converse(
    _ operation: Operation, over channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>,
    _ progress: @Sendable (OperationProgress.Step) -> Void
  ) async throws -> OperationResult {
    try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(try ControlLine.encode(operation))
      var received = ByteBuffer()
      for try await chunk in inbound {
        received.writeImmutableBuffer(chunk)
        guard received.readableBytes <= ControlLine.longestReply else { break }
        while let line = ControlLine.next(in: &received) {
          switch try ControlLine.decode(ControlReply.self, from: line) {
          case .progress(let step): progress(step)
          case .result(let result): return result
          case .failure(let error): throw error
          }
        }
      }
      throw Self.unanswered
    }
  }

  private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer>? {
    let socket = try ControlSocketPath(directory: directory)
    do {
      return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(unixDomainSocketPath: socket.path) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel(
              wrappingChannelSynchronously: channel,
              configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
          }
        }
    } catch let error as IOError where [ENOENT, ECONNREFUSED, ENOTDIR].contains(error.errnoCode) {
      return nil
    } catch let error as IOError where error.errnoCode == EACCES {
      throw OperationError("'\(directory)' belongs to another user: run this command as that user, or as root")
    }
  }
}
