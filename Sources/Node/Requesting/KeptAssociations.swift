// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE
import NIOCore
import ServiceClasses
import Synchronization
import UpperLayer

/// The associations on which objects are sent on: each is kept for a while, so that a destination to which something goes now
/// and then costs no handshake for each object. Each has its place among the calls as long as it is open, and gives way where
/// somebody waits for one.
final class KeptAssociations: MoveConnecting {
  private struct State {
    /// All that are open or being opened, by what they are called.
    var all: [ObjectIdentifier: KeptAssociation] = [:]
    /// Of these, those that wait for something to do.
    var idle: Set<ObjectIdentifier> = []
    var isClosed = false
  }

  /// Certificates and keys are read, and the peer is looked up, when an association is opened.
  private static let longestLife = Duration.seconds(600)
  /// Of what is opened for many objects, more may come next: the window is agreed on with the association.
  private static let operations = 8

  private let calls: PeerCalls
  private let idleTime: Duration
  private let state = Mutex(State())

  /// `idleTime`: zero keeps none.
  init(calls: PeerCalls, idleTime: Duration) {
    self.calls = calls
    self.idleTime = idleTime
    calls.places?.whenAwaited { [weak self] peer in
      for kept in self?.takeIdle(where: { peer == nil || $0.peer == peer }) ?? [] { kept.leave() }
    }
  }

  var associationsPerPeer: Int { calls.associationsPerPeer }

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: @escaping @Sendable (Association) async throws -> Void
  ) async throws {
    let node = try calls.node(destination)
    guard idleTime > .zero else {
      return try await calls.withAssociation(to: destination, proposing: contexts, operations: operations, body)
    }
    if let fitting = take(node, contexts, operations) {
      do {
        return try await fitting.run(body)
      } catch is KeptAssociation.Over {
        // Nothing was tried on it.
        await fitting.end()
      } catch  where !Task.isCancelled && Self.isHangUp(error) {
        // Whoever hung up on one may have done so on all.
        await end(with: node)
        throw StaleAssociation(cause: error)
      }
    }
    // A destination may take no more than one at a time.
    let others = takeIdle { $0.node.isCalledLike(node) }
    for other in others { await other.end() }
    let kept = KeptAssociation(
      with: node, of: destination.peer.name, in: calls.places,
      proposing: Self.joined(others.last?.contexts ?? [], contexts), operations: operations > 1 ? Self.operations : 1,
      idleTime: idleTime)
    guard register(kept) else { throw CancellationError() }
    try await kept.begin(body) { [self] in
      free($0)
    } whenOver: { [self] in
      forget($0)
    }
  }

  /// Whether it is the peer that ended the association, as it may at any time; not that it gave no answer, or a wrong one.
  private static func isHangUp(_ error: any Error) -> Bool {
    switch error {
    case AssociationEnd.connectionClosed, AssociationEnd.abortedByPeer: true
    default: error is IOError || error is ChannelError || (error as? ServiceFailure)?.isUnanswered == true
    }
  }

  /// Ends what is idle with a node that is called for something else.
  func end(with node: RemoteNode) async {
    for kept in takeIdle(where: { $0.node.isCalledLike(node) }) { await kept.end() }
  }

  /// Ends all; nothing is opened afterwards.
  func close() async {
    let all = state.withLock { state in
      state.isClosed = true
      return Array(state.all.values)
    }
    for kept in all { kept.cancel() }
    for kept in all { await kept.end() }
  }

  /// One that is idle and proposed all of these, and a window where there is need of one.
  private func take(
    _ node: RemoteNode, _ contexts: [ProposedPresentationContext], _ operations: Int
  ) -> KeptAssociation? {
    let needed = Set(contexts.map(Kind.init))
    return state.withLock { state in
      let fitting = state.idle.compactMap { state.all[$0] }.first { kept in
        kept.node.isCalledLike(node) && kept.age < Self.longestLife && (operations == 1 || kept.operations > 1)
          && needed.isSubset(of: kept.contexts.map(Kind.init))
      }
      if let fitting { state.idle.remove(ObjectIdentifier(fitting)) }
      return fitting
    }
  }

  private func takeIdle(where isTaken: (KeptAssociation) -> Bool) -> [KeptAssociation] {
    state.withLock { state in
      let taken = state.idle.compactMap { state.all[$0] }.filter(isTaken)
      state.idle.subtract(taken.map(ObjectIdentifier.init))
      return taken
    }
  }

  private func register(_ kept: KeptAssociation) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.all[ObjectIdentifier(kept)] = kept
      return true
    }
  }

  /// False where somebody else needs its place.
  private func free(_ kept: KeptAssociation) -> Bool {
    state.withLock { _ = $0.idle.insert(ObjectIdentifier(kept)) }
    // Asked once it can be found: whoever begins to wait behind this looks for it.
    guard calls.places?.isAwaited(withOneOf: kept.peer) == true else { return true }
    return state.withLock { $0.idle.remove(ObjectIdentifier(kept)) } == nil
  }

  private func forget(_ kept: KeptAssociation) {
    state.withLock { state in
      state.all[ObjectIdentifier(kept)] = nil
      state.idle.remove(ObjectIdentifier(kept))
    }
  }

  /// What takes turns on one association needs the contexts of both.
  private static func joined(
    _ old: [ProposedPresentationContext], _ new: [ProposedPresentationContext]
  ) -> [ProposedPresentationContext] {
    let needed = Set(new.map(Kind.init))
    let joined = new + old.filter { !needed.contains(Kind($0)) }
    guard joined.count <= ProposedPresentationContext.mostOnOneAssociation else { return new }
    return joined.enumerated().map { index, context in
      ProposedPresentationContext(
        id: UInt8(truncatingIfNeeded: 2 * index + 1), abstractSyntax: context.abstractSyntax,
        transferSyntaxes: context.transferSyntaxes)
    }
  }

  /// A presentation context whatever its ID.
  private struct Kind: Hashable {
    let abstractSyntax: String
    let transferSyntaxes: [String]

    init(_ context: ProposedPresentationContext) {
      abstractSyntax = context.abstractSyntax
      transferSyntaxes = context.transferSyntaxes
    }
  }
}

extension RemoteNode {
  /// Whether an association with one is one with the other.
  fileprivate func isCalledLike(_ other: RemoteNode) -> Bool {
    host == other.host && port == other.port && calledAETitle == other.calledAETitle
      && callingAETitle == other.callingAETitle && tls == other.tls
  }
}
