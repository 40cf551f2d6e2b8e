// SPDX-License-Identifier: Apache-2.0

import Foundation
import Node

/// The next line of standard input.
enum InputLine {
  /// Far more than a password may have.
  private static let longest = 4096

  /// Byte by byte: what stands behind the line is somebody else's. `what` is for the person who gave none.
  static func read(for what: String) throws -> [UInt8] {
    var line: [UInt8] = []
    while line.count <= longest {
      var byte: UInt8 = 0
      let count = Foundation.read(STDIN_FILENO, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1, byte != UInt8(ascii: "\n") else {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { throw OperationError("no \(what) came on standard input") }
        return line
      }
      line.append(byte)
    }
    throw OperationError("this is too long for a \(what)")
  }
}

/// Where codes come from, unless they are arguments: a terminal, or a line of what is piped in.
enum CodeEntry {
  /// `argument`: as it stands among the arguments.
  static func code(_ argument: String?) throws -> String {
    guard let argument else { return try read() }
    Output.note("Others on this machine can read a code among the arguments: leave it out, and it is asked for.")
    return argument
  }

  private static func read() throws -> String {
    if isatty(STDIN_FILENO) == 1 { Output.write("Code: ", to: .standardError) }
    return String(decoding: try InputLine.read(for: "code"), as: UTF8.self)
  }
}
