// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// TLS as this node serves it: the certificates as they stand in their files now, without a restart.
final class TLSServer: Sendable {
  private struct State {
    var context: NIOSSLContext
    var stamps: [TLSFile.Stamp?]
    var nextLook: NIODeadline
  }

  private static let daysOfWarning = 30

  private let settings: TLSServerSettings
  private let logger: Logger
  private let state: Mutex<State>

  /// Throws what is wrong with the files, in one sentence.
  static func start(_ settings: TLSServerSettings, logger: Logger) async throws -> TLSServer {
    try await NIOThreadPool.singleton.runIfActive { try TLSServer(settings, logger: logger) }
  }

  private init(_ settings: TLSServerSettings, logger: Logger) throws(OperationError) {
    self.settings = settings
    self.logger = logger
    let stamps = Self.stamps(of: settings)
    let context = try Self.load(settings, logger)
    state = Mutex(State(context: context, stamps: stamps, nextLook: .now() + settings.reloadInterval))
  }

  /// Puts TLS on a connection that was just taken.
  func secure(_ channel: any Channel) -> EventLoopFuture<TLSConnection> {
    context(on: channel.eventLoop).flatMapThrowing { [settings] context in
      try TLSConnection.begin(
        on: channel, NIOSSLServerHandler(context: context), peerIs: .client,
        asksForCertificate: settings.clientCAFile != nil, deadline: settings.handshakeTimeout)
    }
  }

  /// Files are looked at on a thread of their own: the event loop has other connections.
  private func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
    let (context, isDue) = state.withLock { state in
      let now = NIODeadline.now()
      let isDue = now >= state.nextLook
      if isDue { state.nextLook = now + settings.reloadInterval }
      return (state.context, isDue)
    }
    guard isDue else { return eventLoop.makeSucceededFuture(context) }
    return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { self.upToDate() }
  }

  /// A new file that is broken, or half of a pair that is being replaced, leaves the old certificates in use.
  private func upToDate() -> NIOSSLContext {
    // Taken before the files are read: what changes meanwhile is seen the next time.
    let stamps = Self.stamps(of: settings)
    let (context, hasChanged) = state.withLock { ($0.context, $0.stamps != stamps) }
    guard hasChanged else { return context }
    do {
      let renewed = try Self.load(settings, logger)
      state.withLock { state in
        state.context = renewed
        state.stamps = stamps
      }
      logger.notice("TLS certificates were read anew", metadata: ["certificate": "\(settings.certificateFile)"])
      return renewed
    } catch {
      // Told once for each change.
      state.withLock { $0.stamps = stamps }
      logger.error("new TLS files are not taken, the old certificate stays in use: \(error)")
      return context
    }
  }

  private static func stamps(of settings: TLSServerSettings) -> [TLSFile.Stamp?] {
    [settings.certificateFile, settings.keyFile, settings.clientCAFile].map { path in
      path.flatMap(TLSFile.Stamp.init(path:))
    }
  }

  private static func load(_ settings: TLSServerSettings, _ logger: Logger) throws(OperationError) -> NIOSSLContext {
    let credentials = try TLSCredentials(
      certificateFile: settings.certificateFile, keyFile: settings.keyFile, purpose: .server)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: credentials.chain.map { .certificate($0) }, privateKey: .privateKey(credentials.key))
    configuration.limitToBCP195()
    if let path = settings.clientCAFile {
      configuration.trustRoots = .certificates(try TLSFile.authorities(at: path))
      // Names are for servers; a client's certificate is known by its fingerprint.
      configuration.certificateVerification =
        settings.requiresClientCertificate ? .noHostnameVerification : .optionalVerification
      configuration.sendCANameList = true
    }
    if let leaf = credentials.chain.first {
      let days = CertificateJudgement(leaf, purpose: .server).daysLeft
      if days < daysOfWarning {
        logger.warning("the TLS certificate expires in \(days) days", metadata: ["file": "\(settings.certificateFile)"])
      }
    }
    return try credentials.context(configuration)
  }
}
