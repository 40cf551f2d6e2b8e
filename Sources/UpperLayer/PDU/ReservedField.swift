// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Bytes 43 to 74 of an A-ASSOCIATE-RQ, which its -AC sends back untested (PS3.8 §9.3.3).
package struct ReservedField: Sendable, Hashable {
  private var words: [UInt64] = [0, 0, 0, 0]

  package init() {}

  init?(reading buffer: inout ByteBuffer) {
    for index in words.indices {
      guard let word = buffer.readInteger(as: UInt64.self) else { return nil }
      words[index] = word
    }
  }

  func write(to buffer: inout ByteBuffer) {
    for word in words { buffer.writeInteger(word) }
  }
}
