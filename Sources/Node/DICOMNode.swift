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
    let archive = try Archive.open(directory: configuration.directory, options: configuration.archive)
    report(archive.recovery)
    do {
      try await serve(archive)
    } catch {
      try? await archive.close()
      throw error
    }
    try await archive.close()
    logger.info("stopped")
  }

  private func report(_ recovery: RecoveryReport) {
    guard !recovery.isEmpty else { return }
    logger.notice(
      "what an unfinished stop left behind is set right",
      metadata: [
        "swept": "\(recovery.swept)", "indexed": "\(recovery.indexed)", "quarantined": "\(recovery.quarantined)",
        "missing": "\(recovery.missing)",
      ])
  }

  private func serve(_ archive: Archive) async throws {
    let registry = AssociationRegistry(limits: configuration.associationLimits)
    let listener = try await AssociationListener(
      configuration: configuration, archive: archive, registry: registry, logger: logger)
    let aeTitle = configuration.aeTitle
    let operations = OperationPerformer(archive: archive) {
      NodeStatus(
        aeTitle: aeTitle, address: listener.address, port: listener.port, associations: registry.listing,
        readOnly: archive.reasonForReadOnly)
    }
    let control = ControlServer(directory: configuration.directory, operations: operations, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await control.run() }
      group.addTask { try await keepKnocks(of: archive) }
      group.addTask { try await keepChecking(archive) }
      let peers = try await archive.administration(as: .current).peers()
      await whenStarted(
        Started(address: listener.address, port: listener.port, hasNoPeers: peers.isEmpty))
      group.addTask { try await listener.run() }
      // The listener ends on a graceful shutdown; the control socket only with the node.
      try await group.next()
      group.cancelAll()
    }
  }

  private func keepChecking(_ archive: Archive) async throws {
    try await configuration.checks.run(on: archive, logger: logger)
    // A task that ended would end the node.
    try await Task.sleep(for: .seconds(1 << 40))
  }

  /// A failing disk is no reason to end: what was turned away is counted on.
  private func keepKnocks(of archive: Archive) async throws {
    while true {
      try await Task.sleep(for: .seconds(5))
      do {
        try await archive.writeKnocks()
      } catch {
        logger.error("who was turned away could not be written down", metadata: ["error": "\(error)"])
      }
    }
  }
}

extension DICOMNode: Service {}
