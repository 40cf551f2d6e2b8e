// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded

/// The user of the upper layer, which answers at once.
private final class User: ChannelInboundHandler {
  typealias InboundIn = UpperLayerIndication

  private let hear: (UpperLayerIndication) -> Void

  init(_ hear: @escaping (UpperLayerIndication) -> Void) {
    self.hear = hear
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    hear(unwrapInboundIn(data))
  }
}

/// One association on an embedded channel, from its first byte to its last, watched for what must never be.
final class AssociationRun {
  enum Event: Equatable {
    case associate(AssociateRQ)
    case accepted(AssociateAC)
    case rejected(AssociateRJ)
    case release, releaseConfirmed
    case ended(AssociationEnd)
  }

  private static let request = AssociateRQ(
    calledAETitle: "CALLED", callingAETitle: "CALLING",
    presentationContexts: [
      ProposedPresentationContext(
        id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: ["1.2.840.10008.1.2"])
    ], userInformation: UserInformation(maximumLength: 4096, implementationClassUID: "2.25.1"))

  private(set) var heard: [Event] = []
  private(set) var data: [UInt8] = []
  private(set) var sent = ByteBuffer()
  private var dataMayCome = false
  private let channel = EmbeddedChannel()
  private let conduct: Conduct
  private let limits: UpperLayerLimits
  private var random: UInt64

  init(_ conduct: Conduct) {
    self.conduct = conduct
    random = UInt64(conduct.seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    limits = UpperLayerLimits(
      associatePDULimit: 4096, maximumLength: 1024, maximumLengthTolerance: 512,
      requestBudget: RequestBudget(limit: 8192))
    do {
      try channel.pipeline.syncOperations.addHandler(UpperLayerHandler(role: conduct.role, limits: limits))
      try channel.pipeline.syncOperations.addHandler(User { [unowned self] in hear($0) })
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    } catch {
      failed("no channel: \(error)")
    }
    if conduct.role == .requestor { ask(.associate(Self.request)) }
    look()
  }

  func receive(_ bytes: ArraySlice<UInt8>, inPieces: Bool) {
    var rest = bytes
    while !rest.isEmpty, channel.isActive {
      let count = inPieces ? min(next() % conduct.longestPiece + 1, rest.count) : rest.count
      do {
        try channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
      } catch {
        failed("an error goes up: \(error)")
      }
      rest = rest.dropFirst(count)
      look()
      if conduct.isActive { act() }
      if conduct.takesTime { channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(next() % 16))) }
      look()
    }
  }

  /// The peer says no more, or goes.
  func finish() {
    if conduct.seed & 1 == 0, channel.isActive { channel.close(promise: nil) }
    look()
    channel.embeddedEventLoop.advanceTime(by: .minutes(12))
    look()
    require(!channel.isActive, "a silent peer is not hung up on")
    require(limits.requestBudget.bytesTaken == 0, "the budget is not paid back")
    requireWholePDUs()
  }

  private func act() {
    switch next() % 12 {
    case 0, 1:
      ask(
        .data(
          PresentationDataValue(
            contextID: 1, isCommand: next() & 1 == 0, isLast: next() & 1 == 0,
            data: ByteBuffer(repeating: 7, count: next() % 5000))))
    case 2: ask(.release)
    case 3: ask(.releaseResponse)
    case 4 where next() % 8 == 0: ask(.abort(.byUser))
    case 5: setWritable(next() & 1 == 0)
    case 6: channel.read()
    default: break
    }
  }

  private func setWritable(_ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
  }

  private func ask(_ request: UpperLayerRequest) {
    channel.writeAndFlush(request, promise: nil)
  }

  /// Takes what came out.
  private func look() {
    do {
      while var piece = try channel.readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&piece) }
    } catch {
      failed("something else came out: \(error)")
    }
  }

  private func hear(_ indication: UpperLayerIndication) {
    switch indication {
    case .data(let value):
      require(dataMayCome, "data outside of an association")
      data += Array(value.data.readableBytesView)
      return
    case .associate(let request): note(.associate(request))
    case .accepted(let acceptance): note(.accepted(acceptance))
    case .rejected(let rejection): note(.rejected(rejection))
    case .release: note(.release)
    case .releaseConfirmed: note(.releaseConfirmed)
    case .ended(let end): note(.ended(end))
    }
  }

  private func note(_ event: Event) {
    if case .ended = heard.last { failed("something after the end") }
    heard.append(event)
    switch event {
    case .associate(let request):
      require(conduct.role == .acceptor && heard.count == 1, "a request at the wrong time")
      answer(request)
    case .accepted:
      require(conduct.role == .requestor && heard.count == 1, "an acceptance at the wrong time")
      dataMayCome = true
    case .rejected: require(conduct.role == .requestor && heard.count == 1, "a rejection at the wrong time")
    case .release:
      require(dataMayCome, "a release of nothing")
      dataMayCome = false
      if next() % 4 != 0 || !conduct.isActive { ask(.releaseResponse) }
    case .releaseConfirmed: dataMayCome = false
    case .ended(let end):
      dataMayCome = false
      if case .refused = end { require(conduct.role == .acceptor && heard.count == 1, "refused too late") }
      require(!end.description.isEmpty, "an end without a word")
    }
  }

  private func answer(_ request: AssociateRQ) {
    require(request.presentationContexts.count <= 128, "too many contexts")
    switch conduct.answer {
    case .acceptance:
      dataMayCome = true
      let results = request.presentationContexts.map { context in
        PresentationContextResult(
          id: context.id, result: .acceptance, transferSyntax: context.transferSyntaxes.first ?? "")
      }
      let information = UserInformation(
        maximumLength: 1024, implementationClassUID: "2.25.1",
        roleSelections: request.userInformation.roleSelections,
        extendedNegotiations: request.userInformation.extendedNegotiations)
      ask(
        .accept(AssociateAC(answering: request, presentationContexts: results, userInformation: information)))
    case .rejection: ask(.reject(.calledAETitleNotRecognized))
    case .abort: ask(.abort(.byUser))
    }
  }

  /// What was sent is PDUs of the types that there are, and of A-ABORTs no more than one, and one for AA-7.
  private func requireWholePDUs() {
    var rest = sent
    var aborts = 0
    while let (type, reserved, length) = rest.readMultipleIntegers(as: (UInt8, UInt8, UInt32).self) {
      require((1...7).contains(type) && reserved == 0, "no PDU was sent")
      guard let body = rest.readSlice(length: Int(length)) else { failed("half a PDU was sent") }
      require(!(3...7).contains(type) || type == 4 || body.readableBytes == 4, "a PDU of the wrong length")
      require(aborts == 0 || type == 7, "something after an A-ABORT")
      if type == 7 { aborts += 1 }
    }
    require(rest.readableBytes == 0, "half a head was sent")
    require(aborts <= 2, "A-ABORTs without end")
  }

  /// xorshift.
  private func next() -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random >> 33)
  }
}
