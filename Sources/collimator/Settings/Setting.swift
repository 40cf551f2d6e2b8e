// SPDX-License-Identifier: Apache-2.0

/// What can be set about a node: by flag, by environment, or in `DIR/collimator.json`, in this order. The raw value is the
/// key in the file.
enum Setting: String, CaseIterable {
  case aeTitle, bind, port, grace, logLevel
  case maximumConnections, maximumAssociations, maximumAssociationsPerPeer, reservedAssociations
  case requestTimeout, idleTimeout, maximumPDULength, maximumRequestLength
  case reserve, furtherKeys, checkInterval, checkRate

  enum Kind {
    case text
    case number(ClosedRange<Int>)
  }

  var kind: Kind {
    switch self {
    case .aeTitle, .bind, .logLevel, .furtherKeys: .text
    case .port: .number(0...65_535)
    case .grace: .number(0...3600)
    case .maximumConnections: .number(1...1_000_000)
    case .maximumAssociations, .maximumAssociationsPerPeer: .number(1...100_000)
    case .reservedAssociations: .number(0...1000)
    case .requestTimeout: .number(1...600)
    case .idleTimeout: .number(1...86_400)
    // PS3.8 §D.1: the length counts heads of 6 bytes.
    case .maximumPDULength: .number(4096...16 << 20)
    case .maximumRequestLength: .number(4096...16 << 20)
    case .reserve: .number(0...1 << 30)
    case .checkInterval: .number(0...87_600)
    case .checkRate: .number(0...1_000_000)
    }
  }

  var defaultValue: String {
    switch self {
    case .aeTitle: "COLLIMATOR"
    case .bind: "127.0.0.1"
    case .port: "11112"
    case .grace: "10"
    case .logLevel: "info"
    case .maximumConnections: "12000"
    case .maximumAssociations: "2048"
    case .maximumAssociationsPerPeer: "512"
    case .reservedAssociations: "4"
    case .requestTimeout: "30"
    case .idleTimeout: "600"
    case .maximumPDULength: "131072"
    case .maximumRequestLength: "1048576"
    case .reserve: "1024"
    case .checkInterval: "168"
    case .checkRate: "50"
    case .furtherKeys: ""
    }
  }

  var meaning: String {
    switch self {
    case .aeTitle: "this node's AE title: what callers must call it"
    case .bind: "the address to listen on; 0.0.0.0 is every network that this machine is in"
    case .port: "the port to listen on; 0 takes a free one"
    case .grace: "seconds that open associations get to finish when the node is told to stop"
    case .logLevel: "the least that is logged: trace, debug, info, notice, warning, error, critical"
    case .maximumConnections: "TCP connections at the same time, said who they are or not"
    case .maximumAssociations: "associations at the same time"
    case .maximumAssociationsPerPeer: "of these, so many of one peer"
    case .reservedAssociations: "of all associations, so many that only callers on this machine get"
    case .requestTimeout: "seconds within which a caller has to say who it is"
    case .idleTimeout: "seconds after which an association on which nothing happens is ended"
    case .maximumPDULength: "bytes of a P-DATA-TF that peers are told to send at most"
    case .maximumRequestLength: "bytes of an A-ASSOCIATE-RQ that is read at most"
    case .reserve: "MiB of the disk that stay free: below, objects are refused and queries still answered"
    case .checkInterval: "hours between two checks of every stored file; 0 is never"
    case .checkRate: "megabytes a second that such a check reads at most; 0 is without limit"
    case .furtherKeys: "attributes to index beside the Standard's: LEVEL:TAG, separated by commas"
    }
  }
}
