// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
package import NIOCore

/// The Query service as SCP (PS3.4 C.4.1): matches are sent as pending responses while they are found; the function's
/// return is the final one. Cancelling the task is C-CANCEL.
package struct FindService: Sendable {
  private let archive: Archive
  private let aeTitle: String

  package init(archive: Archive, aeTitle: String) {
    self.archive = archive
    self.aeTitle = aeTitle
  }

  /// Answers one C-FIND-RQ through `send`. Returns how many matches were sent; throws what the peer is to be told.
  package func find(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8],
    send: @Sendable (CommandSet, ByteBuffer) async throws -> Void
  ) async throws -> Int {
    let identifier = try await judged(request, model, bytes)
    let read = archive.audited(
      .query, "C-FIND", as: request.caller,
      detail: "\(identifier.query.description); transfer syntax \(request.transferSyntax.uid)",
      identifier: bytes.count <= Self.longestRecorded ? bytes : nil)
    var record = QueryRecord(read)
    do {
      let reader = archive.reading(as: request.caller)
      for try await found in reader.find(identifier.query) {
        try await record.cover(found)
        var page = found
        var index = 0
        while true {
          // What was revoked since the page was read is not told any more.
          page = try await reader.current(page, from: index, of: identifier.query)
          guard index < page.rows.count else { break }
          let row = page.rows[index]
          index += 1
          if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
          let answer = FindResponse(
            row: row, to: identifier, retrieveAETitle: aeTitle, transferSyntax: request.transferSyntax)
          var response = CommandSet.response(
            to: request.command, status: answer.supportsAllKeys ? .pending : .pendingWithWarning)
          response.hasDataSet = true
          try await send(response, ByteBuffer(bytes: answer.identifier))
          record.sent += 1
        }
      }
      if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
      try await record.end()
      return record.sent
    } catch let error as AuditError {
      throw ServiceFailure(auditing: error)
    } catch {
      await record.end(because: error)
      throw error
    }
  }

  /// Longer identifiers are told in words alone.
  private static let longestRecorded = 16 << 10

  /// What is refused is recorded too.
  private func judged(
    _ request: ServiceRequest, _ model: InformationModel, _ bytes: [UInt8]
  ) async throws -> QueryIdentifier {
    do {
      try await requireRight(of: request.caller)
      return try QueryIdentifier(reading: bytes, transferSyntax: request.transferSyntax, model: model)
    } catch let failure as ServiceFailure {
      try? await archive.audited(.query, "C-FIND", as: request.caller, detail: "")
        .end(.refused, count: 0, remark: "\(failure.status) \(failure.comment)")
      throw failure
    }
  }

  /// What somebody would be told, as far as `limit` goes: the identifiers in Explicit VR Little Endian.
  package func preview(
    as caller: Caller, model: InformationModel, identifier bytes: [UInt8], limit: Int
  ) async throws -> [[UInt8]] {
    let syntax = TransferSyntax.explicitVRLittleEndian
    let identifier = try QueryIdentifier(reading: bytes, transferSyntax: syntax, model: model)
    var answers: [[UInt8]] = []
    for try await page in archive.reading(as: caller).find(identifier.query) {
      for row in page.rows.prefix(limit - answers.count) {
        answers.append(
          FindResponse(row: row, to: identifier, retrieveAETitle: aeTitle, transferSyntax: syntax).identifier)
      }
      if answers.count >= limit { break }
    }
    return answers
  }

  private func requireRight(of caller: Caller) async throws {
    guard try await archive.rights(of: caller).contains(.query) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not query here (any more)")
    }
  }
}
