// SPDX-License-Identifier: Apache-2.0

/// What an administrator may ask about what is owed to peers, and about other archives.
package enum DeliveriesOperation: Codable, Sendable {
  case addRule(ForwardingRuleDraft)
  case listRules
  case removeRule(number: Int64)
  case queue(atMost: Int)
  /// nil for all kinds, numbers and peers.
  case retry(kind: String?, number: Int64?, peer: String?)
  case drop(kind: String?, number: Int64?, peer: String?)
  /// Calls a peer of the table, and says what is wrong where it does not answer. `aeTitle`: to call with, where no node runs.
  case testPeer(name: String, aeTitle: String)
  /// Where a peer of the table is called; that it is, and for what, is recorded first.
  case callPeer(name: String, aeTitle: String, purpose: RemotePurpose)
  /// How that ended. `record`: what `callPeer` gave; `count`: matches, or objects that are stored here now.
  case calledPeer(name: String, purpose: RemotePurpose, record: Int64, count: Int, failure: String?)
  /// Which of these objects are stored here; pairs of SOP Class and SOP Instance UID.
  case stored([[String]])
}

/// For what somebody at the command line has another archive called.
package enum RemotePurpose: Codable, Sendable {
  /// `identifier`: in Implicit VR Little Endian.
  case find(level: String, identifier: [UInt8])
  case fetch(studyInstanceUIDs: [String])
}

/// What came of it.
package enum DeliveriesResult: Codable, Sendable {
  case done(String)
  case rules([ForwardingRuleListing])
  case queue([DeliveryListing], count: Int)
  case peer(PeerCallListing)
  case stored([[String]])
}

package struct ForwardingRuleDraft: Codable, Sendable {
  package let to: String
  package let from: String?
  package let callingAETitle: String?
  package let modalities: [String]
  /// The values of each, by the words of `ReferralRule.Key`.
  package let conditions: [String: [String]]
  package let scheme: String?

  package init(
    to: String, from: String?, callingAETitle: String?, modalities: [String], conditions: [String: [String]],
    scheme: String?
  ) {
    self.to = to
    self.from = from
    self.callingAETitle = callingAETitle
    self.modalities = modalities
    self.conditions = conditions
    self.scheme = scheme
  }
}

package struct ForwardingRuleListing: Codable, Sendable {
  package let number: Int64
  package let to: String
  package let from: String?
  package let callingAETitle: String?
  package let modalities: [String]
  /// A text each.
  package let conditions: [String]
  package let addedBy: String
  package let added: String
}

package struct DeliveryListing: Codable, Sendable {
  /// commitment or forwarding.
  package let kind: String
  package let number: Int64
  package let to: String
  package let what: String
  package let since: String
  package let attempts: Int
  /// nil for what waits for somebody to say so.
  package let nextAttempt: String?
  package let lastFailure: String?
}

/// How a peer is called from this machine.
package struct PeerCallListing: Codable, Sendable {
  package let name: String
  package let host: String
  package let port: Int
  package let callingAETitle: String
  package let calledAETitle: String
  package let tlsCA: String?
  package let tlsCertificate: String?
  package let tlsKey: String?
  package let tlsName: String?
  package let takesAnyName: Bool
  package let usesTLS: Bool
  /// The number of the audit's record that it is called.
  package let record: Int64

  package var node: RemoteNode {
    let tls = TLSClientSettings(
      caFile: tlsCA, certificateFile: tlsCertificate, keyFile: tlsKey, serverName: tlsName,
      verification: takesAnyName ? .authorityAlone : .authorityAndName)
    return RemoteNode(
      host: host, port: port, callingAETitle: callingAETitle, calledAETitle: calledAETitle,
      tls: usesTLS ? tls : nil, advice: .peer(name))
  }
}
