// SPDX-License-Identifier: Apache-2.0

import DICOMData
import DIMSE
import NIOCore
import NIOPosix
import ServiceClasses
import UpperLayer

/// What became of one file that was sent.
package struct SendOutcome: Codable, Sendable {
  package let path: String
  package let sopInstanceUID: String?
  /// The peer's status as four hexadecimal digits; nil where it was never asked.
  package let status: String?
  package let comment: String?

  /// Success, or a warning: the peer has it.
  package var isStored: Bool { status.map { $0 == "0000" || $0.hasPrefix("B") } ?? false }

  /// Of a file that was not sent, or whose answer never came: whether the peer has it is not known.
  package static func unanswered(_ path: String) -> SendOutcome {
    SendOutcome(path: path, sopInstanceUID: nil, status: nil, comment: "not sent, or not answered")
  }
}

/// Sends files over as many associations as their presentation contexts take, each proposed with the file's own transfer
/// syntax alone, so that nothing is converted on the way.
package struct FileSending: Sendable {
  private struct File: Sendable {
    let path: String
    let sopClassUID: String
    let sopInstanceUID: String
    let transferSyntaxUID: String
    let dataSetOffset: Int

    var context: [String] { [sopClassUID, transferSyntaxUID] }

    func outcome(status: String?, comment: String?) -> SendOutcome {
      SendOutcome(path: path, sopInstanceUID: sopInstanceUID, status: status, comment: comment)
    }
  }

  /// PS3.8 §9.3.2.2: odd context IDs up to 255.
  private static let contextsPerAssociation = 128

  private let paths: [String]
  private let node: RemoteNode
  /// How many may wait for their answers at once, where the peer agrees.
  private let outstanding: Int

  package init(_ paths: [String], to node: RemoteNode, outstanding: Int = 1) {
    self.paths = paths
    self.node = node
    self.outstanding = max(1, outstanding)
  }

  /// One outcome for each file; a file that is no DICOM is one too. Throws where the node cannot be reached or says no.
  package func outcomes() -> AsyncThrowingStream<SendOutcome, any Error> {
    AsyncThrowingStream { continuation in
      let task = Task {
        do {
          try await send { continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func send(_ report: @Sendable (SendOutcome) -> Void) async throws {
    var files: [File] = []
    for path in paths {
      do {
        files.append(try await Self.file(at: path))
      } catch {
        report(SendOutcome(path: path, sopInstanceUID: nil, status: nil, comment: "\(error)"))
      }
    }
    while !files.isEmpty {
      var contexts: [[String]] = []
      for file in files where !contexts.contains(file.context) && contexts.count < Self.contextsPerAssociation {
        contexts.append(file.context)
      }
      let now = files.filter { contexts.contains($0.context) }
      files.removeAll { contexts.contains($0.context) }
      try await send(now, contexts: contexts, report)
    }
  }

  private func send(
    _ files: [File], contexts: [[String]], _ report: @Sendable (SendOutcome) -> Void
  ) async throws {
    let proposed = contexts.enumerated().map { index, context in
      ProposedPresentationContext(
        id: UInt8(truncatingIfNeeded: 2 * index + 1), abstractSyntax: context[0], transferSyntaxes: [context[1]])
    }
    try await node.withAssociation(proposing: proposed, operations: outstanding) { association in
      var user = ServiceUser(association)
      let window = user.window(atMost: outstanding)
      var waiting: [UInt16: File] = [:]
      for file in files {
        if waiting.count == window { report(try await Self.answer(to: &waiting, user)) }
        do {
          waiting[try await Self.begin(file, &user)] = file
        } catch let failure as ServiceFailure {
          report(file.outcome(status: nil, comment: failure.description))
        }
      }
      while !waiting.isEmpty { report(try await Self.answer(to: &waiting, user)) }
    }
  }

  private static func begin(_ file: File, _ user: inout ServiceUser) async throws -> UInt16 {
    var offset = file.dataSetOffset
    return try await user.beginStore(
      sopClassUID: file.sopClassUID, sopInstanceUID: file.sopInstanceUID, transferSyntaxUID: file.transferSyntaxUID
    ) {
      let chunk = try await FileReading.chunk(of: file.path, from: offset)
      offset += chunk.readableBytes
      return chunk.readableBytes == 0 ? nil : chunk
    }
  }

  private static func answer(to waiting: inout [UInt16: File], _ user: ServiceUser) async throws -> SendOutcome {
    let (messageID, response) = try await user.nextStoreResponse()
    guard let file = waiting.removeValue(forKey: messageID) else { throw user.unasked(response) }
    return file.outcome(status: response.status?.hex, comment: response.errorComment)
  }

  private static func file(at path: String) async throws -> File {
    let header = try await FileHeader(of: path)
    guard header.hasDataSet else { throw OperationError("the file has no data set") }
    return File(
      path: path, sopClassUID: header.sopClassUID, sopInstanceUID: header.sopInstanceUID,
      transferSyntaxUID: header.transferSyntax.uid, dataSetOffset: header.dataSetOffset)
  }
}
