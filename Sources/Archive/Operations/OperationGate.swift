// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which long operations run on an archive: two of one kind never do, nor two that would disturb each other.
final class OperationGate: Sendable {
  enum Kind: String, Sendable {
    case check, reindex, backup, audit, planning

    /// A check walks the rows that a reindex replaces.
    fileprivate var disturbing: [Kind] {
      switch self {
      case .check: [.check, .reindex]
      case .reindex: [.reindex, .check]
      case .backup: [.backup]
      // Whoever follows the chain must not find it cut meanwhile.
      case .audit: [.audit]
      // What one has not finished writing is what the other takes for left over.
      case .planning: [.planning]
      }
    }
  }

  private let running = Mutex<Set<Kind>>([])

  func during<Value>(_ kind: Kind, _ body: () throws -> Value) throws -> Value {
    try running.withLock { running in
      if let other = kind.disturbing.first(where: running.contains) {
        throw ArchiveError("a \(other.rawValue) is running: wait for its end, or stop the command that runs it")
      }
      running.insert(kind)
    }
    defer { _ = running.withLock { $0.remove(kind) } }
    return try body()
  }

  /// While a backup copies files, what is deleted keeps its file: the copied index still names it.
  var keepsDeletedFiles: Bool { running.withLock { $0.contains(.backup) } }
}
