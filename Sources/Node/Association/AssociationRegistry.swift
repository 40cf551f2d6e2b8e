// SPDX-License-Identifier: Apache-2.0

import Access
import DIMSE
import Foundation
import NIOCore
import Synchronization
import UpperLayer

/// The connections that are open and the associations on them: counted against the limits, shown to an administrator, and
/// ended when the node stops. Remembers the last ones that were refused.
final class AssociationRegistry: Sendable {
  typealias ID = UInt64

  enum Refusal: Sendable, Equatable {
    case nodeIsFull(limit: Int, reserved: Int)
    case peerIsFull(limit: Int)

    var description: String {
      switch self {
      case .nodeIsFull(let limit, 0): "this node has \(limit) associations, and takes no more for now"
      case .nodeIsFull(let limit, let reserved):
        "of this node's \(limit) associations \(reserved) are reserved for callers on this machine, and all others are taken"
      case .peerIsFull(let limit): "this peer has \(limit) associations, and gets no more for now"
      }
    }
  }

  private struct Connection {
    let channel: any Channel
    var task: Task<Void, Never>?
    var live: LiveAssociation
    /// Requests that were taken.
    var operations: [CommandField: Int] = [:]
    var isAdmitted = false
    /// Under which it is counted until it says who it is; nil for this machine, and once it did.
    var origin: String?

    var shown: LiveAssociation {
      var live = live
      for (operation, count) in operations { live.operations["\(operation)"] = count }
      return live
    }
  }

  private struct State {
    var lastID: ID = 0
    var connections: [ID: Connection] = [:]
    /// Connections that have yet to say who they are, by where they come from.
    var silent: [String: Int] = [:]
    var admitted = 0
    var admittedByPeer: [String: Int] = [:]
    var refused: [RefusedAssociation] = []
    var accepted = 0
    var refusals = 0
    var waiting: [CheckedContinuation<Void, Never>] = []

    mutating func forgetOrigin(of id: ID) {
      guard let origin = connections[id]?.origin else { return }
      connections[id]?.origin = nil
      let left = silent[origin, default: 1] - 1
      silent[origin] = left > 0 ? left : nil
    }

    mutating func giveUpPlace(of id: ID) {
      guard connections[id]?.isAdmitted == true, let peer = connections[id]?.live.peer else { return }
      connections[id]?.isAdmitted = false
      admitted -= 1
      let left = admittedByPeer[peer, default: 1] - 1
      admittedByPeer[peer] = left > 0 ? left : nil
    }
  }

  private static let refusedToRemember = 100

  private let limits: AssociationLimits
  private let state = Mutex(State())
  /// For retrieves of peers.
  let retrieves: Places
  /// For associations that this node opens.
  let calls: Places

  init(limits: AssociationLimits) {
    self.limits = limits
    retrieves = Places(all: limits.retrieves, perPeer: limits.retrievesPerPeer)
    calls = Places(all: limits.calls, perPeer: limits.callsPerPeer)
  }

  /// nil where there are too many connections already.
  func open(_ channel: any Channel, from address: String) -> ID? {
    let origin = Self.origin(of: address)
    return state.withLock { state in
      if let origin, state.silent[origin, default: 0] >= limits.connectionsPerAddress { return nil }
      guard state.connections.count < places(of: limits.connections, for: address) else { return nil }
      state.lastID += 1
      state.connections[state.lastID] = Connection(
        channel: channel, live: LiveAssociation(id: state.lastID, address: address, since: Date()), origin: origin)
      if let origin { state.silent[origin, default: 0] += 1 }
      return state.lastID
    }
  }

  /// Why `open` found no place.
  func connectionRefusal(from address: String) -> String {
    let isTooMany = state.withLock { state in
      Self.origin(of: address).map { state.silent[$0, default: 0] >= limits.connectionsPerAddress } ?? false
    }
    if isTooMany { return "\(limits.connectionsPerAddress) connections from this address have not said who they are" }
    let reserved = reserve(for: address)
    guard reserved > 0 else { return "this node has \(limits.connections) connections, and takes no more for now" }
    return
      "of this node's \(limits.connections) connections \(reserved) are reserved for callers on this machine, and all "
      + "others are taken"
  }

  private static func origin(of address: String) -> String? {
    AddressKind.isThisMachine(address) ? nil : Network(around: address)?.description ?? address
  }

  private func places(of all: Int, for address: String) -> Int {
    max(all - reserve(for: address), 0)
  }

  /// An administrator on this machine finds a place when all others have none.
  private func reserve(for address: String) -> Int {
    AddressKind.isThisMachine(address) ? 0 : limits.reserved
  }

  /// The task ends the connection when it is cancelled.
  func attach(_ task: Task<Void, Never>, to id: ID) {
    let isOver = state.withLock { state in
      state.connections[id]?.task = task
      return state.connections[id] == nil
    }
    if isOver { task.cancel() }
  }

  /// Counts an association of a peer; nil where it has a place.
  func admit(_ id: ID, peer: String, identity: String = "", request: AssociateRQ, contexts: String) -> Refusal? {
    state.withLock { state in
      state.forgetOrigin(of: id)
      guard var connection = state.connections[id] else { return nil }
      guard state.admitted < places(of: limits.associations, for: connection.live.address) else {
        return .nodeIsFull(limit: limits.associations, reserved: reserve(for: connection.live.address))
      }
      guard state.admittedByPeer[peer, default: 0] < limits.associationsPerPeer else {
        return .peerIsFull(limit: limits.associationsPerPeer)
      }
      state.admitted += 1
      state.admittedByPeer[peer, default: 0] += 1
      state.accepted += 1
      connection.isAdmitted = true
      connection.live.peer = peer
      connection.live.identity = identity
      connection.live.callingAETitle = request.callingAETitle.printable
      connection.live.contexts = contexts
      state.connections[id] = connection
      return nil
    }
  }

  func note(_ operation: CommandField, on id: ID) {
    state.withLock { state in
      state.connections[id]?.operations[operation, default: 0] += 1
    }
  }

  func refuse(_ refusal: RefusedAssociation) {
    state.withLock { state in
      state.refusals += 1
      state.refused.append(refusal)
      if state.refused.count > Self.refusedToRemember { state.refused.removeFirst() }
    }
  }

  /// The association is over. A peer that leaves its connection open, until ARTIM closes it, holds no place by that.
  func end(_ id: ID) {
    state.withLock { $0.giveUpPlace(of: id) }
  }

  func close(_ id: ID) {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.giveUpPlace(of: id)
      state.forgetOrigin(of: id)
      guard state.connections.removeValue(forKey: id) != nil else { return [] }
      guard state.connections.isEmpty else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when no connection is open.
  func drained() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        if !state.connections.isEmpty { state.waiting.append(continuation) }
        return state.connections.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }

  /// Each peer is told; one that does not read is hung up on all the same.
  func abortAll() {
    let connections = state.withLock { Array($0.connections.values) }
    for connection in connections {
      connection.task?.cancel()
      connection.channel.writeAndFlush(DIMSERequest.abort(.byUser), promise: nil)
      connection.channel.close(promise: nil)
    }
  }

  var listing: AssociationListing {
    state.withLock { state in
      let live = state.connections.values.filter(\.isAdmitted).map(\.shown)
      return AssociationListing(
        live: live.sorted { $0.id < $1.id }, refused: state.refused.reversed(), connections: state.connections.count,
        accepted: state.accepted, refusals: state.refusals, limits: limits)
    }
  }
}
