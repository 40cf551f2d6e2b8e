// SPDX-License-Identifier: Apache-2.0

/// What an archive cannot do by itself: it knows no codec. Whoever opens it may give it one.
package protocol SampleReading: Sendable {
  /// Gives the data set of a whole Part 10 file as it reads without compression: in Explicit VR Little Endian, pixel data
  /// native and colour by pixel, in pieces, in their order. What it made of a stream that lost something is not given.
  ///
  /// Only what is given before `.given` is returned is of use.
  func giveDecoded(_ file: [UInt8], _ give: ([UInt8]) throws -> Void) async -> SampleReadingOutcome
}

package enum SampleReadingOutcome: Sendable {
  case given
  /// Nothing decodes it without loss, now or later.
  case undecodable
  /// Another time it may go.
  case notNow
}
