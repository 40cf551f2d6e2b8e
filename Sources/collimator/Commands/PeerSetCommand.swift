// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

extension PeerCommand {
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a peer, from its next association on. What is not named stays as it is.",
      discussion: "Example: collimator peer set CT1 --port 104 --commitment-reports same")

    @Argument(help: "The peer's name, as 'collimator peer list' shows it.")
    var name: String

    @Option(help: "The AE title with which it calls.")
    var aeTitle: String?

    @Option(name: .long, help: "An address or network that it may come from, in place of all that were. Repeatable.")
    var address: [String] = []

    @Option(help: "The port on which it listens itself; 0 for none.")
    var port: Int?

    @Option(
      help: "What it may do, of store, query, retrieve and add (to studies that others began), separated by commas.")
    var may: String?

    @Option(help: "Who gave the Patient IDs that it sends without naming an issuer; empty for nobody.")
    var issuer: String?

    @Flag(
      name: .customLong("private-sop-classes"), inversion: .prefixedNo,
      help: "Accept objects of private SOP classes from it.")
    var privateSOPClasses: Bool?

    @Flag(inversion: .prefixedNo, help: "Let it in over TLS alone.")
    var tls: Bool?

    @Flag(inversion: .prefixedNo, help: "Take what it says for titles.")
    var oddTitles: Bool?

    @Option(help: "The least by which its callers are known: title, address, password, token or certificate.")
    var demand: String?

    @Flag(inversion: .prefixedNo, help: "Take passwords and tokens from it without TLS.")
    var cleartextPasswords: Bool?

    @OptionGroup(title: "How this node and the peer talk") var call: PeerCallOptions
    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      let isNothing =
        aeTitle == nil && address.isEmpty && port == nil && may == nil && issuer == nil && privateSOPClasses == nil
        && tls == nil && oddTitles == nil && demand == nil && cleartextPasswords == nil
      guard !isNothing || !call.change.isEmpty else { throw ValidationError("change what? See --help") }
    }

    func run() async throws {
      var change = PeerChange()
      change.aeTitle = aeTitle
      change.addresses = address.isEmpty ? nil : address
      change.port = port
      change.may = may?.commaSeparated
      change.issuer = issuer
      change.acceptsPrivateSOPClasses = privateSOPClasses
      change.requiresTLS = tls
      change.hasOddTitles = oddTitles
      change.demand = demand
      change.allowsCleartextPasswords = cleartextPasswords
      change.profile = call.change
      try await archive.perform(.setPeer(name: name, change)).printOutcome()
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Call a peer as this node does (C-ECHO), and say what is wrong where it does not answer.")

    @Argument(help: "The peer's name, as 'collimator peer list' shows it.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let title = try await archive.aeTitle()
      try await archive.perform(.deliveries(.testPeer(name: name, aeTitle: title))).printOutcome()
    }
  }
}
