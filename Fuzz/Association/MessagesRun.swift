// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded

/// Hands what comes up to whoever watches.
private final class MessagesUser: ChannelInboundHandler {
  typealias InboundIn = DIMSEIndication

  private let hear: (DIMSEIndication) -> Void

  init(_ hear: @escaping (DIMSEIndication) -> Void) {
    self.hear = hear
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    hear(unwrapInboundIn(data))
  }
}

/// An acceptor with both layers of protocol on an embedded channel, and the reader of its messages behind them.
final class MessagesRun {
  /// What was heard, with the pieces of a data set put together.
  enum Event: Equatable {
    case command(CommandSet, contextID: UInt8)
    case dataSet([UInt8], isWhole: Bool)
    case other(DIMSEIndication)
  }

  private(set) var heard: [Event] = []
  private(set) var sent = ByteBuffer()
  private let channel = EmbeddedChannel()
  private let conduct: MessagesConduct
  private let reader: ReadMessages
  private var begun: CommandSet?
  private var random: UInt64

  var read: [String] { reader.told }

  init(_ conduct: MessagesConduct) {
    self.conduct = conduct
    reader = ReadMessages(conduct.reading)
    random = UInt64(conduct.seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    let limits = UpperLayerLimits(
      associatePDULimit: 4096, maximumLength: 1024, maximumLengthTolerance: 512,
      requestBudget: RequestBudget(limit: 8192))
    do {
      try channel.pipeline.syncOperations.configureDIMSE(role: .acceptor, limits: limits)
      try channel.pipeline.syncOperations.addHandler(MessagesUser { [unowned self] in hear($0) })
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
    } catch {
      failed("no channel: \(error)")
    }
  }

  /// A request as its requestor sends it.
  static func bytes(of request: AssociateRQ) -> [UInt8] {
    let channel = EmbeddedChannel()
    do {
      try channel.pipeline.syncOperations.configureDIMSE(role: .requestor)
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 104)).wait()
      channel.writeAndFlush(DIMSERequest.associate(request), promise: nil)
      return Array(try channel.readOutbound(as: ByteBuffer.self)?.readableBytesView ?? ByteBuffer().readableBytesView)
    } catch {
      failed("no request: \(error)")
    }
  }

  func receive(_ bytes: [UInt8], inPieces: Bool) {
    var rest = bytes[...]
    while !rest.isEmpty, channel.isActive {
      let count = inPieces ? min(next() % conduct.longestPiece + 1, rest.count) : rest.count
      do {
        try channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
      } catch {
        failed("an error goes up: \(error)")
      }
      rest = rest.dropFirst(count)
      if !conduct.isSlow { reader.readOn() }
      look()
    }
  }

  /// The peer says no more.
  func finish() {
    channel.embeddedEventLoop.advanceTime(by: .minutes(12))
    look()
    require(!channel.isActive, "a silent peer is not hung up on")
    reader.finish()
    require(reader.isDone, "whoever reads the messages waits for ever")
  }

  private func look() {
    do {
      while var piece = try channel.readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&piece) }
    } catch {
      failed("something else came out: \(error)")
    }
  }

  private func hear(_ indication: DIMSEIndication) {
    if case .other(.ended) = heard.last { failed("something after the end") }
    reader.hear(indication)
    switch indication {
    case .associate(let request):
      heard.append(.other(indication))
      accept(request)
    case .command(let command, let contextID):
      require(begun == nil, "a command in a data set")
      requireTheSameAgain(command)
      heard.append(.command(command, contextID: contextID))
      if command.hasDataSet { begun = command } else { answer(command, contextID) }
    case .dataSet(let bytes, let isLast):
      guard let command = begun else { failed("a data set of no command") }
      var whole = Array(bytes.readableBytesView)
      if case .dataSet(let before, isWhole: false) = heard.last {
        heard.removeLast()
        whole = before + whole
      }
      heard.append(.dataSet(whole, isWhole: isLast))
      guard isLast else { return }
      begun = nil
      answer(command, 1)
    case .release:
      heard.append(.other(indication))
      channel.writeAndFlush(DIMSERequest.releaseResponse, promise: nil)
    default: heard.append(.other(indication))
    }
  }

  private func requireTheSameAgain(_ command: CommandSet) {
    do throws(CommandSetError) {
      let again = try CommandSet(reading: command.encoded())
      require(again == command, "a command that says something else when it is written again: \(command), \(again)")
    } catch {
      failed("a command that cannot be read again: \(error)")
    }
  }

  private func accept(_ request: AssociateRQ) {
    let results = request.presentationContexts.map { context in
      PresentationContextResult(
        id: context.id, result: .acceptance, transferSyntax: context.transferSyntaxes.first ?? "")
    }
    let information = UserInformation(maximumLength: 1024, implementationClassUID: "2.25.1")
    channel.writeAndFlush(
      DIMSERequest.accept(
        AssociateAC(answering: request, presentationContexts: results, userInformation: information)), promise: nil)
  }

  /// As a service would that has no more to say than that.
  private func answer(_ command: CommandSet, _ contextID: UInt8) {
    guard !command.commandField.isResponse, command.commandField != .cCancelRQ else { return }
    channel.writeAndFlush(
      DIMSERequest.command(.response(to: command, status: .success), contextID: contextID), promise: nil)
  }

  /// xorshift.
  private func next() -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random >> 33)
  }
}
