// SPDX-License-Identifier: Apache-2.0

import Access

/// Who was turned away before they were known. The first is a record at once; the same again within a minute is one more
/// record, with a count, when the minute is over. A flood of strangers must not fill the disk.
struct AuditRefusals {
  struct Refusal: Hashable {
    let callingAETitle: String
    let calledAETitle: String
    let address: String
    let reason: String
    /// Who called was known as a peer, and did not prove to be a user.
    let isLogin: Bool
    /// Who is known, and brought a code while none is taken from them.
    var guesser: AuditActor?
  }

  private struct Count {
    let begun: Double
    var count = 0
    var last: Double
  }

  private static let interval = 60.0
  /// Different ones within a minute; what goes beyond is counted together.
  private static let mostKinds = 200
  private static let others = Refusal(
    callingAETitle: "", calledAETitle: "", address: "", reason: "refusals beyond those that are told apart",
    isLogin: false)

  private var counts: [Refusal: Count] = [:]

  /// What is to be recorded at once.
  mutating func take(_ refusal: Refusal, at time: Double) -> [AuditEntry] {
    var due = due(at: time, all: false)
    let isNew = counts[refusal] == nil
    let key = isNew && counts.count >= Self.mostKinds ? Self.others : refusal
    if var known = counts[key] {
      known.count += 1
      known.last = time
      counts[key] = known
    } else {
      counts[key] = Count(begun: time, last: time)
      due.append(Self.entry(key, count: 1, at: time))
    }
    return due
  }

  /// What was counted and whose minute is over.
  mutating func due(at time: Double, all: Bool) -> [AuditEntry] {
    // Times may run backwards.
    let over = counts.filter { all || abs(time - $0.value.begun) >= Self.interval }
    for key in over.keys { counts[key] = nil }
    return over.filter { $0.value.count > 0 }.sorted { $0.value.last < $1.value.last }.map { key, counted in
      Self.entry(key, count: counted.count, at: counted.last)
    }
  }

  private static func entry(_ refusal: Refusal, count: Int, at time: Double) -> AuditEntry {
    if let guesser = refusal.guesser {
      return AuditEntry(
        at: time, .change, "grant code refused", .refused, by: guesser, count: count, detail: refusal.reason)
    }
    let actor = AuditActor(
      kind: .nobody, principal: "", aeTitle: refusal.callingAETitle, address: refusal.address)
    let called = refusal.calledAETitle.isEmpty ? "" : "called '\(refusal.calledAETitle)': "
    return AuditEntry(
      at: time, refusal.isLogin ? .login : .association, refusal.isLogin ? "login" : "association refused", .refused,
      by: actor, count: count, detail: called + refusal.reason)
  }
}
