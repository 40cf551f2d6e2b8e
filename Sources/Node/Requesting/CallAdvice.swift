// SPDX-License-Identifier: Apache-2.0

/// What who called can do about a call that failed: it depends on where it was said how to call.
package enum CallAdvice: Sendable {
  /// By the options of a command.
  case options
  /// By the peer's entry in the archive.
  case peer(String)
  /// By the settings of where the audit is forwarded to.
  case auditSettings

  var title: String {
    switch self {
    case .options: "try another --called"
    case .peer(let name): "'collimator peer set \(name) --ae-title' says how it is called"
    case .auditSettings: "its own log may say more"
    }
  }

  var tls: String {
    switch self {
    case .options: "--tls"
    case .peer(let name): "'collimator peer set \(name) --call-tls'"
    case .auditSettings: "the setting auditForward with tls://"
    }
  }

  var withoutTLS: String {
    switch self {
    case .options: "leave --tls out"
    case .peer(let name): "'collimator peer set \(name) --no-call-tls' leaves it out"
    case .auditSettings: "set auditForward to tcp://"
    }
  }

  var authority: String {
    switch self {
    case .options: "give its certificate with --tls-ca FILE"
    case .peer(let name): "name its certificate with 'collimator peer set \(name) --call-tls-ca FILE'"
    case .auditSettings: "set auditForwardCA to its certificate's file"
    }
  }

  var certificate: String {
    switch self {
    case .options: "give --tls-certificate and --tls-key"
    case .peer(let name):
      "name one with 'collimator peer set \(name) --call-tls-certificate FILE --call-tls-key FILE'"
    case .auditSettings: "set auditForwardCertificate and auditForwardKey"
    }
  }

  var name: String {
    switch self {
    case .options: "--tls-name NAME expects another name"
    case .peer(let name): "'collimator peer set \(name) --call-tls-name NAME' expects another name"
    case .auditSettings: "auditForward has to name it as its certificate does"
    }
  }

  /// Once there is an association.
  var answerTime: String {
    switch self {
    case .options: "--response-timeout waits longer"
    case .peer: "the setting answer-timeout says how long the node waits for it"
    case .auditSettings: "its own log may say more"
    }
  }

  /// Before there is one.
  var time: String {
    switch self {
    case .options: "--timeout and --response-timeout wait longer"
    case .peer, .auditSettings: "its own log may say more"
    }
  }
}
