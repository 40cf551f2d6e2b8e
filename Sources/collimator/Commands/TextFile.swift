// SPDX-License-Identifier: Apache-2.0

import Foundation
import Node

/// A small file that is named on the command line: a certificate, a key.
enum TextFile {
  private static let longest = 1 << 18

  static func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw OperationError("'\(path)' cannot be read")
    }
    guard data.count <= longest, let text = String(validating: data, as: UTF8.self) else {
      throw OperationError("'\(path)' is no text of at most \(longest / 1024) KiB, such as a PEM file")
    }
    return text
  }
}
