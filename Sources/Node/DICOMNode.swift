// SPDX-License-Identifier: Apache-2.0

import Archive
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A running node: owns a data directory, listens for associations and for its administrator.
package struct DICOMNode: Sendable {
  /// What a node says of itself when it is ready.
  package struct Started: Sendable {
    package let address: String
    package let port: Int
    /// The TLS port, if there is one.
    package let tlsPort: Int?
    package let hasNoPeers: Bool
  }

  private let configuration: NodeConfiguration
  private let logger: Logger
  private let whenStarted: @Sendable (Started) async -> Void

  package init(
    configuration: NodeConfiguration, logger: Logger, whenStarted: @escaping @Sendable (Started) async -> Void
  ) {
    self.configuration = configuration
    self.logger = logger
    self.whenStarted = whenStarted
  }

  /// Serves until a graceful shutdown or cancellation; open associations get the grace period to finish.
  package func run() async throws {
    let archive = try Archive.open(directory: configuration.directory)
    do {
      try await serve(archive)
    } catch {
      try? await archive.close()
      throw error
    }
    try await archive.close()
    logger.info("stopped")
  }

  private func serve(_ archive: Archive) async throws {
    let listener = try await AssociationListener(configuration: configuration, archive: archive, logger: logger)
    let secure = try await AssociationListener.forTLS(configuration: configuration, archive: archive, logger: logger)
    let control = ControlServer(
      directory: configuration.directory, operations: OperationPerformer(archive: archive), logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await control.run() }
      let peers = try await archive.administration(as: .current).peers()
      await whenStarted(
        Started(address: listener.address, port: listener.port, tlsPort: secure?.port, hasNoPeers: peers.isEmpty))
      group.addTask {
        async let secured: Void? = secure?.run()
        try await listener.run()
        _ = try await secured
      }
      // The listeners end on a graceful shutdown; the control socket only with the node.
      try await group.next()
      group.cancelAll()
    }
  }
}

extension DICOMNode: Service {}
