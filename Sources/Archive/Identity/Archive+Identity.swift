// SPDX-License-Identifier: Apache-2.0

package import Access

extension Archive {
  /// Which peer has this title at this address; who calls through it, `verify` says.
  package func peer(callingAETitle: String, address: String) async throws -> PeerMatch {
    let peers = try await accessDirectory.entries().peersByTitle[callingAETitle] ?? []
    guard !peers.isEmpty else { return .unknownAETitle }
    // Where networks overlap, the narrower one says more.
    let matches = peers.compactMap { known in
      known.peer.addresses.filter { $0.contains(address) }.map(\.prefixLength).max().map { (known, $0) }
    }
    if let match = matches.max(by: { $0.1 < $1.1 })?.0 {
      return .matched(
        MatchedPeer(principal: match.principal, peer: match.peer, address: address, isAtItsAddress: true))
    }
    guard let excused = peers.first(where: { $0.peer.demand == .aeTitleAlone }) else { return .wrongAddress }
    return .matched(
      MatchedPeer(principal: excused.principal, peer: excused.peer, address: address, isAtItsAddress: false))
  }

  /// Who calls through a peer, from all that the association shows: the user identity, and the TLS certificate that the
  /// transport knows, where there are any. A refusal's words are for the log; the peer learns nothing but that it is rejected.
  package func verify(
    _ credentials: [Credential], over transport: Transport, peer: MatchedPeer
  ) async throws -> Result<Caller, IdentityRefusal> {
    do {
      // Signatures and certificates are a millisecond's work and more: none for the event loop that an association runs on.
      let isAnonymous = credentials.isEmpty && !transport.showsCertificate
      let (user, identity) = try await withTaskExecutorPreference(isAnonymous ? nil : globalConcurrentExecutor) {
        try await identities.identify(credentials, over: transport, peer: peer)
      }
      return .success(
        Caller(
          principal: user?.principal ?? peer.principal, peer: peer.principal, peerName: peer.peer.name,
          identity: identity, aeTitle: peer.peer.aeTitle.description, address: peer.address))
    } catch let refusal as IdentityRefusal {
      return .failure(refusal)
    }
  }

  /// What the caller may do at this moment; nothing once the peer was removed or the user locked.
  package func rights(of caller: Caller) async throws -> Rights {
    try await accessDirectory.entries().rights(of: caller.principal, through: caller.peer)
  }

  /// The same where it is known without asking; nil where it has to be asked for.
  package func knownRights(of caller: Caller) -> Rights? {
    accessDirectory.known?.rights(of: caller.principal, through: caller.peer)
  }

  /// How the peer through which somebody calls is answered.
  package func queryProfile(of caller: Caller) async throws -> QueryProfile {
    try await accessDirectory.entries().queryProfiles[caller.peer] ?? QueryProfile()
  }
}
