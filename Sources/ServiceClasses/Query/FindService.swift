// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
package import NIOCore

/// The Query service as SCP (PS3.4 C.4.1): matches are sent as pending responses while they are found; the function's
/// return is the final one. Cancelling the task is C-CANCEL.
package struct FindService: Sendable {
  /// Sends pending responses that differ by their identifiers alone; returns when the next may come.
  package typealias Send = @Sendable (CommandSet, _ identifiers: [ByteBuffer]) async throws -> Void

  /// A page that was read longer ago is read again before it is sent: a grant may have ended since.
  private static let longestReadAhead = Duration.milliseconds(100)

  private static let few = 16

  private let archive: Archive
  private let aeTitle: String

  package init(archive: Archive, aeTitle: String) {
    self.archive = archive
    self.aeTitle = aeTitle
  }

  /// Answers one C-FIND-RQ through `send`. Returns how many matches were sent; throws what the peer is to be told.
  package func find(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8], send: Send
  ) async throws -> Int {
    try await requireRight(of: request.caller)
    let profile = try await archive.queryProfile(of: request.caller)
    let identifier = try QueryIdentifier(
      reading: bytes, transferSyntax: request.transferSyntax, model: model, negotiated: request.negotiated)
    let pace = EmptyAnswerPace(step: .milliseconds(1))
    let reader = archive.reading(as: request.caller)
    var page = try await reader.page(of: identifier.query, after: nil)
    let response = FindResponse(
      to: identifier, columns: page.columns, retrieveAETitle: aeTitle,
      characterSets: [identifier.characterSetTerms, profile.characterSetTerms], transferSyntax: request.transferSyntax)
    let matches = MatchCount(most: profile.mostAnswers ?? .max)
    while true {
      guard let mark = page.next else {
        try await deliver(page, response, request, matches, send)
        break
      }
      // The next page is read while this one is sent.
      async let following = reader.page(of: identifier.query, after: mark)
      let began = ContinuousClock.now
      try await deliver(page, response, request, matches, send)
      let next = try await following
      try await requireRight(of: request.caller)
      page =
        ContinuousClock.now - began < Self.longestReadAhead
        ? next : try await reader.page(of: identifier.query, after: mark)
    }
    if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
    if matches.count == 0 { await pace.hold() }
    return matches.count
  }

  private func deliver(
    _ page: FindPage, _ response: FindResponse, _ request: ServiceRequest, _ matches: MatchCount, _ send: Send
  ) async throws {
    if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
    let allowed = matches.allowed(of: page.count)
    if allowed > 0 {
      var command = CommandSet.response(
        to: request.command, status: response.supportsAllKeys ? .pending : .pendingWithWarning)
      command.hasDataSet = true
      let rows = page.rows.prefix(allowed)
      // Few are written where the connection is, many elsewhere: others have connections there too.
      let identifiers =
        allowed <= Self.few
        ? response.identifiers(rows)
        : await withTaskExecutorPreference(globalConcurrentExecutor) { response.identifiers(rows) }
      try await send(command, identifiers)
    }
    guard allowed == page.count else {
      throw ServiceFailure(.refusedOutOfResources, "more than \(matches.most) matches: ask for fewer")
    }
  }

  private func requireRight(of caller: Caller) async throws {
    guard try await archive.rights(of: caller).contains(.query) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer may not query here (any more)")
    }
  }
}

/// How many matches were sent of those that may be.
private final class MatchCount {
  let most: Int
  private(set) var count = 0

  init(most: Int) {
    self.most = most
  }

  /// How many of so many more may be sent; they count as sent.
  func allowed(of more: Int) -> Int {
    let allowed = min(more, most - count)
    count += allowed
    return allowed
  }
}
