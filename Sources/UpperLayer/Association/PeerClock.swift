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
  private var unwritableSince: NIODeadline?
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

  mutating func becameWritable(_ isWritable: Bool, at now: NIODeadline) {
    unwritableSince = isWritable ? nil : unwritableSince ?? now
  }

  mutating func readCompleted() {
    if case .awaited = reading { reading = .heldBack(since: lastActivity) }
  }

  /// The time that this node did not read is not the peer's.
  mutating func readBegan(_ eventLoop: any EventLoop) {
    if case .heldBack(let since) = reading, let began = incompletePDU?.began {
      incompletePDU?.began = began + (eventLoop.now - since)
    }
    reading = .awaited
  }

  func verdict(at now: NIODeadline) -> Verdict {
    if let unwritableSince, now - unwritableSince >= limits.writeTimeout {
      return .overdue("what was sent has not been read for \(seconds(now - unwritableSince))", isUnread: true)
    }
    if let incompletePDU, let due = pduDue, now >= due {
      let (took, received) = (seconds(now - incompletePDU.began), incompletePDU.progress.received)
      return .overdue("of a PDU that began \(took) ago only \(received) bytes have come", isUnread: false)
    }
    if now - lastActivity >= limits.idleTimeout {
      return .overdue("nothing was sent for \(seconds(now - lastActivity))", isUnread: false)
    }
    return .wait(
      until: min(
        lastActivity + limits.idleTimeout, pduDue ?? now + min(limits.pduTimeout, limits.dataGracePeriod),
        (unwritableSince ?? now) + limits.writeTimeout))
  }

  private var pduDue: NIODeadline? {
    guard let incompletePDU else { return nil }
    if case .heldBack = reading { return nil }
    guard incompletePDU.progress.isData else { return incompletePDU.began + limits.pduTimeout }
    let milliseconds = Int64(incompletePDU.progress.received) * 1000 / Int64(max(limits.minimumThroughput, 1))
    return incompletePDU.began + limits.dataGracePeriod + .milliseconds(milliseconds)
  }

  private func seconds(_ time: TimeAmount) -> String {
    "\(time.nanoseconds / 1_000_000_000) s"
  }
}
