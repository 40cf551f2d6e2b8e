// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization

/// The connection that an association lives on, with both layers of protocol in its pipeline. One task reads from it, and any
/// number may write.
package final class AssociationChannel: Sendable {
  package let channel: any Channel
  private let handler: NIOLoopBound<AssociationHandler>
  private let indications: IndicationQueue
  private let writability: Writability
  /// Writes of other threads.
  private let onTheirWay = Atomic(0)

  /// On the channel's event loop, behind both layers.
  package init(on channel: any Channel) throws {
    let handler = AssociationHandler()
    try channel.pipeline.syncOperations.addHandler(handler)
    self.channel = channel
    self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    indications = handler.indications
    writability = handler.writability
  }

  /// Runs `body`, and closes the connection behind it; returns when it is closed.
  package func executeThenClose<Value>(
    _ body: (MessageReader, MessageWriter) async throws -> Value
  ) async throws -> Value {
    let value: Value
    do {
      value = try await body(MessageReader(indications), MessageWriter(self, to: channel))
    } catch {
      await close()
      throw error
    }
    await close()
    return value
  }

  private func close() async {
    guard !writability.isOver else { return }
    channel.close(promise: nil)
    try? await channel.closeFuture.get()
  }
}

extension AssociationChannel: RequestOutlet {
  package func untilWritable() async throws { try await writability.wait() }

  package func write(_ requests: [DIMSERequest]) async throws {
    try await writability.wait()
    onEventLoop { $0.send(requests) }
  }

  package func write(_ request: DIMSERequest) async throws {
    try await writability.wait()
    onEventLoop { $0.send(request) }
  }

  private func onEventLoop(_ body: @escaping @Sendable (AssociationHandler) -> Void) {
    guard !channel.eventLoop.inEventLoop else { return body(handler.value) }
    onTheirWay.add(1, ordering: .relaxed)
    channel.eventLoop.execute { [self] in
      body(handler.value)
      onTheirWay.subtract(1, ordering: .relaxed)
    }
  }

  package func settle() async throws {
    // Only the event loop itself can know that: what it has not run is still on its way.
    if channel.eventLoop.inEventLoop, onTheirWay.load(ordering: .relaxed) == 0 { return }
    try await channel.eventLoop.submit {}.get()
  }
}
