// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE

/// What the audit says of one query. Of an answer that is one page it is all said before the first row is sent; of a longer
/// one, that it began; then, page by page, what it goes on with; at last, how it ended.
struct QueryRecord {
  private enum Stage { case asked, begun, ended }

  var sent = 0
  private let read: AuditedRead
  private var stage = Stage.asked

  init(_ read: AuditedRead) {
    self.read = read
  }

  /// Returns when the page may be sent; `isAll`: with it everything is said.
  mutating func cover(_ page: FindPage, isAll: Bool) async throws(AuditError) {
    guard page.count > 0 else { return }
    switch stage {
    case .asked where isAll:
      stage = .ended
      try await read.end(.success, count: page.count, showing: page.disclosure)
    case .asked:
      try await read.begin(showing: page.disclosure)
      stage = .begun
    case .begun, .ended: try read.goOn(showing: page.disclosure)
    }
  }

  mutating func end() async throws(AuditError) {
    guard stage != .ended else { return }
    stage = .ended
    try await read.end(.success, count: sent)
  }

  /// The answer was given up; what was sent of it was recorded before.
  mutating func end(because error: any Error) async {
    guard stage != .ended else { return }
    stage = .ended
    let failure = error as? ServiceFailure
    let isCancelled = failure?.status == .cancel || Task.isCancelled
    try? await read.end(
      isCancelled ? .cancelled : .failed, count: sent,
      remark: isCancelled ? nil : failure.map { "\($0.status) \($0.comment)" } ?? "it could not be answered")
  }
}
