// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import Foundation
import GRDB

extension AuditFacts {
  init(_ peer: Peer) {
    func flag(_ value: Bool) -> String? { value ? "yes" : nil }
    self.init([
      ("rights", peer.rights.names.joined(separator: ", ")), ("title", peer.aeTitle.description),
      ("addresses", peer.addresses.map(\.description).sorted().joined(separator: ", ")),
      ("port", peer.port.map(String.init)), ("demand", peer.demand.rawValue), ("TLS alone", flag(peer.requiresTLS)),
      ("passwords in the clear", flag(peer.allowsCleartextPasswords)), ("issuer", peer.issuer),
      ("private SOP classes", flag(peer.acceptsPrivateSOPClasses)), ("odd titles", flag(peer.hasOddTitles)),
    ])
    add(peer.profile)
  }

  /// Of a private key, where its file is.
  private mutating func add(_ profile: PeerProfile) {
    let customary = PeerProfile()
    add("transfer syntaxes", profile.transferSyntaxUIDs.joined(separator: ", "))
    if profile.commitmentReports != customary.commitmentReports {
      add("commitment reports", profile.commitmentReports.rawValue)
    }
    if profile.associations != customary.associations { add("associations", String(profile.associations)) }
    guard let tls = profile.tls else { return }
    add("called over TLS", "yes")
    add("authorities", tls.caFile)
    add("certificate file", tls.certificateFile)
    add("key file", tls.keyFile)
    add("server name", tls.serverName)
    if tls.takesAnyName { add("any server name", "yes") }
  }

  init(_ profile: QueryProfile) {
    self.init([
      ("most answers", profile.mostAnswers.map(String.init)),
      ("character set", profile.characterSetTerms.joined(separator: "\\")),
    ])
  }

  init(_ issuer: TokenIssuer) {
    // A public key, which is long: which one it was is enough.
    let key = Arrival.hex(Array(SHA256.hash(data: Data(issuer.key.utf8))))
    self.init([
      ("audience", issuer.audience),
      ("algorithms", issuer.algorithms.map(\.rawValue).sorted().joined(separator: ", ")),
      ("user claim", issuer.userClaim), ("SHA-256 of the key", key),
    ])
  }

  init(_ certificate: UserCertificate) {
    self.init([("subject", certificate.subject), ("valid until", Moment.text(certificate.notAfter))])
  }

  /// What goes with a peer, user or group when it is removed; its grants are on record by themselves.
  init(ofPrincipal principal: Int64, at time: Double, in database: Database) throws {
    self.init()
    if let peer = try PeerTable.peers(principal: principal, in: database).first?.peer {
      self.init(peer)
      try addPeer(principal, in: database)
    }
    try addUser(principal, at: time, in: database)
    try addGroup(principal, at: time, in: database)
    let attributes = try PrincipalDetailTable.attributes(of: principal, in: database).sorted { $0.key < $1.key }
    for (name, value) in attributes { add("attribute \(name)", Self.shown(value, of: name)) }
    add("in the groups", try MembershipTable.groups(of: principal, at: time, in: database).joined(separator: ", "))
  }

  private mutating func addPeer(_ principal: Int64, in database: Database) throws {
    if let profile = try QueryProfile.all(in: database)[principal] {
      add("most answers", profile.mostAnswers.map(String.init))
      add("character set", profile.characterSetTerms.joined(separator: "\\"))
    }
    let numbers = try Set(
      Int64.fetchAll(
        database, sql: "SELECT number FROM forwarding_rule WHERE destination = ?1 OR sender = ?1",
        arguments: [principal]))
    let rules = try ForwardingTable.rules(in: database).filter { numbers.contains($0.number) }
    add("forwarding", rules.map(\.description).joined(separator: "; "))
  }

  private mutating func addUser(_ principal: Int64, at time: Double, in database: Database) throws {
    let row = try Row.fetchOne(
      database, sql: "SELECT hash IS NOT NULL, locked_by FROM user WHERE principal = ?", arguments: [principal])
    guard let row else { return }
    add("password", (row[0] as Bool) ? "set" : "none")
    add("locked by", row[1])
    add("roles", try PrincipalDetailTable.roles(of: principal, in: database).map(\.rawValue).joined(separator: ", "))
    let certificates = try UserCertificateTable.certificates(of: principal, in: database)
    add("certificates", certificates.map { "\($0.fingerprint) of \($0.subject)" }.joined(separator: ", "))
    let links = try PrincipalDetailTable.links(of: principal, in: database)
    add("patients", links.map(\.words).joined(separator: ", "))
  }

  private mutating func addGroup(_ principal: Int64, at time: Double, in database: Database) throws {
    add(
      "kind",
      try String.fetchOne(database, sql: "SELECT group_kind FROM principal WHERE id = ?", arguments: [principal]))
    add("members", try MembershipTable.members(of: principal, at: time, in: database).joined(separator: ", "))
  }

  /// Attributes are free: what somebody calls a secret is not told.
  static func shown(_ value: String, of attribute: String) -> String {
    let name = attribute.lowercased()
    let isSecret = ["password", "passcode", "secret", "token", "private"].contains { name.contains($0) }
    return isSecret && !value.isEmpty ? "(not recorded)" : value
  }
}

extension PatientLink {
  /// For the record.
  var words: String {
    let ofIssuer = issuer.map { " of \($0)" } ?? ""
    return "\(patientID)\(ofIssuer) as \(relationship.rawValue)" + (grant.map { " by grant \($0)" } ?? "")
  }
}
