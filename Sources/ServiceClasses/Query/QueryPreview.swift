// SPDX-License-Identifier: Apache-2.0

import Access
package import Archive
package import DICOMData
import DIMSE
import UpperLayer

/// What somebody would be told by a query, for an operator, who is on record with it: the same rights, grants, profile of the
/// peer and negotiated options as on an association, without one.
package struct QueryPreview: Sendable {
  package struct Answers: Sendable {
    /// The identifiers, in Explicit VR Little Endian.
    package var identifiers: [[UInt8]] = []
    /// What each of them would have status FF01 for; empty for FF00.
    package var unsupportedKeys: [Tag] = []
    /// Whether there are more, that were not asked for.
    package var isCut = false
    /// How it would end, where that is not with success.
    package var failure: ServiceFailure?
  }

  private let archive: Archive
  private let user: Operator
  private let aeTitle: String

  /// `aeTitle`: of the node that would answer.
  package init(archive: Archive, as user: Operator, aeTitle: String) {
    self.archive = archive
    self.user = user
    self.aeTitle = aeTitle
  }

  /// Returns when it is on record what is told. `limit`: so many identifiers at most; `identifier`: in Explicit VR Little
  /// Endian. A refusal is the answers' `failure`.
  package func answers(
    to caller: Caller, model: InformationModel, identifier bytes: [UInt8], negotiated: QueryNegotiation, limit: Int
  ) async throws -> Answers {
    let words = "as '\(caller.identity.principalName)' through '\(caller.peerName)'"
    let syntax = TransferSyntax.explicitVRLittleEndian
    let identifier: QueryIdentifier
    do {
      if let why = try await archive.administration(as: user).refusal(of: caller) {
        throw ServiceFailure(.refusedNotAuthorized, why)
      }
      guard try await archive.rights(of: caller).contains(.query) else {
        throw ServiceFailure(.refusedNotAuthorized, "this peer, or its user, may not query here (any more)")
      }
      identifier = try QueryIdentifier(reading: bytes, transferSyntax: syntax, model: model, negotiated: negotiated)
    } catch let failure as ServiceFailure {
      try await archive.audited(.query, "query", by: user, detail: words)
        .end(.refused, count: 0, remark: "\(failure.status) \(failure.comment)")
      return Answers(failure: failure)
    }
    let read = archive.audited(
      .query, "query", by: user, detail: "\(identifier.query.description); transfer syntax \(syntax.uid); \(words)",
      identifier: bytes)
    let (answers, disclosure) = try await gather(identifier, for: caller, syntax, limit)
    try await read.end(
      answers.failure == nil ? .success : .failed, count: answers.identifiers.count, showing: disclosure,
      remark: answers.failure.map { "\($0.status) \($0.comment)" })
    return answers
  }

  private func gather(
    _ identifier: QueryIdentifier, for caller: Caller, _ syntax: TransferSyntax, _ limit: Int
  ) async throws -> (Answers, AuditDisclosure) {
    let profile = try await archive.queryProfile(of: caller)
    let most = min(limit, profile.mostAnswers ?? .max)
    var answers = Answers()
    var subjects: [AuditSubject] = []
    for try await page in archive.reading(as: caller).find(identifier.query) {
      let response = FindResponse(
        to: identifier, columns: page.columns, retrieveAETitle: aeTitle,
        characterSets: [identifier.characterSetTerms, profile.characterSetTerms], transferSyntax: syntax)
      answers.unsupportedKeys = response.unsupportedKeys
      let taken = min(page.count, most - answers.identifiers.count)
      answers.identifiers += response.identifiers(of: page, taken).all
      if taken > 0 { subjects += page.disclosure.subjects }
      guard taken < page.count else { continue }
      if let most = profile.mostAnswers, most <= limit {
        answers.failure = ServiceFailure(.refusedOutOfResources, "more than \(most) matches: ask for fewer")
      } else {
        answers.isCut = true
      }
      break
    }
    // No grant opened it to the operator.
    return (answers, AuditDisclosure(subjects: subjects, grants: []))
  }
}
