// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Node

/// Where passwords come from: a terminal, unseen and twice, or the first line of what is piped in. Never an argument, which
/// every user of the machine can read in `ps`.
enum PasswordEntry {
  /// `isNew` asks twice.
  static func read(for user: String, isNew: Bool = true) throws -> Secret {
    guard isatty(STDIN_FILENO) == 1 else { return Secret(try InputLine.read(for: "password")) }
    let first = try unseenLine(prompt: "Password of '\(user)': ")
    guard isNew else { return Secret(first) }
    let second = try unseenLine(prompt: "The same again: ")
    guard first == second else { throw OperationError("the two are not the same; nothing was changed") }
    return Secret(first)
  }

  private static func unseenLine(prompt: String) throws -> [UInt8] {
    var seen = termios()
    guard tcgetattr(STDIN_FILENO, &seen) == 0 else { throw OperationError("the terminal cannot be asked") }
    var unseen = seen
    // Without signals too: a Ctrl-C in between would leave a terminal that shows nothing.
    unseen.c_lflag &= ~tcflag_t(ECHO | ISIG)
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0 else {
      throw OperationError("the terminal cannot be told not to show what is typed")
    }
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen)
      Output.note("")
    }
    Output.write(prompt, to: .standardError)
    let line = try InputLine.read(for: "password")
    // Ctrl-C, which is now a character.
    guard !line.contains(3) else { throw OperationError("nothing was changed") }
    return line
  }
}
