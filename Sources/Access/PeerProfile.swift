// SPDX-License-Identifier: Apache-2.0

/// How this node and a peer talk with each other, beyond who the peer is.
package struct PeerProfile: Sendable, Hashable {
  /// On which association the peer hears what became of its storage commitment requests (PS3.4 J.3.3).
  package enum CommitmentReports: String, Sendable, Hashable, Codable, CaseIterable {
    /// On one that this node opens.
    case new
    /// On the one that the request came on while it is there; later on a new one.
    case same
  }

  /// TLS, where this node calls the peer.
  package struct TLS: Sendable, Hashable, Codable {
    /// Paths of PEM files; nil takes the machine's authorities, and shows no certificate.
    package var caFile: String?
    package var certificateFile: String?
    package var keyFile: String?
    /// The name that the peer's certificate must have; nil for its address.
    package var serverName: String?
    /// Whether any certificate of a trusted authority will do.
    package var takesAnyName: Bool

    package init(
      caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, serverName: String? = nil,
      takesAnyName: Bool = false
    ) {
      self.caFile = caFile
      self.certificateFile = certificateFile
      self.keyFile = keyFile
      self.serverName = serverName
      self.takesAnyName = takesAnyName
    }
  }

  /// UIDs of the transfer syntaxes that are taken from it for objects, the preferred first; empty leaves it to the policy.
  package var transferSyntaxUIDs: [String] = []
  package var commitmentReports = CommitmentReports.new
  /// On how many associations at once it is sent objects.
  package var associations = 1
  /// nil calls it in the clear.
  package var tls: TLS?

  package static let mostAssociations = 16

  package init() {}
}

extension PeerProfile: Codable {
  private enum CodingKeys: CodingKey { case transferSyntaxUIDs, commitmentReports, associations, tls }

  /// What an earlier version did not write is as it was then.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    transferSyntaxUIDs = try values.decodeIfPresent([String].self, forKey: .transferSyntaxUIDs) ?? []
    commitmentReports = try values.decodeIfPresent(CommitmentReports.self, forKey: .commitmentReports) ?? .new
    associations = try values.decodeIfPresent(Int.self, forKey: .associations) ?? 1
    tls = try values.decodeIfPresent(TLS.self, forKey: .tls)
  }
}
