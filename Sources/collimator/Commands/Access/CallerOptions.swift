// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// As whom something is asked.
struct CallerOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: "The peer or user who would call.")
  var caller: String

  @Option(help: "The peer through which a user would call; without it, the one that lets most through.")
  var through: String?

  @Option(
    help:
      "How surely a user would be known: address, password, token or certificate (default: the surest the user has).")
  var knownBy: String?

  var name: CallerName { CallerName(name: caller, through: through, assurance: knownBy) }
}
