// SPDX-License-Identifier: Apache-2.0

import ChildProcesses
import Foundation

/// Peers/tunnel.py as a child process: TLS for DCMTK's programs that speak none.
final class Tunnel {
  enum Side: String {
    /// Takes plain connections, and calls with TLS.
    case client
    /// Takes connections with TLS, and calls in the clear.
    case server
  }

  /// Where it listens.
  let port: String
  private let process = ChildProcess()
  private let input = Pipe()

  init(_ side: Side, _ certificates: TestCertificates, from port: String? = nil, to target: String) async throws {
    self.port = try port ?? String(OtherNode.freePort())
    process.executableURL = URL(filePath: Tool.python)
    process.arguments = [Tool.peer("tunnel.py"), side.rawValue, certificates.path, self.port, target]
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    try await Tool.listening(at: self.port)
  }

  deinit {
    process.endAtOnce()
  }
}
