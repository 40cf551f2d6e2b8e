// SPDX-License-Identifier: Apache-2.0

package import Access
package import Foundation

/// What an administrator may ask of a data directory. The same value travels through the control socket of a running node
/// and is performed directly when no node holds the directory.
package enum Operation: Codable, Sendable {
  case addPeer(PeerDraft)
  case listPeers
  case setPeer(name: String, PeerChange)
  /// How a peer's queries are answered: see `Administration.setAnswers`.
  case setAnswers(peer: String, most: Int?, characterSet: [String]?)
  case removePeer(name: String)
  case listKnocks
  case addGroup(name: String, members: [String])
  case listGroups
  case removeGroup(name: String)
  case addGrant(GrantDraft)
  case listGrants
  case revokeGrant(number: Int)
  /// About who may see what.
  case access(AccessOperation)
  case sharing(SharingOperation)
  case addUser(UserDraft)
  case listUsers
  case setPassword(Secret, user: String)
  /// The certificate in PEM.
  case addCertificate(String, user: String)
  case removeCertificate(fingerprint: String, user: String)
  case lockUser(name: String)
  case unlockUser(name: String)
  case removeUser(name: String)
  case addIssuer(IssuerDraft)
  case listIssuers
  case removeIssuer(name: String)
  /// `issuer`: of Patient IDs that name none.
  case importFile(path: String, issuer: String?)
  /// About what is owed to peers, and about other archives.
  case deliveries(DeliveriesOperation)
  /// About what is stored.
  case records(RecordsOperation)
  /// With all that is stored.
  case archive(ArchiveOperation)
  case picture(PictureOrder)
  /// Of a running node alone.
  case status
  /// Of a running node alone: reads the certificates anew.
  case reload
  /// Of a running node alone: leaves the directory to a command, see `StandingAside`.
  case standAside
}

/// What came of an operation: listings that print as a table or as JSON.
package enum OperationResult: Codable, Sendable {
  case done(String)
  /// The node stands aside; `within`: seconds that it takes at most to end its associations.
  case standsAside(within: Int)
  case peers([PeerListing])
  case knocks([KnockListing])
  case groups([GroupListing])
  case grants([GrantListing])
  /// One that was just given, with a sentence on it.
  case grant(GrantListing, sentence: String)
  case access(AccessResult)
  case sharing(SharingResult)
  case imported(ImportOutcome)
  case users([UserListing])
  case issuers([IssuerListing])
  case deliveries(DeliveriesResult)
  case records(RecordsResult)
  case status(NodeStatus)
  case archive(ArchiveOperationResult)
  /// A PNG or a JPEG.
  case picture(Data)
}

package struct PeerDraft: Codable, Sendable {
  package let name: String?
  package let aeTitle: String
  package let addresses: [String]
  package let port: Int?
  package let may: [String]
  package let acceptsPrivateSOPClasses: Bool
  package let requiresTLS: Bool
  /// One of title, address, password, token, certificate.
  package let demand: String
  package let allowsCleartextPasswords: Bool
  package let issuer: String?
  package let hasOddTitles: Bool
  package let profile: PeerProfileChange

  package init(
    name: String?, aeTitle: String, addresses: [String], port: Int?, may: [String], acceptsPrivateSOPClasses: Bool,
    requiresTLS: Bool = false, demand: String = "address", allowsCleartextPasswords: Bool = false,
    issuer: String? = nil, hasOddTitles: Bool = false, profile: PeerProfileChange = PeerProfileChange()
  ) {
    self.profile = profile
    self.demand = demand
    self.allowsCleartextPasswords = allowsCleartextPasswords
    self.name = name
    self.aeTitle = aeTitle
    self.addresses = addresses
    self.port = port
    self.may = may
    self.acceptsPrivateSOPClasses = acceptsPrivateSOPClasses
    self.requiresTLS = requiresTLS
    self.issuer = issuer
    self.hasOddTitles = hasOddTitles
  }
}

package struct PeerListing: Codable, Sendable {
  package let name: String
  package let aeTitle: String
  package let addresses: [String]
  package let port: Int?
  package let may: [String]
  package let acceptsPrivateSOPClasses: Bool
  package let requiresTLS: Bool
  package let demand: String
  package let allowsCleartextPasswords: Bool
  package let issuer: String?
  package let hasOddTitles: Bool
  package let profile: PeerProfile
}

package struct KnockListing: Codable, Sendable {
  package let callingAETitle: String
  package let calledAETitle: String
  package let address: String
  package let reason: String
  package let count: Int
  package let last: String
}

package struct GroupListing: Codable, Sendable {
  package let name: String
  /// Who belong to it now.
  package let members: [String]
  /// Those, and who will, with the days that are known.
  package let memberships: [MembershipListing]
  /// practice, clinic or department.
  package let kind: String?
}

/// A member of a group, or the group of a member.
package struct MembershipListing: Codable, Sendable {
  package let name: String
  package let from: String?
  package let until: String?
  /// It begins later.
  package let isToCome: Bool

  /// The days that matter from now on.
  package var words: String {
    let days = [isToCome ? from.map { "from \($0)" } : nil, until.map { "until \($0)" }].compactMap(\.self)
    return days.isEmpty ? name : "\(name) (\(days.joined(separator: " ")))"
  }
}

package struct ImportOutcome: Codable, Sendable {
  package enum Kind: String, Codable, Sendable { case stored, alreadyStored, refused }

  package let kind: Kind
  /// Why it was refused, or what is odd about what was kept.
  package let remarks: [String]

  package init(kind: Kind, remarks: [String]) {
    self.kind = kind
    self.remarks = remarks
  }
}

/// An operation that could not be performed, in one sentence for the person who asked for it.
package struct OperationError: Error, Codable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
