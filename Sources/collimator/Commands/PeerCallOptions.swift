// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Node

/// How this node and a peer talk, beyond who the peer is.
struct PeerCallOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Transfer syntaxes that are taken from it for objects, the preferred first, in place of the policy: UIDs or keywords, "
        + "separated by commas; empty for the policy."))
  var transferSyntaxes: String?

  @Option(
    help: "Storage commitment reports come on a 'new' association, or on the 'same' while it is there. (default: new)")
  var commitmentReports: String?

  @Option(help: "On how many associations at once it is sent objects. (default: 1)")
  var associations: Int?

  @Flag(inversion: .prefixedNo, help: "Call it over TLS: moves to it, what is sent on, reports.")
  var callTls: Bool?

  @Option(name: .customLong("call-tls-ca"), help: "The authorities to trust (PEM); default: those of this machine.")
  var callTLSCA: String?

  @Option(name: .customLong("call-tls-certificate"), help: "The certificate to show it (PEM).")
  var callTLSCertificate: String?

  @Option(name: .customLong("call-tls-key"), help: "The certificate's private key (PEM).")
  var callTLSKey: String?

  @Option(name: .customLong("call-tls-name"), help: "The name that its certificate must have; default: its address.")
  var callTLSName: String?

  @Flag(
    name: .customLong("call-tls-any-name"), inversion: .prefixedNo,
    help: "Take a certificate of a trusted authority whatever its name.")
  var callTLSAnyName: Bool?

  var change: PeerProfileChange {
    var change = PeerProfileChange()
    change.transferSyntaxes = transferSyntaxes?.commaSeparated
    change.commitmentReports = commitmentReports
    change.associations = associations
    change.callsTLS = callTls
    change.tlsCA = Self.absolute(callTLSCA)
    change.tlsCertificate = Self.absolute(callTLSCertificate)
    change.tlsKey = Self.absolute(callTLSKey)
    change.tlsName = callTLSName
    change.tlsAnyName = callTLSAnyName
    return change
  }

  /// The node reads it, from wherever it was started.
  private static func absolute(_ path: String?) -> String? {
    path.map { $0.isEmpty ? "" : URL(filePath: $0).standardizedFileURL.path(percentEncoded: false) }
  }
}
