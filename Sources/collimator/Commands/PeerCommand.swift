// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Node

struct PeerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer", abstract: "The application entities that this node talks to.",
    subcommands: [Add.self, List.self, Set.self, Answers.self, Test.self, Remove.self, Knocks.self])
}

extension PeerCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a peer in.",
      discussion: """
        A peer is an AE title together with the addresses that it may come from. It may do what --may says and, of what \
        is stored, sees what 'collimator grant add' opens to it: nothing at first.

        Whoever says the title at the address is taken for the peer, unless --demand asks for more: a password or a token \
        (the user identity of PS3.7 D.3.3.7), or the TLS certificate of a user. 'title' takes anybody from anywhere.

        Examples: collimator peer add CT1 --address 10.0.4.17 --may store
                  collimator peer add WS --address 10.0.7.0/24 --may query --demand password
        """)

    @Argument(help: "The AE title with which the peer calls.")
    var aeTitle: String

    @Option(help: "A name for this peer, where the same AE title calls from several places (default: the AE title).")
    var name: String?

    @Option(
      name: .long,
      help: "An address or network (CIDR) that it may come from, such as 10.0.4.17 or 10.0.4.0/24. Repeatable.")
    var address: [String] = []

    @Option(help: "The port on which the peer itself listens, where this node is to call it.")
    var port: Int?

    @Option(
      help: "What it may do, of store, query, retrieve and add (to studies that others began), separated by commas.")
    var may: String

    @Option(help: "Who gave the Patient IDs that it sends or asks for without naming an issuer.")
    var issuer: String?

    @Flag(name: .customLong("private-sop-classes"), help: "Accept objects of private SOP classes from it.")
    var privateSOPClasses = false

    @Flag(help: "Let it in over TLS alone.")
    var tls = false

    @Flag(
      help: """
        Take what it says for titles: its own may be blank or have characters beyond ASCII, and it may call this node by any.
        """)
    var oddTitles = false

    @Option(help: "The least by which its callers are known: title, address, password, token or certificate.")
    var demand = "address"

    @Flag(help: "Take passwords and tokens from it without TLS, where others can read along.")
    var cleartextPasswords = false

    @OptionGroup(title: "How this node and the peer talk") var call: PeerCallOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let draft = PeerDraft(
        name: name, aeTitle: aeTitle, addresses: address, port: port, may: may.commaSeparated,
        acceptsPrivateSOPClasses: privateSOPClasses, requiresTLS: tls, demand: demand,
        allowsCleartextPasswords: cleartextPasswords, issuer: issuer, hasOddTitles: oddTitles, profile: call.change)
      try await archive.perform(.addPeer(draft)).printOutcome()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the peers.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .peers(let peers) = try await archive.perform(.listPeers) else { return }
      guard !listing.json else { return try Output.print(json: peers) }
      var table = Table("NAME", "AE TITLE", "ADDRESSES", "PORT", "MAY", "DEMANDS", "ISSUER")
      for peer in peers {
        let may =
          peer.may + (peer.acceptsPrivateSOPClasses ? ["private SOP classes"] : [])
          + (peer.requiresTLS ? ["over TLS alone"] : []) + (peer.hasOddTitles ? ["odd titles"] : [])
          + (peer.profile.transferSyntaxUIDs.isEmpty ? [] : ["its own transfer syntaxes"])
        table.add(
          peer.name, peer.aeTitle, peer.addresses.joined(separator: " "),
          (peer.port.map(String.init) ?? "-") + (peer.profile.tls == nil ? "" : " TLS"),
          may.joined(separator: ", "),
          peer.demand + (peer.allowsCleartextPasswords ? ", passwords in the clear" : ""), peer.issuer ?? "-")
      }
      Output.print(table.text)
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a peer in no longer. Its grants end with it; what it stored stays.")

    @Argument(help: "The peer's name, as 'collimator peer list' shows it.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.removePeer(name: name)).printOutcome()
    }
  }

  struct Knocks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show who asked to be let in and was not, and why.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .knocks(let knocks) = try await archive.perform(.listKnocks) else { return }
      guard !listing.json else { return try Output.print(json: knocks) }
      var table = Table("CALLING AE TITLE", "CALLED AE TITLE", "ADDRESS", "TIMES", "LAST", "WHY REFUSED")
      for knock in knocks {
        table.add(
          knock.callingAETitle, knock.calledAETitle, knock.address, String(knock.count), knock.last, knock.reason)
      }
      Output.print(table.text)
    }
  }
}

extension String {
  var commaSeparated: [String] {
    split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

extension OperationResult {
  func printOutcome() {
    switch self {
    case .done(let sentence), .records(.done(let sentence)), .access(.done(let sentence)),
      .deliveries(.done(let sentence)):
      Output.print(sentence)
    case .access(.remarked(let sentence, let remarks)):
      Output.print(sentence)
      for remark in remarks { Output.note("note: \(remark)") }
    default: break
    }
  }
}
