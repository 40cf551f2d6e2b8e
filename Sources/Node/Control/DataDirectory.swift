// SPDX-License-Identifier: Apache-2.0

package import Archive
import Glibc
import PixelCodecs

/// One set of operations, two ways in: through the node that owns the directory, or directly when none does.
package struct DataDirectory: Sendable {
  package let path: String

  /// Bytes that a command leaves free where no node with settings of its own runs.
  private static let reserve = 1 << 30
  /// Seconds that a node may take to close its archive.
  private static let closing = 120
  /// And to open it again.
  private static let opening = 60

  package init(path: String) {
    self.path = path
  }

  /// How the node that runs on this directory is doing; throws where none does.
  package func status() async throws -> NodeStatus {
    guard case .status(let status) = try await ControlClient(directory: path).perform(.status) else {
      throw OperationError("no node is running on '\(path)'")
    }
    return status
  }

  /// Makes the node that runs on this directory read its certificates anew; throws where none does, and what is wrong with
  /// them.
  package func reload() async throws -> OperationResult {
    guard let result = try await ControlClient(directory: path).perform(.reload) else {
      throw OperationError("no node is running on '\(path)'")
    }
    return result
  }

  /// Runs `body` with a way to perform operations; the directory is opened at most once, and made where there is none only if
  /// they may begin an archive.
  package func withOperations<Value: Sendable>(
    as user: Operator, mayBegin: Bool,
    _ body: (@Sendable @escaping (Operation) async throws -> OperationResult) async throws -> Value
  ) async throws -> Value {
    let client = ControlClient(directory: path)
    // Listing the peers asks nothing of anybody: its answer says whether a node is there.
    if try await client.perform(.listPeers) != nil {
      return try await body { operation in
        guard let result = try await client.perform(operation) else {
          throw OperationError("the node stopped while this command was running; run it again")
        }
        return result
      }
    }
    if !mayBegin { try requireArchive(withIndex: true) }
    let codecs = CodecPool()
    let archive = try open(decodingWith: codecs)
    let performer = OperationPerformer(archive: archive, codecs: codecs)
    let outcome: Result<Value, any Error>
    do {
      outcome = .success(try await body { operation in try await performer.perform(operation, as: user) })
    } catch {
      outcome = .failure(error)
    }
    try await archive.close()
    return try outcome.get()
  }

  /// Performs one operation on all that is stored, through the node or directly; `watch` is told how far it has come.
  package func perform(
    _ operation: ArchiveOperation, as user: Operator,
    watching watch: @Sendable @escaping (OperationProgress.Step) -> Void = { _ in }
  ) async throws -> ArchiveOperationResult {
    if let result = try await ControlClient(directory: path).perform(.archive(operation), watching: watch) {
      guard case .archive(let result) = result else { throw OperationError("the node answered something else") }
      return result
    }
    try requireArchive(withIndex: operation.needsIndex)
    let archive = try open(decodingWith: CodecPool())
    let outcome: Result<ArchiveOperationResult, any Error>
    do {
      let performer = ArchiveOperationPerformer(archive: archive)
      outcome = .success(try await performer.perform(operation, as: user, OperationProgress(watch)))
    } catch {
      outcome = .failure(error)
    }
    try await archive.close()
    return try outcome.get()
  }

  /// What asks about an archive, or looks after one, makes none: a wrong path, or a disk that is not mounted, would be found in
  /// the best order. Without its index it would be answered that nothing is there and nobody may see it.
  private func requireArchive(withIndex: Bool) throws(OperationError) {
    // Of a restore that did not come to its end the archive itself tells.
    if ["index.sqlite", "restoring"].contains(where: isThere) { return }
    guard isThere("instances") else {
      throw OperationError(
        "there is no archive in '\(path)': is that the data directory, and its disk mounted? serve and import make a "
          + "new one, and so does what sets one up, as peer add"
      )
    }
    guard withIndex else { return }
    throw OperationError(
      "the archive in '\(path)' has no index: collimator restore brings back what a backup knows, collimator reindex only "
        + "what the files say")
  }

  /// Whether there is an archive, or what is left of one.
  package var hasArchive: Bool { ["index.sqlite", "restoring", "instances"].contains(where: isThere) }

  private func isThere(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

  private func open(decodingWith codecs: CodecPool) throws -> Archive {
    try Archive.open(
      directory: path, options: ArchiveOptions(reserve: Self.reserve, samples: DecodedSamples(codecs: codecs)))
  }

  /// Brings the directory to what a backup holds. A node that runs on it stands aside until that is over, and serves it then.
  package func restore(
    from folder: String, backup: String?, revokingGrants: Bool,
    watching watch: @Sendable @escaping (OperationProgress.Step) -> Void = { _ in }
  ) async throws -> RestoreReport {
    do {
      try await Restore.requireSense(from: folder, name: backup, into: path)
      // A directory that is not there has no node.
      let replacement = isThere("lock") ? try await DirectoryLock.taken(.replacement, of: path, within: 1) : nil
      defer { replacement?.release() }
      let patience = try await sendAside()
      var report = try await Restore.perform(
        from: folder, name: backup, into: path, revokingGrants: revokingGrants, patience: patience ?? 0,
        OperationProgress(watch))
      guard patience != nil else { return report }
      replacement?.release()
      report.isServed = try await hasNode(within: Self.opening)
      report.warnings.append(
        report.isServed ? "The node serves this now." : "The node does not serve it yet, and tries again: see its log.")
      return report
    } catch {
      throw OperationError("\(error)")
    }
  }

  private func hasNode(within seconds: Int) async throws -> Bool {
    for _ in 0..<seconds * 10 {
      if try await ControlClient(directory: path).perform(.listPeers) != nil { return true }
      try await Task.sleep(for: .milliseconds(100))
    }
    return false
  }

  /// Seconds that the node that runs here takes at most until it has left the directory; nil where none runs.
  private func sendAside() async throws -> Int? {
    guard let result = try await ControlClient(directory: path).perform(.standAside) else { return nil }
    guard case .standsAside(let grace) = result else { throw OperationError("the node answered something else") }
    return grace + Self.closing
  }
}

/// What can be had of backups without a data directory.
package enum BackupReading {
  /// Reads those in a folder, or one of them, and compares them with what was received.
  package static func verify(
    _ folder: String, backup: String?, watching watch: @Sendable @escaping (OperationProgress.Step) -> Void = { _ in }
  ) async throws -> BackupVerificationReport {
    do {
      return try await BackupVerification.perform(of: folder, name: backup, OperationProgress(watch))
    } catch {
      throw OperationError("\(error)")
    }
  }
}
