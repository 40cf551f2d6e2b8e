// SPDX-License-Identifier: Apache-2.0

/// A piece of an object as it arrives, whatever its type is in the room that it comes from.
package protocol ByteChunk: Sendable {
  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value
}
