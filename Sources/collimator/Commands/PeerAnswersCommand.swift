// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

extension PeerCommand {
  struct Answers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say how a peer's queries are answered, from its next query on.",
      discussion: """
        Answers are in the character set that the peer's query names, where it holds them; else in the one that is set \
        here, where that does; else in UTF-8.

        Examples: collimator peer answers OLDWS --most 500 --character-set 'ISO_IR 100'
                  collimator peer answers OLDWS --most 0 --character-set ''
        """)

    @Argument(help: "The peer's name, as 'collimator peer list' shows it.")
    var name: String

    @Option(help: "After so many matches its queries end with A700, out of resources; 0 for no limit.")
    var most: Int?

    @Option(help: "A defined term of Specific Character Set, several separated by backslashes; '' for UTF-8.")
    var characterSet: String?

    @OptionGroup var archive: DataDirectoryOptions

    func validate() throws {
      guard most != nil || characterSet != nil else {
        throw ValidationError("change what? --most or --character-set")
      }
    }

    func run() async throws {
      let terms = characterSet.map { $0.split(separator: "\\").map(String.init) }
      try await archive.perform(.setAnswers(peer: name, most: most, characterSet: terms)).printOutcome()
    }
  }
}
