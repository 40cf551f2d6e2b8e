// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Whether what a record says was pruned can have been. Whoever can write to the database can write such a record, and take away
/// what they like: it has to agree with itself, with the clock, and with what checkpoints saw.
struct AuditCutJudgement {
  private let cut: AuditCut
  private let now: Double
  /// How old records have to be before they are pruned, as whoever asks says; nil where they do not.
  private let retention: Double?

  /// Clocks are set right now and then, and a checkpoint is not taken within a transaction.
  private static let tolerance = 300.0

  init(_ cut: AuditCut, at now: Double, retention: Double?) {
    self.cut = cut
    self.now = now
    self.retention = retention
  }

  /// What cannot be so, whatever was pruned.
  var contradictions: [String] {
    guard cut.isInOrder, let before = cut.before else {
      return ["it is not as a record of what was pruned is written: it does not say from before when that was"]
    }
    var found: [String] = []
    if before > cut.at {
      found.append(
        "it is of \(Moment.text(cut.at)) and says that what is from before \(Moment.text(before)) was pruned")
    }
    if cut.at > now + Self.tolerance { found.append("it is of \(Moment.text(cut.at)), which is still to come") }
    if cut.count.map({ $0 < 1 || Int64($0) > cut.through }) ?? true {
      found.append("it says that \(cut.count ?? 0) records up to \(cut.through) were pruned, which cannot be")
    }
    // Both bounds are written down in whole seconds.
    if let retention, before > cut.at - retention + 1 {
      found.append(
        "records were pruned before their time: what is from before \(Moment.text(before)), on \(Moment.text(cut.at))")
    }
    return found
  }

  /// What cannot be so, for a checkpoint that was taken before the record of what was pruned was written.
  func contradictions(with checkpoint: AuditCheckpoint) -> [String] {
    guard checkpoint.records < cut.number else { return [] }
    var found: [String] = []
    // One of an earlier version does not say how old its last record is, which may have been rightly pruned.
    if checkpoint.records > 0, checkpoint.records <= cut.through, let before = cut.before,
      let last = checkpoint.recorded.flatMap(Moment.seconds), last > before
    {
      found.append(
        "it says that what is from before \(Moment.text(before)) was pruned: the checkpoint of \(checkpoint.at) saw record "
          + "\(checkpoint.records), which is gone, and is of \(Moment.text(last))")
    }
    if let taken = Moment.seconds(checkpoint.at), cut.at < taken - Self.tolerance {
      found.append("it is of \(Moment.text(cut.at)): the checkpoint of \(checkpoint.at) had not seen it yet")
    }
    if let first = checkpoint.first, let count = cut.count, first > 0, Int64(count) > cut.through - first + 1 {
      found.append(
        "it says that \(count) records up to \(cut.through) were pruned: the checkpoint of \(checkpoint.at) saw none before "
          + "record \(first)")
    }
    return found
  }

  /// What looks as if the record were of another time than it says, and may also come of a clock that was set.
  func doubts(in database: Database) throws -> [String] {
    let earlier = try Double.fetchOne(
      database, sql: "SELECT at FROM audit WHERE number = ?", arguments: [cut.number &- 1])
    let later = try Double.fetchOne(
      database, sql: "SELECT at FROM audit WHERE number > ? ORDER BY number LIMIT 1", arguments: [cut.number])
    var doubts: [String] = []
    if let earlier, earlier > cut.at + Self.tolerance {
      doubts.append(
        "record \(cut.number), which says what was pruned, is of \(Moment.text(cut.at)), and the one before it of "
          + "\(Moment.text(earlier)): a clock was set back, or it was written later than it says")
    }
    if let later, later < cut.at - Self.tolerance {
      doubts.append(
        "record \(cut.number), which says what was pruned, is of \(Moment.text(cut.at)), and the one behind it of "
          + "\(Moment.text(later)): a clock was set back, or it was written earlier than it says")
    }
    return doubts
  }
}
