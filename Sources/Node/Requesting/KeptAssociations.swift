// SPDX-License-Identifier: Apache-2.0

import Archive
import DIMSE
import ServiceClasses
import Synchronization
import UpperLayer

/// The associations on which objects are sent on: each is kept for a while, so that a destination to which something goes now
/// and then costs no handshake for each object.
final class KeptAssociations: MoveConnecting {
  private struct State {
    /// All that are open or being opened, by what they are called.
    var all: [ObjectIdentifier: KeptAssociation] = [:]
    /// Of these, those that wait for something to do.
    var idle: Set<ObjectIdentifier> = []
    var isClosed = false
  }

  /// PS3.8 §9.3.2.2: odd context IDs up to 255.
  private static let mostContexts = 128
  /// Certificates and keys are read, and the peer is looked up, when an association is opened.
  private static let longestLife = Duration.seconds(600)
  /// What comes next may be many objects: the window is agreed on with the association.
  private static let operations = 8

  private let calls: PeerCalls
  private let idleTime: Duration
  private let state = Mutex(State())

  /// `idleTime`: zero keeps none.
  init(calls: PeerCalls, idleTime: Duration) {
    self.calls = calls
    self.idleTime = idleTime
  }

  func withAssociation(
    to destination: MoveDestination, proposing contexts: [ProposedPresentationContext], operations: Int,
    _ body: @escaping @Sendable (Association) async throws -> Void
  ) async throws {
    let node = try calls.node(destination)
    guard idleTime > .zero else {
      return try await node.withAssociation(proposing: contexts, operations: operations, body)
    }
    let (fitting, others) = take(node, contexts)
    if let fitting {
      do {
        return try await fitting.run(body)
      } catch  where !Task.isCancelled {
        throw StaleAssociation(cause: error)
      }
    }
    // A destination may take no more than one at a time.
    for other in others { await other.end() }
    let kept = KeptAssociation(
      with: node, proposing: Self.joined(others.last?.contexts ?? [], contexts),
      operations: max(operations, Self.operations), idleTime: idleTime)
    guard register(kept) else { throw CancellationError() }
    try await kept.begin(body) { [self] in
      free($0)
    } whenOver: { [self] in
      forget($0)
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

  /// One that is idle and proposed all of these; where there is none, those that are idle and did not.
  private func take(
    _ node: RemoteNode, _ contexts: [ProposedPresentationContext]
  ) -> (fitting: KeptAssociation?, others: [KeptAssociation]) {
    let needed = Set(contexts.map(Kind.init))
    return state.withLock { state in
      let idle = state.idle.compactMap { state.all[$0] }.filter { $0.node.isCalledLike(node) }
      let fitting = idle.first { kept in
        kept.age < Self.longestLife && needed.isSubset(of: kept.contexts.map(Kind.init))
      }
      let taken = fitting.map { [$0] } ?? idle
      state.idle.subtract(taken.map(ObjectIdentifier.init))
      return (fitting, fitting == nil ? taken : [])
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

  private func free(_ kept: KeptAssociation) {
    state.withLock { _ = $0.idle.insert(ObjectIdentifier(kept)) }
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
    guard joined.count <= mostContexts else { return new }
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
