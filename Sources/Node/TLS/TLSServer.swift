// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// TLS as this node serves it: the certificates as they stand in their files now, without a restart.
final class TLSServer: Sendable {
  private struct State {
    var trust: ServerTrust
    var stamps: [TLSFile.Stamp?]
    var nextLook: NIODeadline
  }

  private let settings: TLSServerSettings
  private let logger: Logger
  private let state: Mutex<State>

  /// nil where there is to be no TLS. Throws what is wrong with the files, in one sentence.
  static func start(_ settings: TLSServerSettings?, logger: Logger) async throws -> TLSServer? {
    guard let settings else { return nil }
    return try await NIOThreadPool.singleton.runIfActive { try TLSServer(settings, logger: logger) }
  }

  private init(_ settings: TLSServerSettings, logger: Logger) throws(OperationError) {
    self.settings = settings
    self.logger = logger
    let stamps = Self.stamps(of: settings)
    let trust = try ServerTrust(settings, logger)
    state = Mutex(State(trust: trust, stamps: stamps, nextLook: .now() + settings.reloadInterval))
  }

  var port: Int { settings.port }
  var certificateExpires: String? { state.withLock { $0.trust.certificateExpires } }

  /// Puts TLS on a connection that was just taken.
  func secure(_ channel: any Channel) -> EventLoopFuture<ConnectionSecurity> {
    trust(on: channel.eventLoop).flatMapThrowing { [settings] trust in
      .tls(
        try TLSConnection.begin(
          on: channel, NIOSSLServerHandler(context: trust.context),
          TLSExpectation(
            peer: .client, asksForCertificate: settings.clientCertificates != .none,
            requiresCertificate: settings.clientCertificates == .require, revoked: trust.revoked),
          deadline: settings.handshakeTimeout))
    }
  }

  /// Reads the files anew, changed or not, and says so; what is wrong with them is thrown, and the old ones stay in use.
  func reload() async throws -> String {
    try await NIOThreadPool.singleton.runIfActive { [self] in try renew(stamps: Self.stamps(of: settings)) }
    return "The certificates were read anew; the node's own is valid until \(certificateExpires ?? "?")."
  }

  /// Files are looked at on a thread of their own: the event loop has other connections.
  private func trust(on eventLoop: any EventLoop) -> EventLoopFuture<ServerTrust> {
    let (trust, isDue) = state.withLock { state in
      let now = NIODeadline.now()
      let isDue = now >= state.nextLook
      if isDue { state.nextLook = now + settings.reloadInterval }
      return (state.trust, isDue)
    }
    guard isDue else { return eventLoop.makeSucceededFuture(trust) }
    return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { self.upToDate() }
  }

  /// A new file that is broken, or half of a pair that is being replaced, leaves the old certificates in use.
  private func upToDate() -> ServerTrust {
    // Taken before the files are read: what changes meanwhile is seen the next time.
    let stamps = Self.stamps(of: settings)
    let hasChanged = state.withLock { $0.stamps != stamps }
    if hasChanged { try? renew(stamps: stamps) }
    return state.withLock { $0.trust }
  }

  private func renew(stamps: [TLSFile.Stamp?]) throws(OperationError) {
    do throws(OperationError) {
      let renewed = try ServerTrust(settings, logger)
      state.withLock { state in
        state.trust = renewed
        state.stamps = stamps
      }
      logger.notice("TLS certificates were read anew", metadata: ["certificate": "\(settings.certificateFile)"])
    } catch {
      // Told once for each change.
      state.withLock { $0.stamps = stamps }
      logger.error("new TLS files are not taken, the old ones stay in use: \(error)")
      throw error
    }
  }

  private static func stamps(of settings: TLSServerSettings) -> [TLSFile.Stamp?] {
    settings.files.map { path in path.flatMap(TLSFile.Stamp.init(path:)) }
  }
}
