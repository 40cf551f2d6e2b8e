// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler: notes who the peer is when the handshake is done, and puts what fails into words.
final class TLSGatekeeper: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: TLSConnection
  private let door: TLSDoor
  private let peer: CertificateJudgement.Purpose
  private let asksForCertificate: Bool
  private let expectedName: String?

  init(
    _ connection: TLSConnection, door: TLSDoor, peerIs peer: CertificateJudgement.Purpose, asksForCertificate: Bool,
    expectedName: String?
  ) {
    self.connection = connection
    self.door = door
    self.peer = peer
    self.asksForCertificate = asksForCertificate
    self.expectedName = expectedName
  }

  func channelActive(context: ChannelHandlerContext) {
    connection.cameUp(from: context.remoteAddress?.ipAddress)
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.handshakeCompleted) = event as? TLSUserEvent { letIn(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func letIn(_ context: ChannelHandlerContext) {
    door.opened()
    let tls = context.pipeline.syncOperations
    let certificate = (try? tls.nioSSL_peerCertificate()) ?? nil
    if let expectedName, let certificate, !certificate.hasName(expectedName) {
      return refuse(context, TLSFailure(certificate, isNot: expectedName))
    }
    // A resumed session is not verified anew (RFC 8446 §2.2): a certificate may have expired since.
    if asksForCertificate, let certificate, let fault = CertificateJudgement(certificate, purpose: peer).fault {
      return refuse(context, TLSFailure("showed a certificate that \(fault)"))
    }
    do {
      let version: TLSSession.Version = try tls.nioSSL_tlsVersion() == .tlsv13 ? .tls13 : .tls12
      // This side's callers are clients; a server's name was compared in the handshake.
      let identity = peer == .client ? try certificate.map(TLSIdentity.init(verified:)) : nil
      connection.succeed(TLSSession(version: version, identity: identity))
    } catch {
      refuse(context, TLSFailure("showed a certificate that cannot be read: \(error)"))
    }
  }

  private func refuse(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
    if connection.fail(failure) { context.fireErrorCaught(failure) }
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let certificate = (try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil
    let failure: TLSFailure
    switch error {
    case let known as TLSFailure: failure = known
    case NIOSSLError.handshakeFailed(let reason):
      failure = TLSFailure(reason, certificate: certificate, peerIs: peer)
    // An alert that came after this side's handshake was done.
    case let reason as BoringSSLError:
      failure = TLSFailure(reason, certificate: certificate, peerIs: peer)
    case NIOSSLError.noCertificateToValidate: failure = TLSFailure("showed no certificate")
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      failure = TLSFailure(certificate, isNot: expectedName ?? context.remoteAddress?.ipAddress ?? "?")
    // PDUs carry their lengths and an association ends with A-RELEASE: a missing farewell of TLS takes nothing away.
    case NIOSSLError.uncleanShutdown, NIOSSLError.shutdownFailed, is NIOSSLCloseTimedOutError: return
    default: return context.fireErrorCaught(error)
    }
    // One connection fails once; what follows from it is not told again.
    if connection.fail(failure) { context.fireErrorCaught(failure) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.fail(TLSFailure("closed the connection during the TLS handshake"), unlessEstablished: true)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    connection.fail(TLSFailure("closed the connection during the TLS handshake"), unlessEstablished: true)
  }
}
