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
            try await outbound.write(try ControlLine.encode(await reply(to: line, from: operatingSystemUser)))
          }
          guard received.readableBytes <= ControlLine.longestRequest else { return }
        }
      }
    } catch {
      logger.debug("control connection ended", metadata: ["error": "\(error)"])
    }
  }

  private func reply(to line: ByteBuffer, from user: Operator) async -> ControlReply {
    do {
      let operation = try ControlLine.decode(Operation.self, from: line)
      return .result(try await operations.perform(operation, as: user))
    } catch let error as OperationError {
      return .failure(error)
    } catch {
      return .failure(OperationError("the node did not understand this request: is the command of another version?"))
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
