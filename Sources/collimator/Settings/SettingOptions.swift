// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The settings as flags; one that is not given is looked for in the environment and in the file.
struct SettingOptions: ParsableArguments {
  @Option(help: "This node's AE title: what callers must call it. (default: COLLIMATOR)")
  var aeTitle: String?

  @Option(help: "The address to listen on; 0.0.0.0 is every network that this machine is in. (default: 127.0.0.1)")
  var bind: String?

  @Option(help: "The port to listen on; 0 takes a free one. (default: 11112)")
  var port: Int?

  @Option(
    help: """
      Seconds that open associations get to finish when the node is told to stop; the destination of a C-MOVE has 5 more. \
      (default: 10)
      """)
  var grace: Int?

  @Option(help: "The least that is logged: trace, debug, info, notice, warning, error or critical. (default: info)")
  var logLevel: String?

  @Option(help: ArgumentHelp("TCP connections at the same time. (default: 12000)", visibility: .hidden))
  var maximumConnections: Int?

  @Option(help: ArgumentHelp("Connections from one address that say nothing. (default: 256)", visibility: .hidden))
  var maximumConnectionsPerAddress: Int?

  @Option(help: ArgumentHelp("Associations at the same time. (default: 2048)", visibility: .hidden))
  var maximumAssociations: Int?

  @Option(help: ArgumentHelp("Associations of one peer at the same time. (default: 512)", visibility: .hidden))
  var maximumAssociationsPerPeer: Int?

  @Option(help: ArgumentHelp("Associations that only callers on this machine get. (default: 4)", visibility: .hidden))
  var reservedAssociations: Int?

  @Option(help: ArgumentHelp("C-GETs and C-MOVEs at the same time. (default: 512)", visibility: .hidden))
  var maximumRetrieves: Int?

  @Option(help: ArgumentHelp("C-GETs and C-MOVEs of one peer at the same time. (default: 64)", visibility: .hidden))
  var maximumRetrievesPerPeer: Int?

  @Option(help: ArgumentHelp("Associations that this node opens at the same time. (default: 256)", visibility: .hidden))
  var maximumOutgoingAssociations: Int?

  @Option(
    help: ArgumentHelp("Associations that it opens to one peer at the same time. (default: 32)", visibility: .hidden))
  var maximumOutgoingAssociationsPerPeer: Int?

  @Option(help: ArgumentHelp("Seconds for a peer to answer what it was sent. (default: 300)", visibility: .hidden))
  var answerTimeout: Int?

  @Option(help: ArgumentHelp("Seconds for a caller to say who it is. (default: 30)", visibility: .hidden))
  var requestTimeout: Int?

  @Option(help: ArgumentHelp("Seconds after which an idle association is ended. (default: 600)", visibility: .hidden))
  var idleTimeout: Int?

  @Option(
    name: .customLong("pdu-timeout"),
    help: ArgumentHelp("Seconds for a PDU without data to arrive in full. (default: 120)", visibility: .hidden))
  var pduTimeout: Int?

  @Option(help: ArgumentHelp("Seconds that a caller may leave answers unread. (default: 60)", visibility: .hidden))
  var writeTimeout: Int?

  @Option(help: ArgumentHelp("Seconds before the throughput of data is looked at. (default: 60)", visibility: .hidden))
  var dataGracePeriod: Int?

  @Option(
    help: ArgumentHelp("Bytes a second that data has to arrive with; 0: any. (default: 1024)", visibility: .hidden))
  var minimumThroughput: Int?

  @Option(help: ArgumentHelp("MiB that long A-ASSOCIATE-RQs take together. (default: 64)", visibility: .hidden))
  var requestMemory: Int?

  @Option(
    name: .customLong("maximum-pdu-length"),
    help: ArgumentHelp("Bytes of a P-DATA-TF that peers may send. (default: 131072)", visibility: .hidden))
  var maximumPDULength: Int?

  @Option(
    name: .customLong("maximum-pdu-length-tolerance"),
    help: ArgumentHelp("Bytes that a P-DATA-TF may be longer than that. (default: 131072)", visibility: .hidden))
  var maximumPDULengthTolerance: Int?

  @Option(help: ArgumentHelp("Bytes of an A-ASSOCIATE-RQ that is read. (default: 1048576)", visibility: .hidden))
  var maximumRequestLength: Int?

  @Option(help: "The port to listen on with TLS, beside the plain one; 2762 is DICOM's. (default: none)")
  var tlsPort: Int?

  @Option(help: "This node's certificate, then those between it and its authority (PEM). Read anew when it changes.")
  var tlsCertificate: String?

  @Option(help: "The certificate's private key (PEM, no passphrase, readable by the node's user alone).")
  var tlsKey: String?

  @Option(help: "Of callers' certificates: none, accept (one that is shown is verified) or require. (default: none)")
  var tlsClientCertificates: String?

  @Option(name: .customLong("tls-client-ca"), help: "The authorities of the client certificates that are taken (PEM).")
  var tlsClientCA: String?

  @Option(help: "Client certificates that their authorities took back (a CRL in PEM or DER).")
  var tlsRevocationList: String?

  @Option(help: ArgumentHelp("The oldest TLS that is spoken: 1.2 or 1.3. (default: 1.2)", visibility: .hidden))
  var tlsMinimumVersion: String?

  @Option(help: ArgumentHelp("Seconds for the whole TLS handshake. (default: 10)", visibility: .hidden))
  var tlsHandshakeTimeout: Int?

  @Option(help: "Where audit records go by syslog: tls://HOST:6514; in the clear: tcp://HOST:PORT or udp://HOST:PORT.")
  var auditForward: String?

  @Option(
    name: .customLong("audit-forward-ca"),
    help: ArgumentHelp("The authorities of that server's certificate (PEM).", visibility: .hidden))
  var auditForwardCA: String?

  @Option(help: ArgumentHelp("The certificate that this node shows there (PEM).", visibility: .hidden))
  var auditForwardCertificate: String?

  @Option(help: ArgumentHelp("Its private key (PEM).", visibility: .hidden))
  var auditForwardKey: String?

  @Option(
    help: ArgumentHelp("Days after which audit records are pruned; 0 is never. (default: 0)", visibility: .hidden))
  var auditRetention: Int?

  @Option(help: ArgumentHelp("MiB of the disk that stay free. (default: 1024)", visibility: .hidden))
  var reserve: Int?

  @Option(
    help: ArgumentHelp(
      "Attributes to index beside the Standard's, as in SERIES:ScanningSequence,IMAGE:0018,0050.", visibility: .hidden))
  var furtherKeys: String?

  @Option(help: ArgumentHelp("Hours between two checks of every file; 0 is never. (default: 168)", visibility: .hidden))
  var checkInterval: Int?

  @Option(help: ArgumentHelp("Megabytes a second that such a check reads. (default: 50)", visibility: .hidden))
  var checkRate: Int?

  @Option(
    help: ArgumentHelp(
      "Whether C-GET needs roles that were proposed, or they are assumed. (default: proposed)", visibility: .hidden))
  var getRoles: String?

  @Option(
    help: ArgumentHelp(
      "Seconds that an association of what is sent on is kept for what comes next. (default: 5)", visibility: .hidden))
  var keepAssociations: Int?

  var given: [Setting: String] {
    let numbers: [Setting: Int?] = [
      .port: port, .grace: grace, .maximumConnections: maximumConnections,
      .maximumConnectionsPerAddress: maximumConnectionsPerAddress,
      .maximumAssociations: maximumAssociations,
      .maximumAssociationsPerPeer: maximumAssociationsPerPeer, .reservedAssociations: reservedAssociations,
      .maximumRetrieves: maximumRetrieves, .maximumRetrievesPerPeer: maximumRetrievesPerPeer,
      .maximumOutgoingAssociations: maximumOutgoingAssociations,
      .maximumOutgoingAssociationsPerPeer: maximumOutgoingAssociationsPerPeer, .answerTimeout: answerTimeout,
      .requestTimeout: requestTimeout, .idleTimeout: idleTimeout, .maximumPDULength: maximumPDULength,
      .maximumPDULengthTolerance: maximumPDULengthTolerance, .dataGracePeriod: dataGracePeriod,
      .maximumRequestLength: maximumRequestLength, .pduTimeout: pduTimeout, .writeTimeout: writeTimeout,
      .minimumThroughput: minimumThroughput, .requestMemory: requestMemory, .reserve: reserve, .tlsPort: tlsPort,
      .tlsHandshakeTimeout: tlsHandshakeTimeout,
      .auditRetention: auditRetention, .checkInterval: checkInterval, .checkRate: checkRate,
      .keepAssociations: keepAssociations,
    ]
    let texts: [Setting: String?] = [
      .aeTitle: aeTitle, .bind: bind, .logLevel: logLevel, .tlsCertificate: tlsCertificate, .tlsKey: tlsKey,
      .tlsClientCertificates: tlsClientCertificates, .tlsClientCA: tlsClientCA, .tlsRevocationList: tlsRevocationList,
      .auditForward: auditForward, .auditForwardCA: auditForwardCA, .auditForwardCertificate: auditForwardCertificate,
      .auditForwardKey: auditForwardKey,
      .tlsMinimumVersion: tlsMinimumVersion, .furtherKeys: furtherKeys, .getRoles: getRoles,
    ]
    return numbers.compactMapValues { $0.map(String.init) }.merging(texts.compactMapValues { $0 }) { $1 }
  }
}
