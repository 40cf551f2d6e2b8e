// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import Foundation

extension Peer {
  /// Throws what is wrong with a draft, in words.
  init(_ draft: PeerDraft, before: PeerProfile = PeerProfile()) throws(OperationError) {
    guard let aeTitle = draft.hasOddTitles ? AETitle(tolerating: draft.aeTitle) : AETitle(draft.aeTitle) else {
      throw OperationError(
        "'\(draft.aeTitle)' is no AE title: 1 to 16 characters of ASCII, no backslash (PS3.5 §6.2)"
          + (draft.hasOddTitles ? "" : "; --odd-titles takes what some devices say"))
    }
    guard let rights = Rights(names: draft.may), !rights.isEmpty else {
      throw OperationError("--may takes store, query, retrieve and add, separated by commas")
    }
    var networks: [Network] = []
    for address in draft.addresses {
      guard let network = Network(address) else {
        let meant = Network(enclosing: address).map { "; the network that it is in is \($0)" } ?? ""
        throw OperationError("'\(address)' is no address such as 10.0.4.17 and no network such as 10.0.4.0/24\(meant)")
      }
      networks.append(network)
    }
    let demand = try IdentityAssurance(word: draft.demand, of: "--demand")
    guard !networks.isEmpty || demand == .aeTitleAlone else {
      throw OperationError("say where the peer may come from: --address ADDRESS")
    }
    if let port = draft.port, !(1...65535).contains(port) {
      throw OperationError("\(port) is not a port (1 to 65535)")
    }
    self.init(
      name: draft.name ?? aeTitle.description, aeTitle: aeTitle, addresses: networks, port: draft.port,
      rights: rights, acceptsPrivateSOPClasses: draft.acceptsPrivateSOPClasses, requiresTLS: draft.requiresTLS,
      demand: demand, allowsCleartextPasswords: draft.allowsCleartextPasswords,
      issuer: draft.issuer.flatMap { $0.isEmpty ? nil : $0 }, hasOddTitles: draft.hasOddTitles,
      profile: try draft.profile.applied(to: before))
  }
}

extension PeerListing {
  init(_ peer: Peer) {
    self.init(
      name: peer.name, aeTitle: peer.aeTitle.description, addresses: peer.addresses.map(\.description).sorted(),
      port: peer.port, may: peer.rights.names, acceptsPrivateSOPClasses: peer.acceptsPrivateSOPClasses,
      requiresTLS: peer.requiresTLS, demand: peer.demand.rawValue,
      allowsCleartextPasswords: peer.allowsCleartextPasswords, issuer: peer.issuer,
      hasOddTitles: peer.hasOddTitles, profile: peer.profile)
  }
}

extension KnockListing {
  init(_ knock: Knock) {
    self.init(
      callingAETitle: knock.callingAETitle, calledAETitle: knock.calledAETitle, address: knock.address,
      reason: knock.reason, count: knock.count, last: Moment.text(knock.last))
  }
}

extension GroupListing {
  init(_ group: PeerGroup) {
    self.init(
      name: group.name, members: group.members,
      memberships: group.memberships.map { MembershipListing($0, at: Date().timeIntervalSince1970) },
      kind: group.kind?.rawValue)
  }
}

extension MembershipListing {
  init(_ membership: Membership, at time: Double) {
    self.init(
      name: membership.name, from: membership.since.map(Moment.text), until: membership.until.map(Moment.text),
      isToCome: membership.since.map { $0 > time } ?? false)
  }
}

extension IdentityAssurance {
  init(word: String, of option: String) throws(OperationError) {
    guard let assurance = Self(rawValue: word) else {
      throw OperationError("\(option) takes one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = assurance
  }
}

extension TokenIssuer {
  init(_ draft: IssuerDraft) throws(OperationError) {
    var algorithms: Set<TokenAlgorithm> = []
    for name in draft.algorithms {
      guard let algorithm = TokenAlgorithm(rawValue: name) else {
        let known = TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
        throw OperationError("'\(name)' is no signature algorithm that can be allowed; these can: \(known)")
      }
      algorithms.insert(algorithm)
    }
    self.init(
      issuer: draft.issuer, audience: draft.audience, algorithms: algorithms, key: draft.key,
      userClaim: draft.userClaim)
  }
}

extension IssuerListing {
  init(_ issuer: TokenIssuer) {
    self.init(
      issuer: issuer.issuer, audience: issuer.audience, algorithms: issuer.algorithms.map(\.rawValue).sorted(),
      userClaim: issuer.userClaim)
  }
}

extension UserListing {
  init(_ user: User) {
    self.init(
      name: user.name, hasPassword: user.hasPassword, isLocked: user.isLocked,
      lockedUntil: user.lockedUntil.map(Moment.text), wrongPasswords: user.failedLogins,
      certificates: user.certificates.map { certificate in
        Certificate(
          fingerprint: certificate.fingerprint.description, subject: certificate.subject,
          notAfter: Moment.text(certificate.notAfter))
      }, groups: user.groups,
      memberships: user.memberships.map { MembershipListing($0, at: Date().timeIntervalSince1970) },
      roles: user.roles.map(\.rawValue), attributes: user.attributes,
      patients: user.links.map { link in
        Patient(
          id: link.patientID, issuer: link.issuer, relationship: link.relationship.rawValue, grant: link.grant)
      }, created: Moment.text(user.created), createdBy: user.createdBy)
  }
}

/// Seconds since 1970 as ISO 8601 in UTC.
enum Moment {
  static func text(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(.iso8601)
  }
}
