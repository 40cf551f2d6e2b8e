// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Authorities, certificates, keys and revocation lists in a folder that goes with it, made by `Tests/certificates`.
struct TestCertificates {
  private let folder: TemporaryFolder

  init() async throws {
    folder = try TemporaryFolder()
    let script = Tool.packageRoot.appending(path: "Tests/certificates").path
    let result = try await Tool.run("/usr/bin/env", ["bash", script, folder.path])
    guard result.status == 0 else { throw Failure(description: result.all) }
  }

  var path: String { folder.path }

  func file(_ name: String) -> String { URL(filePath: folder.path).appending(path: name).path }

  /// The flags of a node with a TLS port.
  func server(_ name: String = "server", _ more: [String] = []) -> [String] {
    ["--tls-port", "0", "--tls-certificate", file("\(name).pem"), "--tls-key", file("\(name).key")] + more
  }

  func clients(_ mode: String, revocationList: String? = nil) -> [String] {
    ["--tls-client-certificates", mode, "--tls-client-ca", file("ca.pem")]
      + (revocationList.map { ["--tls-revocation-list", file($0)] } ?? [])
  }

  /// The flags of a command that calls over TLS.
  func client(_ name: String? = nil) -> [String] {
    ["--tls", "--tls-ca", file("ca.pem")]
      + (name.map { ["--tls-certificate", file("\($0).pem"), "--tls-key", file("\($0).key")] } ?? [])
  }

  /// The flags of `peer add` for a peer that is called over TLS, with the client's certificate.
  var callOfAPeer: [String] {
    ["--call-tls", "--call-tls-ca", file("ca.pem"), "--call-tls-certificate", file("client.pem")]
      + ["--call-tls-key", file("client.key"), "--call-tls-name", "localhost"]
  }

  /// DCMTK's options for the same; anonymous without a name.
  func dcmtk(_ name: String? = nil) -> [String] {
    (name.map { ["+tls", file("\($0).key"), file("\($0).pem")] } ?? ["+tla"]) + ["+cf", file("ca.pem")]
  }

  /// Puts one file in the place of another, as a renewal does.
  func replace(_ name: String, by other: String) throws {
    let new = file("\(name).new")
    try? FileManager.default.removeItem(atPath: new)
    try FileManager.default.copyItem(atPath: file(other), toPath: new)
    guard rename(new, file(name)) == 0 else { throw Failure(description: "cannot replace \(name)") }
  }

  struct Failure: Error {
    let description: String
  }
}
