// SPDX-License-Identifier: Apache-2.0

import Access
import DICOMData

/// What is to change about a peer; nil leaves as it is, and an empty text takes away.
package struct PeerChange: Codable, Sendable {
  package var aeTitle: String?
  package var addresses: [String]?
  /// 0 for none.
  package var port: Int?
  package var may: [String]?
  package var acceptsPrivateSOPClasses: Bool?
  package var requiresTLS: Bool?
  package var demand: String?
  package var allowsCleartextPasswords: Bool?
  package var issuer: String?
  package var hasOddTitles: Bool?
  package var profile = PeerProfileChange()

  package init() {}

  /// The peer as it would be described anew.
  func draft(from peer: Peer) -> PeerDraft {
    PeerDraft(
      name: peer.name, aeTitle: aeTitle ?? peer.aeTitle.description,
      addresses: addresses ?? peer.addresses.map(\.description), port: port.map { $0 == 0 ? nil : $0 } ?? peer.port,
      may: may ?? peer.rights.names,
      acceptsPrivateSOPClasses: acceptsPrivateSOPClasses ?? peer.acceptsPrivateSOPClasses,
      requiresTLS: requiresTLS ?? peer.requiresTLS, demand: demand ?? peer.demand.rawValue,
      allowsCleartextPasswords: allowsCleartextPasswords ?? peer.allowsCleartextPasswords,
      issuer: issuer ?? peer.issuer, hasOddTitles: hasOddTitles ?? peer.hasOddTitles, profile: profile)
  }
}

/// What is to change about how this node and a peer talk; nil leaves as it is, and an empty text takes away.
package struct PeerProfileChange: Codable, Sendable, Equatable {
  /// UIDs, or keywords of PS3.6 such as ExplicitVRLittleEndian.
  package var transferSyntaxes: [String]?
  /// new or same.
  package var commitmentReports: String?
  package var associations: Int?
  package var callsTLS: Bool?
  package var tlsCA: String?
  package var tlsCertificate: String?
  package var tlsKey: String?
  package var tlsName: String?
  package var tlsAnyName: Bool?

  package init() {}

  package var isEmpty: Bool { self == PeerProfileChange() }

  func applied(to before: PeerProfile) throws(OperationError) -> PeerProfile {
    var profile = before
    if let transferSyntaxes {
      profile.transferSyntaxUIDs = []
      for name in transferSyntaxes where !name.isEmpty { profile.transferSyntaxUIDs.append(try Self.syntax(name)) }
    }
    if let commitmentReports {
      guard let reports = PeerProfile.CommitmentReports(rawValue: commitmentReports) else {
        throw OperationError("--commitment-reports takes one of new, same")
      }
      profile.commitmentReports = reports
    }
    if let associations {
      guard (1...PeerProfile.mostAssociations).contains(associations) else {
        throw OperationError("--associations takes 1 to \(PeerProfile.mostAssociations)")
      }
      profile.associations = associations
    }
    profile.tls = try tls(before.tls)
    return profile
  }

  private func tls(_ before: PeerProfile.TLS?) throws(OperationError) -> PeerProfile.TLS? {
    if callsTLS == false { return nil }
    let isAsked = callsTLS ?? (before != nil)
    let isNamed = [tlsCA, tlsCertificate, tlsKey, tlsName].contains { $0 != nil } || tlsAnyName != nil
    guard isAsked else {
      if isNamed { throw OperationError("how a peer is called over TLS needs --call-tls itself") }
      return nil
    }
    func changed(_ new: String?, _ old: String?) -> String? { new.map { $0.isEmpty ? nil : $0 } ?? old }
    let tls = PeerProfile.TLS(
      caFile: changed(tlsCA, before?.caFile), certificateFile: changed(tlsCertificate, before?.certificateFile),
      keyFile: changed(tlsKey, before?.keyFile), serverName: changed(tlsName, before?.serverName),
      takesAnyName: tlsAnyName ?? before?.takesAnyName ?? false)
    guard (tls.certificateFile == nil) == (tls.keyFile == nil) else {
      throw OperationError("--call-tls-certificate and --call-tls-key go together")
    }
    // What is wrong with the files is said now, and not when somebody waits for an object.
    _ = try TLSClientSettings(tls).context()
    return tls
  }

  private static func syntax(_ name: String) throws(OperationError) -> String {
    guard let syntax = TransferSyntax(uid: name) ?? TransferSyntax(keyword: name),
      TransferSyntax.storable.contains(syntax)
    else {
      throw OperationError(
        "'\(name)' is no transfer syntax that objects are kept in: a UID, or a keyword such as ExplicitVRLittleEndian")
    }
    return syntax.uid
  }
}
