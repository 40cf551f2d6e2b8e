// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import UpperLayer

@testable import Node

/// A destination that is not there keeps nobody who has given it up: neither a C-CANCEL nor the end of the node waits for it.
@Suite struct CancelledConnectionTests {
  /// Cancelled before the connection is begun, and while it is under way.
  @Test(.timeLimit(.minutes(1)), arguments: [0, 10_000])
  func whoGivesUpDoesNotWait(yields: Int) async throws {
    let silent = try SilentPort()
    let node = RemoteNode(
      host: "127.0.0.1", port: silent.port, callingAETitle: "A", calledAETitle: "B", timeout: .seconds(3600))
    let calling = Task {
      try await node.withAssociation(proposing: []) { _ in }
    }
    for _ in 0..<yields { await Task.yield() }
    calling.cancel()
    await #expect(throws: CancellationError.self) { try await calling.value }
  }

  /// Where the system takes the connection, and nobody says a word of TLS on it.
  @Test(.timeLimit(.minutes(1)), arguments: [0, 10_000])
  func whoGivesUpDoesNotWaitForAHandshake(yields: Int) async throws {
    let silent = try SilentPort(takes: 10)
    let tls = TLSClientSettings(verification: .nothing)
    let node = RemoteNode(
      host: "127.0.0.1", port: silent.port, callingAETitle: "A", calledAETitle: "B", timeout: .seconds(3600), tls: tls)
    let calling = Task {
      try await node.withAssociation(proposing: []) { _ in }
    }
    for _ in 0..<yields { await Task.yield() }
    calling.cancel()
    await #expect(throws: CancellationError.self) { try await calling.value }
  }
}

/// A port on which nobody answers a connection any more: as many wait for it as may; or none, and nobody takes it.
private final class SilentPort {
  let port: Int
  private var sockets: [Int32]

  init(takes backlog: Int32 = 0) throws {
    // As sockaddr_in lies in memory: whose module has its members depends on what else is imported.
    var address: [UInt8] = [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
    var length = socklen_t(address.count)
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    sockets = [listening]
    let isListening = address.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { address in
        bind(listening, address.baseAddress, length) == 0
          && getsockname(listening, address.baseAddress, &length) == 0 && listen(listening, backlog) == 0
      }
    }
    port = Int(address[2]) << 8 | Int(address[3])
    try #require(isListening)
    for _ in 0..<(backlog == 0 ? 3 : 0) {
      let waiting = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      sockets.append(waiting)
      _ = address.withUnsafeBytes { bytes in
        bytes.withMemoryRebound(to: sockaddr.self) { connect(waiting, $0.baseAddress, length) }
      }
    }
  }

  deinit {
    for socket in sockets { close(socket) }
  }
}
