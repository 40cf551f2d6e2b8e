// SPDX-License-Identifier: Apache-2.0

import Node

/// What can be set about a node: by flag, by environment, or in `DIR/collimator.json`, in this order. The raw value is the
/// key in the file.
enum Setting: String, CaseIterable {
  case aeTitle, bind, port, grace, logLevel
  case maximumConnections, maximumConnectionsPerAddress, maximumAssociations, maximumAssociationsPerPeer,
    reservedAssociations
  case maximumRetrieves, maximumRetrievesPerPeer, maximumOutgoingAssociations, maximumOutgoingAssociationsPerPeer
  case requestTimeout, idleTimeout, pduTimeout, writeTimeout, answerTimeout, dataGracePeriod, minimumThroughput
  case maximumPDULength, maximumPDULengthTolerance, maximumRequestLength, requestMemory
  case tlsPort, tlsCertificate, tlsKey, tlsClientCertificates, tlsClientCA, tlsRevocationList, tlsMinimumVersion
  case tlsHandshakeTimeout
  case auditForward, auditForwardCA, auditForwardCertificate, auditForwardKey, auditRetention
  case reserve, furtherKeys, checkInterval, checkRate, getRoles, keepAssociations

  enum Kind {
    case text
    case choice([String])
    case number(ClosedRange<Int>)
  }

  var kind: Kind {
    switch self {
    case .aeTitle, .bind, .logLevel, .furtherKeys: .text
    case .tlsCertificate, .tlsKey, .tlsClientCA, .tlsRevocationList: .text
    case .auditForward, .auditForwardCA, .auditForwardCertificate, .auditForwardKey: .text
    case .auditRetention: .number(0...36_500)
    case .tlsClientCertificates: .choice(TLSServerSettings.ClientCertificates.allCases.map(\.rawValue))
    case .tlsMinimumVersion: .choice(TLSProtocolVersion.allCases.map(\.rawValue))
    case .getRoles: .choice(["proposed", "assumed"])
    case .tlsHandshakeTimeout: .number(1...600)
    case .port, .tlsPort: .number(0...65_535)
    case .grace: .number(0...3600)
    case .maximumConnections, .maximumConnectionsPerAddress: .number(1...1_000_000)
    case .maximumAssociations, .maximumAssociationsPerPeer: .number(1...100_000)
    case .reservedAssociations: .number(0...1000)
    case .maximumRetrieves, .maximumRetrievesPerPeer: .number(1...100_000)
    case .maximumOutgoingAssociations, .maximumOutgoingAssociationsPerPeer: .number(1...100_000)
    case .answerTimeout: .number(1...86_400)
    case .requestTimeout: .number(1...600)
    case .idleTimeout: .number(1...86_400)
    case .pduTimeout, .writeTimeout, .dataGracePeriod: .number(1...3600)
    case .minimumThroughput: .number(0...1 << 30)
    case .requestMemory: .number(1...4096)
    // PS3.8 §D.1: the length counts heads of 6 bytes.
    case .maximumPDULength: .number(4096...16 << 20)
    case .maximumPDULengthTolerance: .number(0...16 << 20)
    case .maximumRequestLength: .number(4096...16 << 20)
    case .reserve: .number(0...1 << 30)
    case .checkInterval: .number(0...87_600)
    case .keepAssociations: .number(0...3600)
    case .checkRate: .number(0...1_000_000)
    }
  }

  /// Empty for none.
  var defaultValue: String {
    switch self {
    case .aeTitle: "COLLIMATOR"
    case .bind: "127.0.0.1"
    case .port: "11112"
    case .grace: "10"
    case .logLevel: "info"
    case .maximumConnections: "12000"
    case .maximumConnectionsPerAddress: "256"
    case .maximumAssociations: "2048"
    case .maximumAssociationsPerPeer: "512"
    case .reservedAssociations: "4"
    case .maximumRetrieves: "512"
    case .maximumRetrievesPerPeer: "64"
    case .maximumOutgoingAssociations: "256"
    case .maximumOutgoingAssociationsPerPeer: "32"
    case .answerTimeout: "300"
    case .requestTimeout: "30"
    case .idleTimeout: "600"
    case .pduTimeout: "120"
    case .writeTimeout: "60"
    case .dataGracePeriod: "60"
    case .minimumThroughput: "1024"
    case .requestMemory: "64"
    case .maximumPDULength: "131072"
    case .maximumPDULengthTolerance: "131072"
    case .maximumRequestLength: "1048576"
    case .tlsPort, .tlsCertificate, .tlsKey, .tlsClientCA, .tlsRevocationList: ""
    case .auditForward, .auditForwardCA, .auditForwardCertificate, .auditForwardKey: ""
    case .auditRetention: "0"
    case .tlsClientCertificates: "none"
    case .tlsMinimumVersion: "1.2"
    case .tlsHandshakeTimeout: "10"
    case .reserve: "1024"
    case .checkInterval: "168"
    case .checkRate: "50"
    case .getRoles: "proposed"
    case .keepAssociations: "5"
    case .furtherKeys: ""
    }
  }

  var meaning: String {
    switch self {
    case .aeTitle: "this node's AE title: what callers must call it"
    case .bind: "the address to listen on; 0.0.0.0 is every network that this machine is in"
    case .port: "the port to listen on; 0 takes a free one"
    case .grace:
      "seconds that open associations get to finish when the node is told to stop; the destination of a C-MOVE has 5 more"
    case .logLevel: "the least that is logged: trace, debug, info, notice, warning, error, critical"
    case .maximumConnections: "TCP connections at the same time, said who they are or not"
    case .maximumConnectionsPerAddress: "of these, so many from one address that have yet to say who they are"
    case .maximumAssociations: "associations at the same time"
    case .maximumAssociationsPerPeer: "of these, so many of one peer"
    case .reservedAssociations: "of all associations, so many that only callers on this machine get"
    case .maximumRetrieves: "C-GETs and C-MOVEs at the same time; what comes beyond is told to come later"
    case .maximumRetrievesPerPeer: "of these, so many of one peer"
    case .maximumOutgoingAssociations: "associations that this node opens to send; what comes beyond waits"
    case .maximumOutgoingAssociationsPerPeer: "of these, so many to one peer"
    case .answerTimeout: "seconds that a peer has to answer an object or a report that this node sent it"
    case .requestTimeout: "seconds within which a caller has to say who it is"
    case .idleTimeout: "seconds after which an association on which nothing happens is ended"
    case .pduTimeout: "seconds within which a PDU without data has to arrive in full"
    case .writeTimeout: "seconds that a caller may leave unread what was sent to it"
    case .dataGracePeriod:
      "seconds after which an object or a query has to have arrived, or to come with minimumThroughput"
    case .minimumThroughput:
      "bytes a second that an object or a query has to arrive with at least; nothing else bounds its time; 0 asks for none"
    case .requestMemory:
      "MiB that long A-ASSOCIATE-RQs take at most, all connections together; an address gets a quarter"
    case .maximumPDULength: "bytes of a P-DATA-TF that peers are told to send at most"
    case .maximumPDULengthTolerance: "bytes by which a P-DATA-TF may be longer than peers were told"
    case .maximumRequestLength: "bytes of an A-ASSOCIATE-RQ that is read at most"
    case .tlsPort: "the port to listen on with TLS, beside the plain one; 0 takes a free one"
    case .tlsCertificate: "file (PEM): this node's certificate, then those between it and its authority"
    case .tlsKey: "file (PEM): the certificate's private key, readable by the node's user alone"
    case .tlsClientCertificates: "what is asked of callers: none, accept (one that is shown is verified), require"
    case .tlsClientCA: "file (PEM): the authorities of the client certificates that are taken"
    case .tlsRevocationList: "file (PEM or DER): client certificates that their authorities took back"
    case .tlsMinimumVersion: "the oldest TLS that is spoken: 1.2 or 1.3"
    case .tlsHandshakeTimeout: "seconds that a caller has for the whole TLS handshake"
    case .auditForward:
      "where audit records go by syslog: tls://HOST:6514; in the clear: tcp://HOST:PORT, udp://HOST:PORT"
    case .auditForwardCA: "file (PEM): the authorities of that server's certificate; without it, this machine's"
    case .auditForwardCertificate: "file (PEM): the certificate that this node shows there"
    case .auditForwardKey: "file (PEM): its private key, readable by the node's user alone"
    case .auditRetention: "days after which audit records are pruned; 0 is never"
    case .reserve: "MiB of the disk that stay free: below, objects are refused and queries still answered"
    case .checkInterval: "hours between two checks of every stored file; 0 is never"
    case .checkRate: "megabytes a second that such a check reads at most; 0 is without limit"
    case .getRoles: "who gets objects by C-GET: who proposed to be their SCP, or (assumed) who proposed no role too"
    case .keepAssociations:
      "seconds that an association on which something was sent on waits for what comes next; 0 ends it at once"
    case .furtherKeys: "attributes to index beside the Standard's: LEVEL:TAG, separated by commas"
    }
  }
}
