// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Foundation

/// Operations on peers, groups of them, and grants.
struct PeerOperations {
  let administration: Administration

  func result(of operation: Operation) async throws -> OperationResult {
    switch operation {
    case .addPeer(let draft):
      let peer = try Peer(draft)
      try await administration.addPeer(peer)
      return .done(Self.sentence(on: peer, from: draft.addresses))
    case .listPeers:
      return .peers(try await administration.peers().map(PeerListing.init))
    case .setPeer(let name, let change):
      try await administration.changePeer(name) { try Peer(change.draft(from: $0), before: $0.profile) }
      return .done("'\(name)' is changed, from its next association on.")
    case .setAnswers(let peer, let most, let characterSet):
      try await administration.setAnswers(peer, most: most, characterSet: characterSet)
      return .done("'\(peer)' is answered so, from its next query on.")
    case .removePeer(let name):
      try await administration.removePeer(name)
      return .done("'\(name)' is no longer let in.")
    case .listKnocks:
      return .knocks(try await administration.knocks().map(KnockListing.init))
    case .addGroup(let name, let members):
      let before = try await administration.groups().first { $0.name == name }?.members ?? []
      try await administration.setGroup(name, members: members)
      let gone = before.filter { !members.contains($0) }
      return .done(
        "group '\(name)': \(members.isEmpty ? "nobody" : members.joined(separator: ", "))"
          + (gone.isEmpty ? "" : "; no longer \(gone.joined(separator: ", "))"))
    case .listGroups:
      return .groups(try await administration.groups().map(GroupListing.init))
    case .removeGroup(let name):
      try await administration.removeGroup(name)
      return .done("group '\(name)' is dissolved.")
    case .addGrant(let draft):
      let terms = try GrantTerms(draft, at: Date().timeIntervalSince1970)
      let grant = try await administration.addGrant(
        to: draft.to, terms, pending: draft.isPending, sharer: draft.sharer)
      let remarks = try await administration.remarks(on: grant, asked: terms)
      return .grant(GrantListing(grant, remarks: remarks), sentence: Self.sentence(on: grant))
    case .listGrants:
      return .grants(try await administration.listGrants().map(GrantListing.init))
    case .revokeGrant(let number):
      try await administration.revokeGrant(number)
      return .done("grant \(number) is revoked.")
    default:
      throw OperationError("this is not about peers, groups or grants")
    }
  }

  private static func sentence(on grant: Grant) -> String {
    let what = [grant.scope.description, grant.terms.narrowing.description].filter { !$0.isEmpty }
      .joined(separator: ": ")
    let time =
      (grant.terms.from.map { " from \(Moment.text($0))" } ?? "")
      + (grant.until.map { " until \(Moment.text($0))" } ?? "")
    if grant.terms.effect == .limits {
      return "grant \(grant.number): through '\(grant.grantee)' at most \(what) is seen\(time)."
    }
    guard grant.state == .pending else { return "grant \(grant.number): \(what) is open to '\(grant.grantee)'\(time)." }
    return
      "grant \(grant.number) is pending: \(what) for '\(grant.grantee)'. Once it is verified: collimator grant approve "
      + "\(grant.number)"
  }

  private static func sentence(on peer: Peer, from addresses: [String]) -> String {
    let may = "'\(peer.name)' may \(peer.rights.names.joined(separator: ", "))"
    let secured = peer.requiresTLS ? ", over TLS" : ""
    return switch peer.demand {
    case .aeTitleAlone: "\(may) from anywhere\(secured): anybody who says '\(peer.aeTitle)' is taken for it."
    case .aeTitleWithAddress: "\(may) from \(addresses.joined(separator: ", "))\(secured)."
    default: "\(may) from \(addresses.joined(separator: ", ")) with \(peer.demand)\(secured)."
    }
  }
}
