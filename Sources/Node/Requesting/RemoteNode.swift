// SPDX-License-Identifier: Apache-2.0

package import Access
package import DIMSE
import DICOMData
import Glibc
import NIOCore
import NIOPosix
import Synchronization
package import UpperLayer

/// Another node, as this one calls it.
package struct RemoteNode: Sendable {
  package let host: String
  package let port: Int
  package let callingAETitle: String
  package let calledAETitle: String
  /// For the connection to be made, and for the peer to answer the association request.
  package let timeout: Duration
  /// For each answer, and each part of one, once there is an association.
  package let responseTimeout: Duration
  /// What proves to it who calls; nil shows nothing but the title.
  package let credential: Credential?

  /// nil calls in the clear.
  package let tls: TLSClientSettings?

  let advice: CallAdvice
  private let acceptance = Acceptance()
  /// Whether it has accepted an association: what fails afterwards has other causes.
  package var hasAccepted: Bool { acceptance.hasCome.load(ordering: .acquiring) }

  private static let releaseTimeout = TimeAmount.seconds(10)

  package init(
    host: String, port: Int, callingAETitle: String, calledAETitle: String, timeout: Duration = .seconds(30),
    responseTimeout: Duration = .seconds(300), tls: TLSClientSettings? = nil, credential: Credential? = nil,
    advice: CallAdvice = .options
  ) {
    self.advice = advice
    self.host = host
    self.port = port
    self.callingAETitle = callingAETitle
    self.calledAETitle = calledAETitle
    self.timeout = timeout
    self.responseTimeout = responseTimeout
    self.tls = tls
    self.credential = credential
  }

  /// Runs `body` on an association that proposes these contexts, and releases it. Throws `AssociationEnd` where the node
  /// said no, and `OperationError` where it was not reached. `operations` may be outstanding at once where the node agrees
  /// (PS3.7 D.3.3.3); without need it is not asked. `roles`: those that this node proposes to have (PS3.7 D.3.3.4).
  package func withAssociation<Value: Sendable>(
    proposing contexts: [ProposedPresentationContext], operations: Int = 1, roles: [RoleSelection] = [],
    _ body: (Association) async throws -> Value
  ) async throws -> Value {
    let limits = UpperLayerLimits(idleTimeout: .nanoseconds(responseTimeout.nanoseconds))
    let (connection, tls) = try await connect(limits)
    let request = AssociateRQ(
      calledAETitle: calledAETitle, callingAETitle: callingAETitle, presentationContexts: contexts,
      userInformation: UserInformation(
        maximumLength: limits.maximumLength, implementationClassUID: Implementation.classUID,
        implementationVersionName: Implementation.versionName,
        asynchronousOperationsWindow: operations > 1
          ? AsynchronousOperationsWindow(invoked: UInt16(clamping: operations), performed: 1) : nil,
        roleSelections: roles,
        userIdentity: credential.flatMap { UserIdentity(showing: $0) }))
    return try await connection.executeThenClose { messages, writer in
      let association = try await answered(on: connection, tls) {
        try await Association.request(
          request, messages, writer,
          answersWithin: (AnswerDeadline(on: connection.channel), .nanoseconds(responseTimeout.nanoseconds)))
      }
      acceptance.hasCome.store(true, ordering: .releasing)
      let value: Value
      do {
        value = try await body(association)
      } catch {
        connection.channel.writeAndFlush(DIMSERequest.abort(.byUser), promise: nil)
        guard error is IOError || error is ChannelError else { throw error }
        // Where writing failed, why stands behind what was read.
        throw await messages.end() ?? .connectionClosed
      }
      // What was asked for is done; a peer that does not know how to part takes nothing from it.
      try? await AnswerDeadline(on: connection.channel).within(Self.releaseTimeout, for: "answer to the release") {
        try await association.release()
      }
      return value
    }
  }

  private func connect(_ limits: UpperLayerLimits) async throws -> (AssociationChannel, TLSConnection?) {
    let tls: TLSClient? =
      if let tls { try await TLSClient(tls, calling: host, deadline: .nanoseconds(timeout.nanoseconds)) } else { nil }
    let attempts = CancellableConnection()
    do {
      return try await attempts.made {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
          .connectTimeout(.nanoseconds(timeout.nanoseconds))
          .channelOption(.tcpOption(.tcp_nodelay), value: 1)
          // As on a listening port.
          .channelOption(.maxMessagesPerRead, value: 1)
          .connect(host: host, port: port) { channel in
            attempts.note(channel)
            return channel.eventLoop.makeCompletedFuture { try Self.prepare(channel, limits, tls) }
          }
      }
    } catch let error as NIOConnectionError {
      throw unreachable(error.connectionErrors.first?.error)
    } catch let error as IOError {
      throw unreachable(error)
    } catch is ChannelError {
      throw OperationError("\(host):\(port) cannot be reached: it did not answer in \(timeout)")
    }
  }

  private static func prepare(
    _ channel: any Channel, _ limits: UpperLayerLimits, _ tls: TLSClient?
  ) throws -> (AssociationChannel, TLSConnection?) {
    try channel.writePiecesInTurn()
    try channel.pipeline.syncOperations.addHandler(AnswerWatch())
    let tls = try tls?.secure(channel)
    if tls == nil { try channel.pipeline.syncOperations.addHandler(PlainDoor(.client)) }
    try channel.pipeline.syncOperations.configureDIMSE(role: .requestor, limits: limits)
    return (try AssociationChannel(on: channel), tls)
  }

  /// `error` is nil where the name led nowhere.
  private func unreachable(_ error: (any Error)?) -> OperationError {
    let why: String
    switch error {
    case nil: why = "its name is not known"
    case let error as IOError where error.errnoCode == ECONNREFUSED:
      why = "refused: nothing listens there, or a firewall forbids it; is the node started, is this its port?"
    case let error as IOError where error.errnoCode == EHOSTUNREACH || error.errnoCode == ENETUNREACH:
      why = "no way leads there (\(String(cString: strerror(error.errnoCode)))): is the address right?"
    case let error as IOError: why = String(cString: strerror(error.errnoCode))
    case is ChannelError: why = "it did not answer in \(timeout)"
    case let error?: why = "\(error)"
    }
    return OperationError("\(host):\(port) cannot be reached: \(why)")
  }

  /// A peer that takes the connection and then says nothing is hung up on.
  private func answered(
    on connection: AssociationChannel, _ tls: TLSConnection?, _ body: () async throws -> Association
  ) async throws -> Association {
    do {
      _ = try await tls?.established(on: connection.channel)
      return try await AnswerDeadline(on: connection.channel).within(
        .nanoseconds(timeout.nanoseconds), for: "answer to the association request", body)
    } catch {
      if Task.isCancelled { throw CancellationError() }
      // A server of TLS 1.3 refuses a client's certificate only after the client's handshake is done.
      if let failure = tls?.failure ?? error as? TLSFailure {
        throw OperationError("\(host):\(port) \(failure.advised(advice))")
      }
      // A reset is how many say that they did not understand; so is what closes while something is being written.
      throw error is IOError || error is ChannelError ? AssociationEnd.connectionClosed : error
    }
  }
}

/// What the copies of one remote node share.
private final class Acceptance: Sendable {
  let hasCome = Atomic(false)
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ attoseconds / 1_000_000_000
  }
}
