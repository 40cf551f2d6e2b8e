// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a peer owes, and since when. Timestamps go in as things happen; one timer asks now and then what is overdue.
struct PeerClock {
  enum Verdict: Equatable {
    /// Nothing is overdue, and nothing can be before then.
    case wait(until: NIODeadline)
    /// In words; who does not read what is sent to it cannot be asked to hang up.
    case overdue(String, isUnread: Bool)
  }

  private struct IncompletePDU {
    var began: NIODeadline
    var progress: PDUDecoder.Progress
  }

  /// The command or the data set of a message (PS3.7 §6.3.1): the unit that data fragments belong to.
  private struct IncompleteMessage {
    var began: NIODeadline
    var received: Int
  }

  /// What was sent waits for the peer to read.
  private struct Unwritable {
    var since: NIODeadline
    /// Bytes that waited then; nil where nobody has looked.
    var waiting: Int?
  }

  private enum Reading {
    /// Nobody has asked for bytes yet: a channel that reads by itself.
    case byItself
    case awaited
    /// This node does not read on: its service is busy.
    case heldBack(since: NIODeadline)
  }

  private let limits: UpperLayerLimits
  private var lastActivity: NIODeadline
  private var incompletePDU: IncompletePDU?
  private var incompleteMessage: IncompleteMessage?
  private var unwritable: Unwritable?
  private var reading = Reading.byItself

  init(limits: UpperLayerLimits, now: NIODeadline) {
    self.limits = limits
    lastActivity = now
  }

  mutating func wrote(at now: NIODeadline) {
    lastActivity = now
  }

  /// `progress` is nil between two PDUs.
  mutating func received(_ progress: PDUDecoder.Progress?, at now: NIODeadline) {
    lastActivity = now
    guard let progress else {
      incompletePDU = nil
      return
    }
    let began = incompletePDU?.progress.ordinal == progress.ordinal ? incompletePDU?.began : nil
    incompletePDU = IncompletePDU(began: began ?? now, progress: progress)
  }

  /// A piece of the data of a message; where its PDUs come in time, but never the last one, the message itself is late.
  mutating func receivedData(count: Int, isLast: Bool, _ eventLoop: any EventLoop) {
    guard !isLast else {
      incompleteMessage = nil
      return
    }
    if incompleteMessage == nil { incompleteMessage = IncompleteMessage(began: eventLoop.now, received: 0) }
    incompleteMessage?.received += count
  }

  mutating func becameWritable(_ isWritable: Bool, at now: NIODeadline) {
    unwritable = isWritable ? nil : unwritable ?? Unwritable(since: now)
  }

  /// Something that was sent waits for the peer.
  var awaitsReader: Bool { unwritable != nil }

  /// How many bytes wait for a peer that is not read fast enough: one that reads as fast as others have to send is not hung up
  /// on, however much there is to read.
  mutating func look(at now: NIODeadline, waiting: Int) {
    guard var known = unwritable else { return }
    defer { unwritable = known }
    guard let before = known.waiting else {
      known.waiting = waiting
      return
    }
    guard now - known.since >= limits.writeTimeout else { return }
    let seconds = Int(clamping: (now - known.since).nanoseconds / 1_000_000_000)
    let (least, overflow) = limits.minimumThroughput.multipliedReportingOverflow(by: seconds)
    guard before - waiting >= max(overflow ? .max : least, 1) else { return }
    known = Unwritable(since: now, waiting: waiting)
  }

  mutating func readCompleted() {
    if case .awaited = reading { reading = .heldBack(since: lastActivity) }
  }

  /// The time that this node did not read is not the peer's.
  mutating func readBegan(_ eventLoop: any EventLoop) {
    if case .heldBack(let since) = reading, incompletePDU != nil || incompleteMessage != nil {
      let away = eventLoop.now - since
      if let began = incompletePDU?.began { incompletePDU?.began = began + away }
      if let began = incompleteMessage?.began { incompleteMessage?.began = began + away }
    }
    reading = .awaited
  }

  func verdict(at now: NIODeadline) -> Verdict {
    if let since = unwritable?.since, now - since >= limits.writeTimeout {
      return .overdue("what was sent has not been read for \(seconds(now - since))", isUnread: true)
    }
    if let incompletePDU, let due = pduDue, now >= due {
      let (took, received) = (seconds(now - incompletePDU.began), incompletePDU.progress.received)
      return .overdue("of a PDU that began \(took) ago only \(received) bytes have come", isUnread: false)
    }
    if let incompleteMessage, let due = messageDue, now >= due {
      let (took, received) = (seconds(now - incompleteMessage.began), incompleteMessage.received)
      return .overdue("of a message that began \(took) ago only \(received) bytes have come", isUnread: false)
    }
    if now - lastActivity >= limits.idleTimeout {
      return .overdue("nothing was sent for \(seconds(now - lastActivity))", isUnread: false)
    }
    let soonest = now + min(limits.pduTimeout, limits.dataGracePeriod)
    return .wait(
      until: min(
        lastActivity + limits.idleTimeout, pduDue ?? soonest, messageDue ?? soonest,
        (unwritable?.since ?? now) + limits.writeTimeout))
  }

  private var pduDue: NIODeadline? {
    guard let incompletePDU else { return nil }
    if case .heldBack = reading { return nil }
    guard incompletePDU.progress.isData else { return incompletePDU.began + limits.pduTimeout }
    return due(since: incompletePDU.began, received: incompletePDU.progress.received)
  }

  private var messageDue: NIODeadline? {
    guard let incompleteMessage else { return nil }
    if case .heldBack = reading { return nil }
    return due(since: incompleteMessage.began, received: incompleteMessage.received)
  }

  /// nil without a least throughput.
  private func due(since began: NIODeadline, received: Int) -> NIODeadline? {
    guard limits.minimumThroughput > 0 else { return nil }
    // The quotient first: a message has no longest length.
    let seconds = Int64(received / limits.minimumThroughput)
    return began + limits.dataGracePeriod + .seconds(seconds)
  }

  private func seconds(_ time: TimeAmount) -> String {
    "\(time.nanoseconds / 1_000_000_000) s"
  }
}
