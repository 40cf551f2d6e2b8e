// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import NIOSSL

/// What the TLS port stands on as it was in the files when they were read: who this node is, and whom it trusts.
struct ServerTrust: Sendable {
  private static let daysOfWarning = 30

  let context: NIOSSLContext
  let revoked: RevocationList?
  /// In words, UTC.
  let certificateExpires: String?

  /// Blocks; throws what is wrong with the files, in one sentence.
  init(_ settings: TLSServerSettings, _ logger: Logger) throws(OperationError) {
    let credentials = try TLSCredentials(
      certificateFile: settings.certificateFile, keyFile: settings.keyFile, purpose: .server)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: credentials.chain.map { .certificate($0) }, privateKey: .privateKey(credentials.key))
    configuration.limitToBCP195(from: settings.minimumVersion)
    revoked = try Self.trust(in: settings, &configuration)
    context = try credentials.context(configuration)
    certificateExpires = credentials.chain.first.map { CertificateJudgement.text(of: $0.notValidAfter) }
    warn(of: credentials, settings, logger)
  }

  private static func trust(
    in settings: TLSServerSettings, _ configuration: inout TLSConfiguration
  ) throws(OperationError) -> RevocationList? {
    guard let path = settings.clientCAFile else { return nil }
    let authorities = try TLSFile(path: path).certificates()
    configuration.trustRoots = .certificates(authorities)
    configuration.sendCANameList = true
    // Names are for servers; a client's certificate is known by its fingerprint.
    configuration.certificateVerification =
      settings.clientCertificates == .require ? .noHostnameVerification : .optionalVerification
    guard let list = settings.revocationListFile else { return nil }
    return try RevocationList(path: list, authorities: authorities)
  }

  private func warn(of credentials: TLSCredentials, _ settings: TLSServerSettings, _ logger: Logger) {
    if let leaf = credentials.chain.first {
      let days = CertificateJudgement(leaf, purpose: .server).daysLeft
      if days < Self.daysOfWarning {
        logger.warning("the TLS certificate expires in \(days) days", metadata: ["file": "\(settings.certificateFile)"])
      }
    }
    // It still names those who are out. Turning everybody away instead would end the hospital's day.
    if let next = revoked?.nextUpdate, next < Date() {
      logger.warning(
        "the revocation list is out of date: it is still applied, but what was revoked since is not known",
        metadata: ["file": "\(settings.revocationListFile ?? "")", "next update": "\(next.formatted(.iso8601))"])
    }
  }
}
