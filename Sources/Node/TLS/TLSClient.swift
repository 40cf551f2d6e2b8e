// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// TLS as this node asks for it of one remote node.
struct TLSClient: Sendable {
  private let context: NIOSSLContext
  private let serverName: String?
  private let verification: TLSClientSettings.Verification
  private let deadline: TimeAmount

  /// Throws `OperationError` where the files are not what they should be.
  init(_ settings: TLSClientSettings, calling host: String, deadline: TimeAmount) async throws {
    context = try await NIOThreadPool.singleton.runIfActive { try settings.context() }
    serverName = settings.expectedName(calling: host)
    verification = settings.verification
    self.deadline = deadline
  }

  /// Called on the channel's event loop.
  func secure(_ channel: any Channel) throws -> TLSConnection {
    let handler: NIOSSLClientHandler
    do {
      handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
    } catch {
      throw OperationError("'\(serverName ?? "")' cannot be the name of a TLS server: \(error)")
    }
    let expectation = TLSExpectation(
      peer: .server, asksForCertificate: verification != .nothing,
      expectedName: verification == .authorityAndName ? serverName : nil)
    return try TLSConnection.begin(on: channel, handler, expectation, deadline: deadline)
  }
}
