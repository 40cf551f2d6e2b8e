// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// How another node is called over TLS.
struct TLSClientOptions: ParsableArguments {
  @Flag(help: "Call over TLS 1.2 or 1.3, and verify the node's certificate and name.")
  var tls = false

  @Option(name: .customLong("tls-ca"), help: "The authorities to trust (PEM); default: those of this machine.")
  var tlsCA: String?

  @Option(help: "The certificate to show, followed by those between it and its authority (PEM).")
  var tlsCertificate: String?

  @Option(help: "The certificate's private key (PEM, no passphrase, readable by its owner alone).")
  var tlsKey: String?

  @Option(help: "The name that the node's certificate must have; default: the host that is called.")
  var tlsName: String?

  @Flag(help: "Take a certificate of a trusted authority whatever its name.")
  var tlsAnyName = false

  @Flag(help: "Take any certificate from anybody, which lets anybody listen in. For finding out what is wrong.")
  var tlsInsecure = false

  var settings: TLSClientSettings? {
    guard tls else { return nil }
    return TLSClientSettings(
      caFile: tlsCA, certificateFile: tlsCertificate, keyFile: tlsKey, serverName: tlsName,
      verification: tlsInsecure ? .nothing : tlsAnyName ? .authorityAlone : .authorityAndName)
  }

  func validate() throws {
    let isAsked = tlsCA != nil || tlsCertificate != nil || tlsKey != nil || tlsName != nil || tlsAnyName || tlsInsecure
    guard tls || !isAsked else { throw ValidationError("the options of TLS need --tls itself") }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together")
    }
    guard !tlsInsecure || tlsCA == nil else {
      throw ValidationError("--tls-insecure trusts everybody; leave it out, or leave --tls-ca out")
    }
    if tlsInsecure {
      Output.note("warning: --tls-insecure verifies nothing: whoever answers may not be the node that was meant")
    }
  }
}
