// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
import DICOMData
package import DIMSE
import Synchronization
package import UpperLayer

/// The Query service as SCP (PS3.4 C.4.1): matches are sent as pending responses while they are found; the function's
/// return is the final one. Cancelling the task is C-CANCEL.
package struct FindService: Sendable {
  /// Sends pending responses that differ by their identifiers alone; returns when the next may come. The identifiers are asked
  /// for when nothing keeps them from going out any more.
  package typealias Send = @Sendable (CommandSet, _ identifiers: () async throws -> DataSetSeries) async throws -> Void

  /// May spend a moment on its own thread on what is to be read, or is being read on another.
  package typealias Look = @Sendable (AnswerAwaited) -> Void

  private static let few = 16

  private let archive: Archive
  private let aeTitle: String

  package init(archive: Archive, aeTitle: String) {
    self.archive = archive
    self.aeTitle = aeTitle
  }

  /// Answers one C-FIND-RQ through `send`. Returns how many matches were sent; throws what the peer is to be told.
  package func find(
    _ request: ServiceRequest, model: InformationModel, identifier bytes: [UInt8], await look: Look = { _ in },
    send: @escaping Send
  ) async throws -> Int {
    let (identifier, profile) = try await judged(request, model, bytes)
    let first = first(of: identifier.query, as: request.caller, look)
    // Where another thread reads, it does so while what is recorded of the question is put into words.
    let read = archive.audited(
      .query, "C-FIND", as: request.caller,
      detail: "\(identifier.query.description); transfer syntax \(request.transferSyntax.uid)",
      identifier: bytes.count <= Self.longestRecorded ? bytes : nil)
    var record = QueryRecord(read)
    do {
      look(.fromThread(isThere: first.isThere))
      try await answer(request, identifier, profile, from: first.page, &record, send)
      return record.sent
    } catch let error as AuditError {
      throw ServiceFailure(auditing: error)
    } catch {
      await record.end(because: error)
      throw error
    }
  }

  /// The first page, read right here or begun to be read: of a question by a key to wake another thread takes as long as to read.
  private func first(of query: FindQuery, as caller: Caller, _ look: Look) -> BegunPage {
    let reader = archive.reading(as: caller)
    let brief = Mutex<FindPage?>(nil)
    if query.isBrief {
      look(
        .fromHere {
          let (page, wasBrief) = reader.brief(query)
          brief.withLock { $0 = page }
          return page != nil && wasBrief
        })
    }
    return brief.withLock(\.self).map(BegunPage.init) ?? reader.beginning(of: query)
  }

  /// Longer identifiers are told in words alone.
  private static let longestRecorded = 16 << 10

  /// What is refused is recorded too.
  private func judged(
    _ request: ServiceRequest, _ model: InformationModel, _ bytes: [UInt8]
  ) async throws -> (QueryIdentifier, QueryProfile) {
    do {
      try await requireRight(of: request.caller)
      let identifier = try QueryIdentifier(
        reading: bytes, transferSyntax: request.transferSyntax, model: model, negotiated: request.negotiated)
      return (identifier, try await archive.queryProfile(of: request.caller))
    } catch let failure as ServiceFailure {
      try? await archive.audited(.query, "C-FIND", as: request.caller, detail: "")
        .end(.refused, count: 0, remark: "\(failure.status) \(failure.comment)")
      throw failure
    }
  }

  private func answer(
    _ request: ServiceRequest, _ identifier: QueryIdentifier, _ profile: QueryProfile,
    from first: () async throws -> FindPage, _ record: inout QueryRecord, _ send: @escaping Send
  ) async throws {
    let pace = EmptyAnswerPace(step: .milliseconds(1))
    let reader = archive.reading(as: request.caller)
    var mark: PageMark?
    var page = try await first()
    let response = FindResponse(
      to: identifier, columns: page.columns, retrieveAETitle: aeTitle,
      characterSets: [identifier.characterSetTerms, profile.characterSetTerms], transferSyntax: request.transferSyntax)
    let most = profile.mostAnswers ?? .max
    while true {
      let disclosure = archive.disclosures.begin()
      defer { disclosure.end() }
      page = try await covered(page, of: identifier.query, after: mark, reader, &record, most: most)
      if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
      let left = most - record.sent
      let next = page.count <= left ? page.next : nil
      // The next page is read while this one is sent.
      async let following: FindPage? = next == nil ? nil : reader.page(of: identifier.query, after: next)
      let told = try await deliver(page, atMost: left, response, request, send, disclosure) {
        try await covered(
          try await reader.page(of: identifier.query, after: mark), of: identifier.query, after: mark, reader, &record,
          most: most)
      }
      disclosure.end()
      record.give()
      record.sent += min(told.count, left)
      guard told.count <= left else {
        throw ServiceFailure(.refusedOutOfResources, "more than \(most) matches: ask for fewer")
      }
      guard let end = told.next else { break }
      let read = try await following
      mark = end
      if let read, end == next { page = read } else { page = try await reader.page(of: identifier.query, after: end) }
      try await requireRight(of: request.caller)
    }
    if Task.isCancelled { throw ServiceFailure(.cancel, "cancelled by the peer") }
    if record.sent == 0 { await pace.hold() }
    try await record.end()
  }

  /// The page as it may be told now, and what it tells given to be recorded: where that takes time, it may change meanwhile.
  private func covered(
    _ read: FindPage, of query: FindQuery, after mark: PageMark?, _ reader: ArchiveReader,
    _ record: inout QueryRecord, most: Int
  ) async throws -> FindPage {
    var recorded: FindPage?
    var page = read
    while true {
      page = try await reader.current(page, of: query, after: mark)
      if let recorded, recorded.disclosure == page.disclosure { return page }
      try await record.cover(page, isAll: page.isLast && page.count <= most - record.sent)
      recorded = page
    }
  }

  /// Returns the page as it was told: what waited while somebody took something away is read anew.
  private func deliver(
    _ page: FindPage, atMost left: Int, _ response: FindResponse, _ request: ServiceRequest, _ send: @escaping Send,
    _ disclosure: Disclosures.Disclosure, anew: () async throws -> FindPage
  ) async throws -> FindPage {
    guard min(page.count, left) > 0 else { return page }
    var command = CommandSet.response(
      to: request.command, status: response.supportsAllKeys ? .pending : .pendingWithWarning)
    command.hasDataSet = true
    var told = page
    var identifiers = await identifiers(page, atMost: left, response)
    try await send(command) {
      while !disclosure.mayGo() {
        told = try await anew()
        identifiers = await self.identifiers(told, atMost: left, response)
      }
      return identifiers
    }
    return told
  }

  /// Few are written where the connection is, many elsewhere: others have connections there too.
  private func identifiers(_ page: FindPage, atMost left: Int, _ response: FindResponse) async -> DataSetSeries {
    let count = min(page.count, max(left, 0))
    guard count > Self.few else { return response.identifiers(of: page, count) }
    return await withTaskExecutorPreference(globalConcurrentExecutor) { response.identifiers(of: page, count) }
  }

  private func requireRight(of caller: Caller) async throws {
    guard try await archive.rights(of: caller).contains(.query) else {
      throw ServiceFailure(.refusedNotAuthorized, "this peer, or its user, may not query here (any more)")
    }
  }
}
