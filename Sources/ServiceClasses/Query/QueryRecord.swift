// SPDX-License-Identifier: Apache-2.0

import Access
import Archive
import DIMSE

/// What the audit says of one query. Of an answer that is one page it is all said at once; of a longer one, that it began; then,
/// page by page, what it goes on with; at last, how it ended. Rows go out while what tells of them is being written; the final
/// response waits for all of it, and while nothing can be written no row goes out.
struct QueryRecord {
  private enum Stage { case asked, begun, ended }

  /// Pages that are ahead of the disk at most: some tens of milliseconds of them.
  private static let mostAhead = 16

  var sent = 0
  private let read: AuditedRead
  private var stage = Stage.asked
  /// An answer of one page that is going out.
  private var whole: (count: Int, disclosure: AuditDisclosure)?
  /// Of what is being written, the oldest first.
  private var outstanding: [AuditReceipt] = []

  init(_ read: AuditedRead) {
    self.read = read
  }

  /// Returns when the page may be sent; `isAll`: with it everything is said. Call `give` once it is.
  mutating func cover(_ page: FindPage, isAll: Bool) async throws(AuditError) {
    guard page.count > 0 else { return }
    give()
    let isHeldUp = read.failure != nil
    switch stage {
    case .asked where isAll:
      stage = .ended
      whole = (page.count, page.disclosure)
      if isHeldUp || read.isCheap { give() }
    case .asked:
      stage = .begun
      outstanding.append(read.beginning(showing: page.disclosure))
    case .begun, .ended:
      outstanding.append(try await read.goOn(showing: page.disclosure))
    }
    while outstanding.count > (isHeldUp ? 0 : Self.mostAhead) { _ = try await outstanding.removeFirst().number() }
  }

  /// What tells of an answer of one page is written when that is on its way, where the thread that writes has to be woken for it:
  /// that takes a processor, and the rows would wait.
  mutating func give() {
    guard let (count, disclosure) = whole else { return }
    whole = nil
    outstanding.append(read.ending(.success, count: count, showing: disclosure))
  }

  mutating func end() async throws(AuditError) {
    give()
    for receipt in outstanding { _ = try await receipt.number() }
    guard stage != .ended else { return }
    stage = .ended
    try await read.end(.success, count: sent)
  }

  /// The answer was given up; what was sent of it was recorded before.
  mutating func end(because error: any Error) async {
    give()
    for receipt in outstanding { _ = try? await receipt.number() }
    guard stage != .ended else { return }
    stage = .ended
    let failure = error as? ServiceFailure
    let isCancelled = failure?.status == .cancel || Task.isCancelled
    try? await read.end(
      isCancelled ? .cancelled : .failed, count: sent,
      remark: isCancelled ? nil : failure.map { "\($0.status) \($0.comment)" } ?? "it could not be answered")
  }
}
