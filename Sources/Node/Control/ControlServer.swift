// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The running node's ear for its administrator: a socket in the data directory that only the directory's owner can open.
struct ControlServer: Sendable {
  private let server: any Channel
  private let path: String
  private let clients: ClientTasks

  /// Listens from now on: who calls before `run` waits a moment.
  init(directory: String, operations: OperationPerformer, logger: Logger) async throws {
    path = try ControlSocketPath(directory: directory).path
    let conversation = ControlConversation(operations: operations, logger: logger)
    let clients = ClientTasks()
    self.clients = clients
    server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let client = try ControlConversation.Client(
            wrappingChannelSynchronously: channel,
            configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
          // At once: a channel that nobody took over would take the process down when it goes.
          clients.run { await conversation.serve(client) }
        }
      }
      .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    chmod(path, 0o600)
  }

  /// Serves until the task is cancelled.
  func run() async throws {
    defer { unlink(path) }
    await withTaskCancellationHandler {
      try? await server.closeFuture.get()
    } onCancel: {
      server.close(promise: nil)
    }
    await clients.cancelAll()
  }
}

/// The tasks that serve clients, until each ends or all are cancelled.
private final class ClientTasks: Sendable {
  private struct State {
    var lastID = 0
    var tasks: [Int: Task<Void, Never>] = [:]
    var isOver = false
  }

  private let state = Mutex(State())

  func run(_ body: @Sendable @escaping () async -> Void) {
    state.withLock { state in
      state.lastID += 1
      let id = state.lastID
      let task = Task {
        await body()
        self.state.withLock { $0.tasks[id] = nil }
      }
      state.tasks[id] = task
      if state.isOver { task.cancel() }
    }
  }

  func cancelAll() async {
    let tasks = state.withLock { state in
      state.isOver = true
      return Array(state.tasks.values)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}
