// SPDX-License-Identifier: Apache-2.0

/// Where what is said on an association goes out, in order.
package protocol RequestOutlet: Sendable {
  /// Waits while the peer does not read what was sent before. Throws where nothing can go out any more.
  func untilWritable() async throws

  /// Waits as well; what is given together goes out together.
  func write(_ requests: [DIMSERequest]) async throws

  func write(_ request: DIMSERequest) async throws

  /// Returns when what other threads have written so far has reached the connection. What is written from its own event loop
  /// gets there at once, and would overtake it.
  func settle() async throws
}
