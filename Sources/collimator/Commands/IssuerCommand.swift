// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct IssuerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issuer", abstract: "Those whose JSON Web Tokens are believed (user identity of type 5).",
    subcommands: [Add.self, List.self, Remove.self])
}

extension IssuerCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Believe the tokens of an issuer.",
      discussion: """
        A token has to be signed with the issuer's key and an algorithm given here, to be for the audience, to have an end \
        ('exp') that lies ahead, and to name a user that 'collimator user list' shows.

        Example: collimator issuer add https://login.example --audience COLLIMATOR --algorithm ES256 --key issuer.pem
        """)

    @Argument(help: "What its tokens say as 'iss'.")
    var issuer: String

    @Option(help: "What its tokens have to say as 'aud': a name of this node.")
    var audience: String

    @Option(help: "A signature algorithm, such as ES256, RS256 or EdDSA. Repeatable.")
    var algorithm: [String]

    @Option(help: "A file with its public key in PEM, or with its JSON Web Key Set.")
    var key: String

    @Option(help: "The claim that names the user.")
    var userClaim = "sub"

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let draft = IssuerDraft(
        issuer: issuer, audience: audience, algorithms: algorithm, key: try TextFile.read(key), userClaim: userClaim)
      try await archive.perform(.addIssuer(draft)).printOutcome()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the issuers.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      guard case .issuers(let issuers) = try await archive.perform(.listIssuers) else { return }
      guard !listing.json else { return try Output.print(json: issuers) }
      var table = Table("ISSUER", "AUDIENCE", "ALGORITHMS", "USER CLAIM")
      for issuer in issuers {
        table.add(issuer.issuer, issuer.audience, issuer.algorithms.joined(separator: " "), issuer.userClaim)
      }
      Output.print(table.text)
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Believe the tokens of an issuer no longer.")

    @Argument(help: "The issuer, as 'collimator issuer list' shows it.")
    var issuer: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.removeIssuer(name: issuer)).printOutcome()
    }
  }
}
