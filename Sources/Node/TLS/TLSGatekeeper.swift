// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler: notes who the peer is when the handshake is done, and puts what fails into words.
final class TLSGatekeeper: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: TLSConnection
  private let door: TLSDoor
  private let expectation: TLSExpectation
  private var isRefused = false

  init(_ connection: TLSConnection, door: TLSDoor, _ expectation: TLSExpectation) {
    self.connection = connection
    self.door = door
    self.expectation = expectation
  }

  /// What came along with the end of a handshake that was refused is not read.
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isRefused { context.fireChannelRead(data) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.handshakeCompleted) = event as? TLSUserEvent { letIn(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func letIn(_ context: ChannelHandlerContext) {
    door.opened()
    let tls = context.pipeline.syncOperations
    let certificate = (try? tls.nioSSL_peerCertificate()) ?? nil
    guard certificate != nil || !expectation.requiresCertificate else {
      return refuse(context, TLSFailure("showed no certificate, and one is required"))
    }
    if let expectedName = expectation.expectedName, let certificate, !certificate.hasName(expectedName) {
      return refuse(context, TLSFailure(certificate, isNot: expectedName))
    }
    // A resumed session is not verified anew (RFC 8446 §2.2): a certificate may have expired since.
    if expectation.asksForCertificate, let certificate,
      let fault = CertificateJudgement(certificate, purpose: expectation.peer).fault
    {
      return refuse(context, TLSFailure("showed a certificate that \(fault)"))
    }
    if let certificate, expectation.revoked?.contains(certificate) == true {
      return refuse(context, TLSFailure("showed a certificate that was revoked: '\(certificate.subjectText)'"))
    }
    do {
      let version: TLSProtocolVersion = try tls.nioSSL_tlsVersion() == .tlsv13 ? .tls13 : .tls12
      // This side's callers are clients; a server's name was compared in the handshake.
      let caller = expectation.peer == .client ? try certificate.map(ClientCertificate.init(verified:)) : nil
      connection.succeed(TLSSession(version: version, certificate: caller))
    } catch {
      refuse(context, TLSFailure("showed a certificate that cannot be read: \(error)"))
    }
  }

  private func refuse(_ context: ChannelHandlerContext, _ failure: TLSFailure) {
    isRefused = true
    if connection.fail(failure) { context.fireErrorCaught(failure) }
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let certificate = (try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil
    let failure: TLSFailure
    switch error {
    case let known as TLSFailure: failure = known
    case NIOSSLError.handshakeFailed(let reason):
      failure = TLSFailure(reason, certificate: certificate, peerIs: expectation.peer)
    // An alert that came after this side's handshake was done.
    case let reason as BoringSSLError:
      failure = TLSFailure(reason, certificate: certificate, peerIs: expectation.peer)
    case NIOSSLError.noCertificateToValidate: failure = TLSFailure("showed no certificate")
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      failure = TLSFailure(certificate, isNot: expectation.expectedName ?? context.remoteAddress?.ipAddress ?? "?")
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
