// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import DICOMData
import DIMSE
import Foundation
import Node
import ServiceClasses
import UpperLayer

/// Which node is called, and as whom.
struct RemoteOptions: ParsableArguments {
  @Option(help: "The AE title to call with.")
  var calling = "COLLIMATOR"

  @Option(help: "The AE title to call.")
  var called = "COLLIMATOR"

  @Option(help: "The host to call.")
  var host = "127.0.0.1"

  @Option(help: "The port to call.")
  var port = 11112

  @Option(help: "Seconds to wait for the connection and for the answer to the association request.")
  var timeout = 30

  @Option(help: "Seconds to wait for each answer after that (default: 300; for an echo as many as --timeout).")
  var responseTimeout: Int?

  @OptionGroup(title: "TLS options") var tls: TLSClientOptions

  @Option(help: "Prove to be this user, with a password asked for at the terminal or read from standard input.")
  var user: String?

  @Option(help: "Prove who calls with the JSON Web Token in this file.")
  var token: String?

  @Flag(help: "Send a password or a token where others can read along: without TLS.")
  var cleartextPasswords = false

  func validate() throws {
    guard (1...65_535).contains(port) else { throw ValidationError("--port is \(port), not 1 to 65535") }
    for title in [calling, called] where AETitle(title) == nil {
      throw ValidationError("'\(title)' is no AE title: 1 to 16 characters of ASCII, no backslash (PS3.5 §6.2)")
    }
    for (option, seconds) in [("--timeout", timeout), ("--response-timeout", responseTimeout ?? timeout)] {
      guard (1...86_400).contains(seconds) else {
        throw ValidationError("\(option) is \(seconds), not 1 to 86400 seconds")
      }
    }
    guard user == nil || token == nil else { throw ValidationError("give --user or --token: one proof is enough") }
    guard tls.tls || cleartextPasswords || (user == nil && token == nil) else {
      throw ValidationError(
        "without TLS others can read along: --cleartext-passwords says that this network may see the password or token")
    }
  }

  /// Seconds.
  static let usualResponseTimeout = 300

  /// `answeringWithin`: seconds, where nobody said otherwise.
  func node(answeringWithin usual: Int = usualResponseTimeout) throws -> RemoteNode {
    RemoteNode(
      host: host, port: port, callingAETitle: calling, calledAETitle: called, timeout: .seconds(timeout),
      responseTimeout: .seconds(responseTimeout ?? usual),
      tls: tls.settings, credential: try credential())
  }

  private func credential() throws -> Credential? {
    if let user { return .usernameAndPasscode(user, passcode: try PasswordEntry.read(for: user, isNew: false)) }
    guard let token else { return nil }
    return .jwt(Secret(try TextFile.read(token).trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  /// What an association's end means for the person who asked, and what to do about it.
  func explained(_ end: AssociationEnd, by node: RemoteNode) -> OperationError { node.explained(end) }

  /// Where there is no context for what was asked, or the peer parts without an answer.
  func explained(
    _ failure: ServiceFailure, asking abstractSyntax: String, on association: Association
  ) -> OperationError {
    guard let why = association.whyUnusable(abstractSyntax) else {
      return OperationError(
        "\(accepted) asked for its release instead of answering (\(failure)): it may be about to stop; try again, and see "
          + "its log")
    }
    let name = UIDRegistry.name(of: abstractSyntax) ?? abstractSyntax
    return OperationError(
      "\(accepted) accepted no presentation context for \(name): \(why); its administrator can say whether it offers that, "
        + "and to '\(calling)'")
  }

  private var accepted: String { "\(called) at \(host):\(port) accepted the association, and then" }
}
