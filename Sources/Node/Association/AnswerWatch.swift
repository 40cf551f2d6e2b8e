// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import UpperLayer

/// Looks for an answer for some microseconds before the event loop goes to sleep: to wake a thread takes longer than many a peer
/// takes to answer, and a retrieve waits once for each object. A question by a key is read as fast, and so right here. Not where
/// others are heard on the same event loop, which would wait meanwhile, and seldom where it takes longer anyway.
final class AnswerWatch: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer

  /// Event loops that look at this moment: half of the processors are for whoever answers.
  private static let looking = Atomic(0)
  private static let mostLooking = max(1, System.coreCount / 2)

  private let audience = Audience.onThisEventLoop
  private var descriptor: NIOBSDSocket.Handle?
  private var ofPeer = Patience(.microseconds(50))
  /// Where threads share processors, to look keeps the very thread waiting that is looked for.
  private var ofThreads = Patience(.microseconds(150), mostAway: .microseconds(20))
  private var ofHere = Patience(.zero)

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    audience.hear(ObjectIdentifier(self))
    context.write(data, promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    audience.hear(ObjectIdentifier(self))
    context.fireChannelRead(data)
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard let awaited = event as? AnswerAwaited else {
      return context.triggerUserOutboundEvent(event, promise: promise)
    }
    if context.channel.isActive, audience.isAlone(ObjectIdentifier(self)) { look(for: awaited, context) }
    promise?.succeed()
  }

  /// Asked for where it is needed: that alone takes longer than all else that is done for most connections here.
  private func descriptor(of context: ChannelHandlerContext) -> NIOBSDSocket.Handle? {
    if descriptor == nil {
      descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
        of: NIOBSDSocket.Handle.self
      ) { $0 }
    }
    return descriptor
  }

  private func look(for awaited: AnswerAwaited, _ context: ChannelHandlerContext) {
    // To do it is no waste of a processor.
    if case .fromHere(let isThere) = awaited { return ofHere.attempt(isThere) }
    defer { Self.looking.subtract(1, ordering: .relaxed) }
    guard Self.looking.add(1, ordering: .relaxed).newValue <= Self.mostLooking else { return }
    switch awaited {
    case .fromHere: return
    case .fromThread(let isThere): ofThreads.look(isThere)
    case .fromPeer:
      // What is not written yet cannot be answered.
      guard context.channel.isWritable, let descriptor = descriptor(of: context) else { return }
      var answer = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      ofPeer.look { poll(&answer, 1, 0) != 0 }
    }
  }
}

/// How long it is worth to look for something.
private struct Patience {
  /// In vain so often at most, of so many times.
  private static let mostPassedOver = 255

  private let longest: TimeAmount
  /// So often it does not look: twice as often each time that it looked in vain.
  private var pause = 0
  private var left = 0

  private let mostAway: TimeAmount

  /// `mostAway`: where others had the processor for longer than that it looks no more, as if it had been in vain.
  init(_ longest: TimeAmount, mostAway: TimeAmount = .seconds(1)) {
    self.longest = longest
    self.mostAway = mostAway
  }

  mutating func look(_ isThere: () -> Bool) {
    let (longest, mostAway) = (longest, mostAway)
    attempt {
      var now = NIODeadline.now()
      let end = now + longest
      var isAway = false
      repeat {
        guard !isThere() else { return true }
        // Others may have work for this processor.
        sched_yield()
        let before = now
        now = .now()
        isAway = now - before > mostAway
      } while now < end && !isAway
      return false
    }
  }

  /// `body`: whether it was worth it.
  mutating func attempt(_ body: () -> Bool) {
    guard left == 0 else {
      left -= 1
      return
    }
    pause = body() ? 0 : min(2 * pause + 1, Self.mostPassedOver)
    left = pause
  }
}

/// Who is heard on one event loop.
private final class Audience: Sendable {
  private static let known = ThreadSpecificVariable<Audience>()
  /// Others were not heard for so long.
  private static let alone = TimeAmount.milliseconds(1)

  private let state = Mutex<(last: ObjectIdentifier?, since: NIODeadline)>((nil, .now()))

  /// Of the thread that this is called on.
  static var onThisEventLoop: Audience {
    if let audience = known.currentValue { return audience }
    let audience = Audience()
    known.currentValue = audience
    return audience
  }

  func hear(_ connection: ObjectIdentifier) {
    state.withLock { state in
      guard state.last != connection else { return }
      state = (connection, .now())
    }
  }

  func isAlone(_ connection: ObjectIdentifier) -> Bool {
    state.withLock { $0.last == connection && $0.since + Self.alone < .now() }
  }
}
