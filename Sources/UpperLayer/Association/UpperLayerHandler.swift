// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore

/// Performs what the state machine says on a channel, and keeps time for it.
package final class UpperLayerHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = UpperLayerIndication
  package typealias OutboundIn = UpperLayerRequest
  package typealias OutboundOut = ByteBuffer

  /// What one P-DATA-TF carries at most where the peer names no limit.
  private static let longestFragment = 256 << 10
  private static let shortFragment = 1024
  private static let pduAndPDVHead = 12
  private static let mostAfterEnd = 16 << 20
  private static let mostEarly = 4 << 10
  private static let readSizeBeforeAssociation = AdaptiveRecvByteBufferAllocator(
    minimum: 512, initial: 2048, maximum: 4096)

  /// It grows where a peer fills it: two of the PDUs that peers are told to send at most.
  private static let readSizeInAssociation = AdaptiveRecvByteBufferAllocator(
    minimum: 512, initial: 2048, maximum: 256 << 10)

  private let limits: UpperLayerLimits
  private var machine: UpperLayerStateMachine
  private var decoder: PDUDecoder
  private var clock: PeerClock
  private var artim: Scheduled<Void>?
  private var watch: Scheduled<Void>?
  private var peerMaximumLength: UInt32 = 0
  private var passesData = false
  /// After bytes that are no PDU nothing that follows can be told apart; and Sta13 has been answered once.
  private var isDeaf = false
  private var hasEnded = false
  /// The user of this layer knows of an association, or has asked for one.
  private var isAsked = false
  private var readsLittle = false
  private var receivedAfterEnd = 0
  /// What a server says before it was asked for an association, as one of SMTP does.
  private var early = ByteBuffer()
  /// Why what was to be sent was not.
  private var unsendable: PDUError?

  package init(role: UpperLayerStateMachine.Role, limits: UpperLayerLimits) {
    self.limits = limits
    machine = UpperLayerStateMachine(role: role)
    isAsked = role == .requestor
    decoder = PDUDecoder(limits: limits)
    clock = PeerClock(limits: limits, now: .now())
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    clock = PeerClock(limits: limits, now: context.eventLoop.now)
    if machine.role == .acceptor {
      readsLittle = true
      setReadSize(Self.readSizeBeforeAssociation, context)
    }
    guard context.channel.isActive else { return }
    notePeer(context)
    if machine.role == .acceptor { handle(.transportIndication, context) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    artim?.cancel()
    watch?.cancel()
    decoder.forget()
  }

  package func channelActive(context: ChannelHandlerContext) {
    notePeer(context)
    if machine.role == .acceptor, machine.state == .idle { handle(.transportIndication, context) }
    if machine.state == .awaitingTransportOpen { handle(.transportConfirm, context) }
    context.fireChannelActive()
  }

  /// As the channel remembers it: the context would ask the system again.
  private func notePeer(_ context: ChannelHandlerContext) {
    decoder.peer = NetworkAddress(context.channel.remoteAddress)
  }

  package func channelInactive(context: ChannelHandlerContext) {
    handle(.transportClosed, context)
    artim?.cancel()
    watch?.cancel()
    decoder.forget()
    context.fireChannelInactive()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard isWorthReading(bytes.readableBytes) else { return context.close(promise: nil) }
    guard machine.role == .acceptor || (machine.state != .idle && machine.state != .awaitingTransportOpen) else {
      if early.readableBytes < Self.mostEarly { early.writeImmutableBuffer(bytes) }
      return
    }
    hear(bytes, context)
  }

  private func hear(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    guard !isDeaf else { return }
    do throws(PDUError) {
      try decoder.append(bytes)
      while !isDeaf, let decoded = try decoder.next(in: machine.state) { take(decoded, context) }
    } catch {
      isDeaf = true
      if let rejection = error.rejection, machine.state == .transportOpenAwaitingAssociateRQ {
        handle(.receivedUnacceptableAssociateRQ(rejection, error.description), context)
      } else {
        handle(.receivedInvalidPDU(error), context)
      }
    }
    if isDeaf { decoder.forget() }
    clock.received(decoder.progress, at: context.eventLoop.now)
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    clock.readCompleted()
    if decoder.progress != nil { context.triggerUserOutboundEvent(MoreToCome(), promise: nil) }
    context.fireChannelReadComplete()
  }

  package func read(context: ChannelHandlerContext) {
    clock.readBegan(context.eventLoop)
    context.read()
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    clock.becameWritable(context.channel.isWritable, at: context.eventLoop.now)
    if !context.channel.isWritable {
      // More of the same flush may follow.
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      context.eventLoop.execute {
        let (handler, context) = bound.value
        handler.look(context)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  /// A peer that was told of the end reads it behind what it still sends; one that sends on and on does not read.
  private func isWorthReading(_ count: Int) -> Bool {
    guard machine.state == .awaitingTransportClose else { return true }
    receivedAfterEnd += count
    return receivedAfterEnd <= Self.mostAfterEnd
  }

  private func take(_ decoded: PDUDecoder.Decoded, _ context: ChannelHandlerContext) {
    switch decoded {
    case .pdu(let pdu):
      if case .associateRQ(let request) = pdu { peerMaximumLength = request.userInformation.maximumLength }
      if case .associateAC(let acceptance) = pdu { peerMaximumLength = acceptance.userInformation.maximumLength }
      handle(UpperLayerEvent(pdu), context)
    case .dataTFBegan:
      passesData = false
      handle(.receivedDataTF, context)
    case .data(let value):
      guard passesData, machine.state.indicatesData else { return }
      clock.receivedData(count: value.data.readableBytes, isLast: value.isLast, context.eventLoop)
      context.fireChannelRead(wrapInboundOut(.data(value)))
    case .refused(let type):
      // AA-7 answers in Sta13; a peer that does not hear the first answer would have as many as it cares to ask for.
      isDeaf = machine.state == .awaitingTransportClose
      handle(.receivedInvalidPDU(PDUError(.unexpectedPDU, "\(type.name) is not expected now")), context)
    }
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    clock.wrote(at: context.eventLoop.now)
    switch unwrapOutboundIn(data) {
    case .associate(let request):
      ask(.associateRequest(request), context, promise)
      let early = early
      self.early = ByteBuffer()
      if early.readableBytes > 0 { hear(early, context) }
    case .accept(let acceptance): ask(.acceptResponse(acceptance), context, promise)
    case .reject(let rejection): ask(.rejectResponse(rejection), context, promise)
    case .release: ask(.releaseRequest, context, promise)
    case .releaseResponse: ask(.releaseResponse, context, promise)
    case .abort(let abort): ask(.abortRequest(abort), context, promise)
    case .data(let value):
      guard machine.handle(.dataRequest) != nil else {
        promise?.fail(AssociationEnd.connectionClosed)
        return
      }
      writeFragments(of: value, context, promise)
    case .messages(let command, let dataSets, let contextID):
      guard machine.handle(.dataRequest) != nil else {
        promise?.fail(AssociationEnd.connectionClosed)
        return
      }
      let messages = DataTFSeries(
        command: Array(command.readableBytesView), dataSets, contextID: contextID, longestFragment: longestFragment)
      context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: messages.bytes)), promise: promise)
    }
  }

  private func ask(
    _ event: UpperLayerEvent, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    guard handle(event, context) else {
      promise?.fail(AssociationEnd.connectionClosed)
      return
    }
    if let unsendable { promise?.fail(unsendable) } else { promise?.succeed() }
  }

  /// Performs the effects of an event; false where the state machine has none.
  @discardableResult
  private func handle(_ event: UpperLayerEvent, _ context: ChannelHandlerContext) -> Bool {
    guard let effects = machine.handle(event) else { return false }
    for effect in effects { perform(effect, context) }
    // Until the A-ASSOCIATE-RQ is there, ARTIM keeps the time.
    if readsLittle, machine.state == .established {
      readsLittle = false
      setReadSize(Self.readSizeInAssociation, context)
    }
    if watch == nil, machine.state != .idle, machine.state != .transportOpenAwaitingAssociateRQ { watchPeer(context) }
    return true
  }

  /// A channel keeps the buffer that it reads into: many connections that have not said who they are keep little.
  private func setReadSize(_ size: AdaptiveRecvByteBufferAllocator, _ context: ChannelHandlerContext) {
    // A channel that cannot is none that reads from a socket.
    try? context.channel.syncOptions?.setOption(.recvAllocator, value: size)
  }

  private func perform(_ effect: UpperLayerStateMachine.Effect, _ context: ChannelHandlerContext) {
    switch effect {
    case .connectTransport: if context.channel.isActive { handle(.transportConfirm, context) }
    case .startARTIM: startARTIM(context)
    case .stopARTIM: artim?.cancel()
    case .send(let pdu): send(pdu, context)
    case .sendData: break
    case .indicateData: passesData = true
    case .indicate(.ended(let end)): tellEnd(end, context)
    case .indicate(let indication):
      isAsked = true
      context.fireChannelRead(wrapInboundOut(indication))
    case .closeTransport: context.close(promise: nil)
    }
  }

  private func send(_ pdu: PDU, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 256)
    do throws(PDUError) {
      try pdu.write(to: &buffer)
      context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    } catch {
      unsendable = error
      abort(.abortedLocally("what was to be sent is too long: \(error)"), context)
    }
  }

  /// Ends the association for a reason of this layer's own; nothing where it is over already.
  private func abort(_ end: AssociationEnd, _ context: ChannelHandlerContext) {
    if handle(.abortRequest(Abort(source: .serviceProvider, reason: .notSpecified)), context) {
      tellEnd(end, context)
    }
  }

  /// Once for each association, so that each end is recorded once.
  private func tellEnd(_ end: AssociationEnd, _ context: ChannelHandlerContext) {
    guard !hasEnded else { return }
    hasEnded = true
    context.fireChannelRead(wrapInboundOut(.ended(isAsked ? end : refusal(end))))
  }

  /// What ended before anybody above was asked, for whoever records who was refused. A peer's own A-ABORT is no refusal.
  private func refusal(_ end: AssociationEnd) -> AssociationEnd {
    if case .abortedByPeer = end { return end }
    return .refused(
      Refusal(
        why: end.description, callingAETitle: decoder.titles?.calling.title,
        calledAETitle: decoder.titles?.called.title))
  }

  private func startARTIM(_ context: ChannelHandlerContext) {
    artim?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    artim = context.eventLoop.scheduleTask(in: limits.artimTimeout) {
      let (handler, context) = bound.value
      handler.handle(.artimExpired, context)
    }
  }

  private func look(_ context: ChannelHandlerContext) {
    guard clock.awaitsReader,
      let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    else { return }
    clock.look(at: context.eventLoop.now, waiting: waiting + unacknowledged(context))
  }

  /// What the system has taken and the peer has not: it may be megabytes, of which the channel hears only now and then (tcp(7)).
  private func unacknowledged(_ context: ChannelHandlerContext) -> Int {
    var count: CInt = 0
    try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      _ = ioctl($0, UInt(TIOCOUTQ), &count)
    }
    return Int(count)
  }

  /// One timer an association, set anew only when it fires: nothing is done for each PDU. In Sta13 ARTIM takes over.
  private func watchPeer(_ context: ChannelHandlerContext) {
    guard machine.state != .idle, machine.state != .awaitingTransportClose else { return }
    look(context)
    switch clock.verdict(at: context.eventLoop.now) {
    case .wait(let deadline):
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      watch = context.eventLoop.scheduleTask(deadline: deadline) {
        let (handler, context) = bound.value
        handler.watchPeer(context)
      }
    case .overdue(let why, let isUnread):
      abort(.timedOut(why), context)
      if isUnread { context.close(promise: nil) }
    }
  }

  /// One PDV a PDU, each within what the peer takes (PS3.8 §D.1: the length counts the PDV's head of 6 bytes), and even.
  private func writeFragments(
    of value: PresentationDataValue, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    let longest = longestFragment
    var rest = value.data
    var unwritten = context.channel.allocator.buffer(capacity: Self.pduAndPDVHead)
    repeat {
      let piece = rest.readSlice(length: min(longest, rest.readableBytes)) ?? ByteBuffer()
      let isLastPiece = rest.readableBytes == 0
      unwritten.writeDataTFHead(
        PresentationDataValue(
          contextID: value.contextID, isCommand: value.isCommand, isLast: value.isLast && isLastPiece, data: piece),
        count: piece.readableBytes)
      // Short fragments go out together: a peer that takes no others makes no more writes of it.
      if piece.readableBytes <= Self.shortFragment {
        unwritten.writeImmutableBuffer(piece)
        if isLastPiece { context.write(wrapOutboundOut(unwritten), promise: promise) }
      } else {
        context.write(wrapOutboundOut(unwritten), promise: nil)
        unwritten = context.channel.allocator.buffer(capacity: Self.pduAndPDVHead)
        context.write(wrapOutboundOut(piece), promise: isLastPiece ? promise : nil)
      }
    } while rest.readableBytes > 0
  }

  private var longestFragment: Int {
    guard peerMaximumLength > 0 else { return Self.longestFragment }
    // To a peer that announces less than two useful bytes nothing could be sent: it gets short fragments rather than none.
    guard peerMaximumLength >= 8 else { return 64 }
    return min(Int(peerMaximumLength) - 6, Self.longestFragment) & ~1
  }
}
