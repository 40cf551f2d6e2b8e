// SPDX-License-Identifier: Apache-2.0

import Crypto

/// Compares what is read of an object's data set, from its beginning to its end, with what was received.
package struct ContentProof: Sendable {
  private var hash = SHA256()

  package init() {}

  package mutating func take(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// Once all of it was taken.
  package func holds(for instance: ServedInstance) -> Bool { hash.finalize().elementsEqual(instance.digest) }
}
