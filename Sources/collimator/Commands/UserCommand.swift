// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "The people and devices that can prove who they are, whichever peer they call through.",
    discussion: """
      A user is proven by a TLS certificate, by a token of an issuer (see 'collimator issuer'), or by name and password. What \
      was granted to the user is then what is seen, and not what was granted to the peer. 'collimator peer add --demand' \
      says which of these a peer's callers need.
      """,
    subcommands: [
      Add.self, List.self, Show.self, Roles.self, Attribute.self, Link.self, Unlink.self, Password.self,
      Certificate.self,
      Lock.self, Unlock.self, Remove.self,
    ])
}

extension UserCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a user.",
      discussion: """
        Example: collimator user add weber --with-password
                 collimator user add ct1 --certificate ct1.pem
        """)

    @Argument(help: "The user's name: what a user identity or a token has to say.")
    var name: String

    @Flag(help: "Ask for a password at the terminal, or read it from standard input.")
    var withPassword = false

    @Option(help: "A file with the user's certificate in PEM.")
    var certificate: String?

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      let certificate = try certificate.map(TextFile.read)
      let password = withPassword ? try PasswordEntry.read(for: name) : nil
      let draft = UserDraft(name: name, password: password, certificate: certificate)
      try await archive.perform(.addUser(draft)).printOutcome()
    }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a user another password, which ends a lock by wrong ones.",
      discussion: "It is asked for at the terminal, or read from standard input where that is none.")

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.setPassword(PasswordEntry.read(for: name), user: name)).printOutcome()
    }
  }

  struct Certificate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a user be known by a certificate, or no longer.",
      discussion: """
        Example: collimator user certificate ct1 ct1-2027.pem
                 collimator user certificate ct1 --remove FINGERPRINT
        """)

    @Argument(help: "The user's name.")
    var name: String

    @Argument(help: "A file with the certificate in PEM.")
    var file: String?

    @Option(help: "The SHA-256 fingerprint of the certificate to remove, as 'collimator user show' shows it.")
    var remove: String?

    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      guard (file == nil) != (remove == nil) else {
        throw ValidationError("give the file of a certificate, or --remove with the fingerprint of one")
      }
    }

    func run() async throws {
      if let file { try await archive.perform(.addCertificate(TextFile.read(file), user: name)).printOutcome() }
      if let remove { try await archive.perform(.removeCertificate(fingerprint: remove, user: name)).printOutcome() }
    }
  }

  struct Lock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lock a user out until unlocked, also on associations that are open.")

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.lockUser(name: name)).printOutcome()
    }
  }

  struct Unlock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a user call again, whether locked by hand or by wrong passwords.")

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.unlockUser(name: name)).printOutcome()
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a user. Their grants end with them; what they stored stays.")

    @Argument(help: "The user's name.")
    var name: String

    @OptionGroup var archive: DataDirectoryOptions

    func run() async throws {
      try await archive.perform(.removeUser(name: name)).printOutcome()
    }
  }
}
