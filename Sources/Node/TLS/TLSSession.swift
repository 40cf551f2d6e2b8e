// SPDX-License-Identifier: Apache-2.0

/// What a handshake came to: the version, and the caller's certificate if one was shown.
struct TLSSession: Sendable, Hashable {
  let version: TLSProtocolVersion
  /// On the server's side, of the verified caller; nil where none was asked for or shown.
  let certificate: ClientCertificate?
}
