// SPDX-License-Identifier: Apache-2.0

import Archive
import Logging
import PixelCodecs

/// Makes a thumbnail of each series that arrives, one after the other, behind all else that the node does: while objects
/// arrive, it hardly takes any time.
struct ThumbnailService<Coding: FrameCoding>: Sendable {
  let maker: PictureMaker<Coding>
  let logger: Logger

  /// Larger objects get their thumbnail when somebody asks for it.
  private static var longestObject: Int { 128 << 20 }

  /// Until cancelled.
  func run() async {
    do {
      try await maker.pictures.sweep()
    } catch {
      logger.error("thumbnails of deleted objects could not be looked for", metadata: ["error": "\(error)"])
    }
    var spent = Duration.zero
    for await object in maker.pictures.arrivals where object.size <= Self.longestObject {
      guard (try? await maker.pictures.leisure(after: spent)) != nil else { return }
      let began = ContinuousClock.now
      defer { spent = .now - began }
      do {
        _ = try await maker.thumbnail(of: object)
      } catch {
        // Objects without pixels, and those that nothing decodes: whoever asks is told why.
        logger.debug("no thumbnail", metadata: ["object": "\(object.sopInstanceUID)", "why": "\(error)"])
      }
    }
  }
}
