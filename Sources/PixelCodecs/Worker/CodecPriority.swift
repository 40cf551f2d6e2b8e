// SPDX-License-Identifier: Apache-2.0

/// Who is given a worker before whom.
package enum CodecPriority: Int, Sendable, Hashable, CaseIterable, Comparable {
  /// Thumbnails: never more than half of the workers.
  case background
  /// Associations.
  case ordinary
  /// A person waits for one picture.
  case urgent

  package static func < (one: CodecPriority, other: CodecPriority) -> Bool { one.rawValue < other.rawValue }
}

/// A pool of workers, asked with another priority than the ordinary one.
package struct PrioritisedCodecs: FrameCoding {
  let pool: CodecPool
  let priority: CodecPriority

  package func perform(_ jobs: [CodecJob]) async -> [Result<[UInt8], PixelError>] {
    await pool.perform(jobs, priority)
  }
}
