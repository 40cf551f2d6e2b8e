// SPDX-License-Identifier: Apache-2.0

import Archive
import Glibc
import Logging
import NIOCore

/// What one administrator's command asks, and what it is answered.
struct ControlConversation: Sendable {
  typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  let operations: OperationPerformer
  let logger: Logger

  func serve(_ client: Client) async {
    do {
      guard let operatingSystemUser = try await user(of: client.channel) else {
        return try await client.channel.close()
      }
      try await client.executeThenClose { inbound, outbound in
        var received = ByteBuffer()
        for try await chunk in inbound {
          received.writeImmutableBuffer(chunk)
          while let line = ControlLine.next(in: &received) {
            let reply = try await reply(to: line, from: operatingSystemUser) { step in
              try await outbound.write(try ControlLine.encode(ControlReply.progress(step)))
            }
            try await outbound.write(try ControlLine.encode(reply))
            if case .result(.standsAside) = reply { operations.standAside() }
          }
          guard received.readableBytes <= ControlLine.longestRequest else { return }
        }
      }
    } catch {
      logger.debug("control connection ended", metadata: ["error": "\(error)"])
    }
  }

  private func reply(
    to line: ByteBuffer, from user: Operator,
    telling tell: @Sendable @escaping (OperationProgress.Step) async throws -> Void
  ) async throws -> ControlReply {
    let operation: Operation
    do {
      operation = try ControlLine.decode(Operation.self, from: line)
    } catch {
      return .failure(OperationError("the node did not understand this request: is the command of another version?"))
    }
    let (steps, step) = AsyncStream.makeStream(of: OperationProgress.Step.self, bufferingPolicy: .bufferingNewest(1))
    let progress = OperationProgress { step.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          for await step in steps { try await tell(step) }
        } catch {
          // Nobody listens any more: an operation that nobody waits for ends.
          progress.cancel()
          throw error
        }
      }
      let reply: ControlReply
      do {
        reply = .result(try await operations.perform(operation, as: user, progress))
      } catch let error as OperationError {
        reply = .failure(error)
      }
      step.finish()
      try await group.waitForAll()
      return reply
    }
  }

  /// The kernel's word on who is at the other end; nil for anybody but the owner of the node and root.
  private func user(of channel: any Channel) async throws -> Operator? {
    guard let options = channel as? any SocketOptionProvider else { return nil }
    let credentials: PeerCredentials = try await options.unsafeGetSocketOption(
      level: .socket, name: .init(rawValue: SO_PEERCRED)
    ).get()
    guard credentials.user == geteuid() || credentials.user == 0 else {
      logger.warning("refused a control connection", metadata: ["uid": "\(credentials.user)"])
      return nil
    }
    return Operator(uid: credentials.user)
  }
}

/// `struct ucred` of unix(7).
private struct PeerCredentials: Sendable {
  var process: pid_t
  var user: uid_t
  var group: gid_t
}
