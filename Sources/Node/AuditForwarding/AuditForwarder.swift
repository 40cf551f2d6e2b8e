// SPDX-License-Identifier: Apache-2.0

import Archive
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Sends audit records to a syslog server, in their order. The records themselves are the queue: how far it has come is kept
/// beside them, and a restart goes on from there. Syslog acknowledges nothing: what was sent shortly before a connection broke
/// is sent again, so a record may come twice, and is not lost.
struct AuditForwarder: Sendable {
  private static let batch = 500
  /// How long a connection has to outlive what was sent on it.
  private static let settling = Duration.milliseconds(100)
  private static let interval = Duration.milliseconds(500)
  private static let longestPause = 60

  private final class Memory: Sendable {
    let status: Mutex<AuditStatus.Forwarding>

    init(_ destination: AuditDestination) {
      status = Mutex(AuditStatus.Forwarding(destination: destination.description))
    }
  }

  private let destination: AuditDestination
  private let source: String
  private let archive: Archive
  private let logger: Logger
  private let tls: TLSClientSettings
  private let memory: Memory

  /// nil where nothing is forwarded; throws where the TLS files are not what they should be.
  init?(_ settings: AuditSettings, source: String, archive: Archive, logger: Logger) async throws {
    guard let destination = settings.destination else { return nil }
    self.destination = destination
    self.source = source
    self.archive = archive
    self.logger = logger
    tls = settings.tls
    memory = Memory(destination)
    if destination.transport == .tls {
      _ = try await TLSClient(tls, calling: destination.host, deadline: .seconds(10))
    } else {
      logger.warning("audit records, which name patients, go to \(destination) in the clear")
    }
  }

  var status: AuditStatus.Forwarding { memory.status.withLock { $0 } }

  /// Until cancelled. Each failure makes the next attempt wait twice as long, up to a minute.
  func run() async throws {
    var failures = 0
    while true {
      do {
        try await forward { failures = 0 }
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        failures += 1
        if failures == 1 {
          logger.error("audit records cannot be forwarded to \(destination): \(Self.words(for: error))")
        }
        memory.status.withLock { status in
          status.isConnected = false
          status.failure = Self.words(for: error)
        }
        try await Task.sleep(for: .seconds(min(1 << min(failures - 1, 6), Self.longestPause)))
      }
    }
  }

  private static func words(for error: any Error) -> String {
    switch error {
    case is NIOConnectionError: "it cannot be reached"
    case let failure as TLSFailure: "the server \(failure.advised(.auditSettings))"
    default: "\(ConnectionFailure(error))"
    }
  }

  /// On one connection, until it fails. `succeeded` hears of each batch that went.
  private func forward(_ succeeded: () -> Void) async throws {
    var position = try await archive.forwardedPosition(to: destination.description)
    let channel = try await connect()
    defer { channel.close(promise: nil) }
    memory.status.withLock { status in
      status.isConnected = true
      status.failure = nil
    }
    logger.info("audit records are forwarded to \(destination)")
    while true {
      let (records, head) = try await archive.auditRecords(after: position, limit: Self.batch)
      memory.status.withLock { $0.waiting = Int(clamping: head - position) }
      guard let last = records.last else {
        guard channel.isActive else { throw OperationError("the connection ended") }
        try await Task.sleep(for: Self.interval)
        continue
      }
      try await send(records, on: channel)
      try await Task.sleep(for: Self.settling)
      guard channel.isActive else { throw OperationError("the connection ended") }
      position = last.number
      try await archive.setForwarded(position, to: destination.description)
      succeeded()
      memory.status.withLock { status in
        status.forwarded += records.count
        status.waiting = Int(clamping: head - position)
      }
    }
  }

  private func send(_ records: [AuditRecord], on channel: any Channel) async throws {
    let messages = records.flatMap { SyslogMessage.all(of: $0, source: source) }
    for message in messages.dropLast() { channel.write(bytes(of: message), promise: nil) }
    guard let last = messages.last else { return }
    try await channel.writeAndFlush(bytes(of: last))
  }

  private func bytes(of message: SyslogMessage) -> ByteBuffer {
    destination.transport == .udp ? message.datagram : message.framed
  }

  private func connect() async throws -> any Channel {
    switch destination.transport {
    case .udp:
      return try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: destination.host, port: destination.port).get()
    case .tcp: return try await stream(nil).channel
    case .tls:
      let client = try await TLSClient(tls, calling: destination.host, deadline: .seconds(10))
      let (channel, connection) = try await stream(client)
      do {
        try await connection?.established(on: channel)
      } catch {
        channel.close(promise: nil)
        throw error
      }
      return channel
    }
  }

  private func stream(_ client: TLSClient?) async throws -> (channel: any Channel, TLSConnection?) {
    let attempts = CancellableConnection()
    return try await attempts.made {
      try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connectTimeout(.seconds(10))
        .channelOption(.socketOption(.so_keepalive), value: 1)
        .connect(host: destination.host, port: destination.port) { channel in
          attempts.note(channel)
          return channel.eventLoop.makeCompletedFuture { (channel, try client?.secure(channel)) }
        }
    }
  }
}
