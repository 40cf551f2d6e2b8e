// SPDX-License-Identifier: Apache-2.0

package import Archive
package import Logging
import NIOCore

/// Sends on what arrived, as the destination itself: what its own grants do not open is not sent to it.
package struct ForwardingService: Sendable {
  /// Of one destination at a time; the next come when these are done.
  private static let mostAtOnce = 1000

  private let archive: Archive
  private let conversion: ObjectConversion
  private let connecting: any MoveConnecting

  package init(archive: Archive, conversion: ObjectConversion, connecting: any MoveConnecting) {
    self.archive = archive
    self.conversion = conversion
    self.connecting = connecting
  }

  package enum Outcome: Sendable {
    /// With how many were sent; there may be more.
    case sent(Int)
    case unreachable
  }

  /// Some of what waits for a destination. Throws where the queue cannot be read or written.
  package func send(to destination: MoveDestination, principal: Int64, logger: Logger) async throws -> Outcome {
    let jobs = try await archive.forwarding.due(to: principal, atMost: Self.mostAtOnce)
    let open = try await archive.forwarding.open(jobs, to: destination)
    guard !open.objects.isEmpty else { return .sent(0) }
    let operations = ForwardingOperations(
      open, to: destination, archive: archive, conversion: conversion, logger: logger)
    let transfer = MoveTransfer(
      operations: operations, instances: open.objects.map(\.instance), destination: destination, originator: nil,
      connecting: connecting,
      // What is not answered then goes once more after the next start.
      lastAnswersWithin: .seconds(1))
    do {
      try await transfer.run()
    } catch {
      try? await Task { try await operations.record.end() }.value
      throw error
    }
    // What went is recorded also where the node stops.
    try await Task { try await operations.record.end() }.value
    return operations.isUnreachable ? .unreachable : .sent(operations.sent)
  }
}
