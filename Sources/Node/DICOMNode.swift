// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
package import Logging
import NIOCore
import NIOPosix
import PixelCodecs
import ServiceClasses
import ServiceLifecycle
import Synchronization

/// A running node: owns a data directory, listens for associations and for its administrator.
package struct DICOMNode: Sendable {
  /// What a node says of itself when it is ready.
  package struct Started: Sendable {
    package let address: String
    package let port: Int
    /// nil where there is no TLS port.
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

  /// Serves until a graceful shutdown or cancellation; open associations get the grace period to finish. While another archive
  /// is brought to the directory it stands aside. What is in the way of its first start ends it; what is in the way of serving
  /// again, such as a restore that did not come to its end, it waits for.
  package func run() async throws {
    var node = self
    var attempts = 0
    while true {
      let aside = StandingAside()
      let ready = Mutex<Started?>(nil)
      do {
        try await node.serve(standingAsideFor: aside) { [whenStarted = node.whenStarted] started in
          ready.withLock { $0 = started }
          await whenStarted(started)
        }
        guard aside.isAsked, let started = ready.withLock({ $0 }) else { break }
        logger.notice("stands aside while another archive is brought to its data directory")
        node = DICOMNode(configuration: configuration.keepingPorts(of: started), logger: logger) { [logger] _ in
          logger.notice("serves what is there now")
        }
        attempts = 1
      } catch {
        guard attempts > 0, ready.withLock({ $0 }) == nil else { throw error }
        logger.error("cannot serve what is there, and tries again", metadata: ["error": "\(error)"])
        attempts += 1
      }
      guard await StandingAside.hasPassed(Self.pause(before: attempts)),
        await StandingAside.isOver(in: configuration.directory, logger: logger)
      else { break }
    }
    logger.info("stopped")
  }

  /// Longer and longer, up to half a minute.
  private static func pause(before attempt: Int) -> Duration {
    attempt < 2 ? .zero : .milliseconds(min(100 << min(attempt, 10), 30_000))
  }

  /// From when the archive is opened until it is closed.
  private func serve(
    standingAsideFor aside: StandingAside, whenStarted: @Sendable @escaping (Started) async -> Void
  ) async throws {
    let limits = try associationLimits(within: OpenFileLimit.raise())
    // One for all that this node decodes: processes and memory are bounded in all.
    let codecs = CodecPool()
    var options = configuration.archive
    options.samples = DecodedSamples(codecs: codecs)
    let archive = try Archive.open(
      directory: configuration.directory, options: options, identity: configuration.identity)
    report(archive.recovery)
    do {
      // A new server gets what is recorded from this start on, and that it was a start.
      if let destination = configuration.audit.destination {
        _ = try await archive.forwardedPosition(to: destination.description)
      }
      await archive.recordStart(with: configuration.settings)
      try await serve(archive, limits, codecs, aside, whenStarted)
    } catch {
      archive.audit.note(
        AuditEntry(at: archive.audit.time, .node, "node stopped", .failed, by: .node, detail: "\(error)"))
      try? await archive.close()
      throw error
    }
    archive.audit.note(AuditEntry(at: archive.audit.time, .node, "node stopped", by: .node))
    try await archive.close()
  }

  private func associationLimits(within descriptors: Int) throws -> AssociationLimits {
    var limits = configuration.associationLimits
    let wished = limits.connections
    limits.connections = OpenFileLimit.connections(atMost: wished, of: descriptors)
    if limits.connections < wished {
      logger.warning(
        "this process may open \(descriptors) files, too few for \(wished) connections: it takes \(limits.connections)",
        metadata: ["remedy": "raise the hard limit: LimitNOFILE= in a systemd unit, ulimit -Hn in a shell"])
    }
    try limits.requirePlaces(forCallersOf: configuration.bindAddress)
    return limits
  }

  private func report(_ recovery: RecoveryReport) {
    guard !recovery.isEmpty else { return }
    if recovery.leavesFilesOut {
      logger.error(
        """
        the index was lost: it knows none of the files in 'instances', and nothing of them is found until it is set right: \
        collimator restore FOLDER brings back a backup's, with its grants, holds and deletions; collimator reindex reads \
        the files alone
        """)
    } else if recovery.isIndexLost {
      logger.warning(
        """
        the index was lost and is made anew from the files: what no file says, such as grants, holds, deletions and \
        corrections, comes back from a backup alone (collimator restore FOLDER)
        """)
    }
    logger.notice(
      "what an unfinished stop left behind is set right",
      metadata: [
        "swept": "\(recovery.swept)", "indexed": "\(recovery.indexed)", "quarantined": "\(recovery.quarantined)",
        "missing": "\(recovery.missing)",
      ])
  }

  private func serve(
    _ archive: Archive, _ limits: AssociationLimits, _ codecs: CodecPool, _ aside: StandingAside,
    _ whenStarted: @Sendable (Started) async -> Void
  ) async throws {
    let registry = AssociationRegistry(limits: limits)
    let conversion = ObjectConversion(codecs: codecs)
    let alone = PeerCalls(
      callingAETitle: configuration.aeTitle, places: registry.calls, answersWithin: configuration.answersWithin)
    let calls = PeerCalls(
      callingAETitle: configuration.aeTitle,
      kept: KeptAssociations(calls: alone, idleTime: configuration.associationKeepTime), places: registry.calls,
      answersWithin: configuration.answersWithin)
    let tls = try await TLSServer.start(configuration.tls, logger: logger)
    let secure: AssociationListener? =
      if let tls {
        try await AssociationListener(
          configuration: configuration, archive: archive, registry: registry, logger: logger, conversion: conversion,
          calls: calls, tls: tls)
      } else { nil }
    let listener = try await AssociationListener(
      configuration: configuration, archive: archive, registry: registry, logger: logger, conversion: conversion,
      calls: calls, tlsPort: secure?.port)
    let forwarder = try await AuditForwarder(
      configuration.audit, source: configuration.aeTitle, archive: archive, logger: logger)
    let deliveries = DeliveryRunner(
      archive: archive,
      services: NodeServices(
        configuration: configuration, archive: archive, conversion: conversion, calls: calls,
        retrieves: registry.retrieves),
      calls: calls, logger: logger)
    let operations = operations(archive, codecs, registry, limits, listener, secure, tls, forwarder, deliveries, aside)
    // Before anybody hears that the node has started: a command that finds no socket would take the node for down.
    let control = try await ControlServer(
      directory: configuration.directory, operations: operations, logger: logger)
    try await besideHousework(control, forwarder, deliveries, archive, codecs) {
      let peers = try await archive.administration(as: .current).peers()
      await whenStarted(
        Started(address: listener.address, port: listener.port, tlsPort: secure?.port, hasNoPeers: peers.isEmpty))
      // The listeners end on a graceful shutdown; all else only with the node.
      async let secured: Void? = secure?.run(until: aside)
      try await listener.run(until: aside)
      _ = try await secured
    }
  }

  /// What goes on for as long as the node serves, and ends with that.
  private func besideHousework(
    _ control: ControlServer, _ forwarder: AuditForwarder?, _ deliveries: DeliveryRunner, _ archive: Archive,
    _ codecs: CodecPool, _ serving: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await control.run() }
      group.addTask { try await keepHouse(of: archive) }
      group.addTask(priority: .background) {
        let pictures = archive.pictures(as: .current)
        await ThumbnailService(maker: PictureMaker(pictures: pictures, codecs: codecs.at(.background)), logger: logger)
          .run()
      }
      group.addTask { try await forwarder?.run() }
      group.addTask { try await configuration.audit.prune(archive, logger: logger) }
      group.addTask { await deliveries.run() }
      group.addTask { try await configuration.checks.run(on: archive, logger: logger) }
      try await serving()
      group.cancelAll()
    }
  }

  private func operations(
    _ archive: Archive, _ codecs: CodecPool, _ registry: AssociationRegistry, _ limits: AssociationLimits,
    _ listener: AssociationListener, _ secure: AssociationListener?, _ tls: TLSServer?, _ forwarder: AuditForwarder?,
    _ deliveries: DeliveryRunner, _ aside: StandingAside
  ) -> OperationPerformer {
    let (aeTitle, upperLayerLimits) = (configuration.aeTitle, configuration.limits)
    let handshakeTimeout = configuration.tls?.handshakeTimeout
    let answersWithin = configuration.answersWithin
    return OperationPerformer(
      archive: archive, codecs: codecs, aeTitle: aeTitle, retryDeliveries: { await deliveries.retry() },
      status: {
        let listing = registry.listing
        return NodeStatus(
          aeTitle: aeTitle, address: listener.address, port: listener.port,
          tls: secure.map { NodeStatus.TLS(port: $0.port, certificateExpires: tls?.certificateExpires) },
          associations: listing,
          limits: LimitsInEffect(
            upperLayerLimits, limits, tlsHandshakeTimeout: handshakeTimeout, answersWithin: answersWithin,
            registry: registry, listing: listing),
          readOnly: archive.reasonForReadOnly, space: archive.space,
          audit: AuditStatus(failure: archive.audit.failure?.description, forwarding: forwarder?.status),
          aside: try? await archive.countAside())
      },
      reload: {
        archive.audit.note(AuditEntry(at: archive.audit.time, .node, "certificates read anew", by: .node))
        guard let tls else { return "There is no TLS port, and nothing else to read anew." }
        return try await tls.reload()
      },
      gracePeriod: configuration.gracePeriod, standAside: { aside.ask() })
  }

  /// A failing disk is no reason to end: what was turned away is counted on.
  private func keepHouse(of archive: Archive) async throws {
    var told = Int64(0)
    while true {
      try await Task.sleep(for: .seconds(5))
      do {
        try await archive.keepHouse()
        told = try await tellOfWhatIsAside(in: archive, after: told)
      } catch {
        logger.error("what was noted could not be written down", metadata: ["error": "\(error)"])
      }
    }
  }
}

extension DICOMNode {
  /// Whoever sent it hears nothing of it, and the administrator does: a line for all that came since the last one.
  private func tellOfWhatIsAside(in archive: Archive, after last: Int64) async throws -> Int64 {
    let news = try await archive.newsAside(after: last)
    guard !news.senders.isEmpty else { return news.last }
    let senders = news.senders.sorted { $0.key < $1.key }.prefix(10).map { "'\($0.key)' (\($0.value))" }
    logger.warning(
      "what came for studies that others began is kept aside, and nobody else sees it: see collimator aside list",
      metadata: [
        "studies": "\(news.senders.values.reduce(0, +))", "from": "\(senders.joined(separator: ", "))",
      ])
    return news.last
  }
}

extension DICOMNode: Service {}
