// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import Synchronization

/// The TLS of one connection, as the task above it sees it: what it came to, or why it failed.
final class TLSConnection: Sendable {
  private struct State {
    var session: TLSSession?
    var failure: TLSFailure?
  }

  private let state = Mutex(State())
  private let promise: EventLoopPromise<TLSSession>

  private init(on eventLoop: any EventLoop) {
    promise = eventLoop.makePromise()
  }

  /// nil until the handshake is done, and so never nil once anything was read.
  var session: TLSSession? { state.withLock { $0.session } }
  var failure: TLSFailure? { state.withLock { $0.failure } }

  /// Returns when the handshake is done; throws `TLSFailure`. A task that is cancelled hangs up.
  @discardableResult
  func established(on channel: any Channel) async throws -> TLSSession {
    try await withTaskCancellationHandler {
      do {
        return try await promise.futureResult.get()
      } catch {
        throw Task.isCancelled ? CancellationError() : error
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  /// Puts TLS into the pipeline, below whatever is added after it. Called on the channel's event loop.
  static func begin(
    on channel: any Channel, _ handler: NIOSSLHandler, _ expectation: TLSExpectation, deadline: TimeAmount
  ) throws -> TLSConnection {
    let connection = TLSConnection(on: channel.eventLoop)
    let door = TLSDoor(deadline: deadline, peerIs: expectation.peer)
    let gatekeeper = TLSGatekeeper(connection, door: door, expectation)
    do {
      try channel.pipeline.syncOperations.addHandlers([door, handler, gatekeeper])
    } catch {
      connection.fail(TLSFailure("\(error)"))
      throw error
    }
    return connection
  }

  func succeed(_ session: TLSSession) {
    state.withLock { $0.session = session }
    promise.succeed(session)
  }

  /// Only the first failure counts; false for those after it.
  @discardableResult
  func fail(_ failure: TLSFailure, unlessEstablished: Bool = false) -> Bool {
    let (isFirst, wasPending) = state.withLock { state in
      if state.failure != nil || (unlessEstablished && state.session != nil) { return (false, false) }
      state.failure = failure
      return (true, state.session == nil)
    }
    if wasPending { promise.fail(failure) }
    return isFirst
  }
}
