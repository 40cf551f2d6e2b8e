// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
package import NIOCore
package import UpperLayer

/// All that a node is told when it starts.
package struct NodeConfiguration: Sendable {
  package let directory: String
  package let aeTitle: String
  package let bindAddress: String
  package private(set) var port: Int
  /// How long open associations may go on once the node is told to stop.
  package let gracePeriod: Duration
  /// What a connection may take of the node, and how long.
  package let limits: UpperLayerLimits
  package let associationLimits: AssociationLimits
  /// The TLS port beside the plain one; nil for none.
  package private(set) var tls: TLSServerSettings?
  /// Where verifiers of Kerberos tickets and SAML assertions are plugged in.
  package let identity: IdentityOptions
  package let archive: ArchiveOptions
  package let checks: CheckSchedule
  /// Whether a peer that asks by C-GET and proposes no role for a storage class is taken for its SCP (PS3.4 C.4.3.1).
  package let assumesGetRoles: Bool
  package let audit: AuditSettings
  /// Those of the above that are not as by default, for the record of its start.
  package let settings: [StartSetting]
  /// How long an association on which objects were sent on waits for the next; zero ends it at once.
  package let associationKeepTime: Duration
  /// What a peer has for each answer that this node awaits: to an object, or to a report.
  package let answersWithin: TimeAmount

  package init(
    directory: String, aeTitle: String, bindAddress: String = "127.0.0.1", port: Int,
    gracePeriod: Duration = .seconds(10), limits: UpperLayerLimits = UpperLayerLimits(),
    associationLimits: AssociationLimits = AssociationLimits(), tls: TLSServerSettings? = nil,
    identity: IdentityOptions = IdentityOptions(), archive: ArchiveOptions = ArchiveOptions(),
    checks: CheckSchedule = CheckSchedule(), assumesGetRoles: Bool = false,
    audit: AuditSettings = AuditSettings(), settings: [StartSetting] = [],
    associationKeepTime: Duration = .seconds(5), answersWithin: TimeAmount = .seconds(300)
  ) throws(OperationError) {
    guard let title = AETitle(aeTitle) else {
      throw OperationError("'\(aeTitle)' is no AE title: 1 to 16 characters of ASCII, no backslash (PS3.5 §6.2)")
    }
    try associationLimits.requirePlaces(forCallersOf: bindAddress)
    self.directory = directory
    self.aeTitle = title.description
    self.bindAddress = bindAddress
    self.port = port
    self.gracePeriod = gracePeriod
    self.limits = limits
    self.associationLimits = associationLimits
    self.tls = tls
    self.identity = identity
    self.archive = archive
    self.checks = checks
    self.assumesGetRoles = assumesGetRoles
    self.audit = audit
    self.settings = settings
    self.associationKeepTime = associationKeepTime
    self.answersWithin = answersWithin
  }

  /// The same on the ports that a node took where it was to take any.
  func keepingPorts(of started: DICOMNode.Started) -> Self {
    var kept = self
    kept.port = started.port
    if let port = started.tlsPort { kept.tls?.port = port }
    return kept
  }
}
