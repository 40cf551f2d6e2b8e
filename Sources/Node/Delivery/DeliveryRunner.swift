// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Logging
import ServiceClasses
import Synchronization

/// Brings to peers what is owed to them, as long as the node runs: reports of storage commitment, and objects that are sent
/// on. Each peer has its turn by itself, so that one that does not answer keeps nothing from the others.
struct DeliveryRunner: Sendable {
  private enum Turn: Hashable {
    case commitment(peer: Int64)
    case forwarding(peer: Int64)
  }

  /// Turns that go on, and until when a peer that was not reached is left alone.
  private struct State {
    var turns: Set<Turn> = []
    var pauses: [Turn: (until: ContinuousClock.Instant, failures: Int)] = [:]
  }

  private final class Turns: Sendable {
    let state = Mutex(State())
  }

  private static let mostTurns = 32
  private static let longestWait = 10.0

  private let archive: Archive
  private let services: NodeServices
  private let calls: PeerCalls
  private let logger: Logger
  private let alarm = Alarm()
  private let turns = Turns()

  init(archive: Archive, services: NodeServices, calls: PeerCalls, logger: Logger) {
    self.archive = archive
    self.services = services
    self.calls = calls
    self.logger = logger
  }

  /// Until the task is cancelled; what is on its way then is tried again after the next start.
  func run() async {
    let observation = archive.observeDeliveries { [alarm] in Task { await alarm.ring() } }
    defer { withExtendedLifetime(observation) {} }
    do { try await archive.wakeDeliveries() } catch { note(error) }
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        var wait = Self.longestWait
        do {
          try await beginTurns(&group)
          if let next = try await archive.secondsUntilNextDelivery() { wait = min(wait, max(next, isIdle ? 0.2 : 2)) }
        } catch {
          note(error)
        }
        await alarm.wait(atMost: .seconds(wait))
      }
      group.cancelAll()
    }
    await calls.kept?.close()
  }

  private var isIdle: Bool { turns.state.withLock { $0.turns.isEmpty && $0.pauses.isEmpty } }

  private func beginTurns(_ group: inout DiscardingTaskGroup) async throws {
    for (peer, numbers) in try await archive.commitments.due() where begin(.commitment(peer: peer)) {
      group.addTask { await during(.commitment(peer: peer)) { await report(numbers, to: peer) } }
    }
    for peer in try await archive.forwarding.destinationsDue() where begin(.forwarding(peer: peer)) {
      group.addTask { await during(.forwarding(peer: peer)) { await forward(to: peer) } }
    }
  }

  private func begin(_ turn: Turn) -> Bool {
    turns.state.withLock { state in
      if let pause = state.pauses[turn], pause.until > .now { return false }
      return state.turns.count < Self.mostTurns && state.turns.insert(turn).inserted
    }
  }

  private func during(_ turn: Turn, _ body: () async -> Void) async {
    await body()
    turns.state.withLock { _ = $0.turns.remove(turn) }
    await alarm.ring()
  }

  private func report(_ numbers: [Int64], to peer: Int64) async {
    do {
      let reporting = CommitmentReporting(
        archive: archive, service: services.commitment, calls: calls, logger: logger)
      switch try await reporting.report(numbers) {
      case .done: end(.commitment(peer: peer))
      case .givenUp: _ = pause(.commitment(peer: peer))
      }
    } catch {
      guard !Task.isCancelled else { return }
      note(error)
      _ = pause(.commitment(peer: peer))
    }
  }

  private func forward(to peer: Int64) async {
    do {
      let destination: MoveDestination
      switch try await archive.forwarding.destination(peer) {
      case .one(let found): destination = found
      case .unknown: return
      case .unusable(let why): return try await postpone(peer, why)
      }
      switch try await services.forwarding.send(to: destination, principal: peer, logger: logger) {
      case .sent(let count):
        end(.forwarding(peer: peer))
        if count > 0 { logger.info("sent on", metadata: ["to": "\(destination.peer.name)", "objects": "\(count)"]) }
      case .unreachable:
        if !Task.isCancelled { try await postpone(peer, "the destination cannot be reached") }
      }
    } catch {
      guard !Task.isCancelled else { return }
      note(error)
      // Where the index cannot be written the pause in memory holds all the same.
      try? await postpone(peer, "it cannot be read or recorded now: see the node's log")
    }
  }

  private func postpone(_ peer: Int64, _ why: String) async throws {
    try await archive.forwarding.postpone(peer, for: pause(.forwarding(peer: peer)), why)
  }

  /// Nothing of it is tried for a while, longer each time; in seconds.
  private func pause(_ turn: Turn) -> Double {
    turns.state.withLock { state in
      let failures = (state.pauses[turn]?.failures ?? 0) + 1
      let seconds = min(2 * Double(1 << min(failures, 9)), 600)
      state.pauses[turn] = (.now + .seconds(seconds), failures)
      return seconds
    }
  }

  private func end(_ turn: Turn) { turns.state.withLock { _ = $0.pauses.removeValue(forKey: turn) } }

  /// Somebody asked for what waits to be tried at once.
  func retry() async {
    turns.state.withLock { $0.pauses = [:] }
    await alarm.ring()
  }

  private func note(_ error: any Error) {
    logger.error("what is owed to peers cannot be looked up", metadata: ["error": "\(error)"])
  }
}
