// SPDX-License-Identifier: Apache-2.0

/// What an archive cannot do, in a sentence for the person who asked.
package struct ArchiveError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
