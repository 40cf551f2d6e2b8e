// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import UpperLayer

/// Messages to and from presentation data values (PS3.7 §6.3.1, PS3.8 annex E): command fragments become a command set, data
/// fragments pass through uncopied.
package final class DIMSEHandler: ChannelDuplexHandler {
  package typealias InboundIn = UpperLayerIndication
  package typealias InboundOut = DIMSEIndication
  package typealias OutboundIn = DIMSERequest
  package typealias OutboundOut = UpperLayerRequest

  private enum Expectation {
    case command
    case restOfCommand(contextID: UInt8)
    case dataSet(contextID: UInt8)
    /// The peer broke the rules and was aborted.
    case nothing
  }

  /// No command set of the Standard comes near; Offending Element and Attribute Identifier List are the longest.
  private static let longestCommandSet = 64 << 10
  private static let smallFragment = 1024
  private static let manySmallFragments = 32 << 10

  private var expectation = Expectation.command
  private var acceptedContexts: Set<UInt8> = []
  /// Of a command, in as many fragments as the peer likes, empty ones among them: each is added in place.
  private(set) var begunCommand = ByteBuffer()
  /// Data of fragments that came one behind the other in one read.
  private var small = ByteBuffer()

  package init() {}

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let indication = unwrapInboundIn(data)
    // What came before is heard before, and nothing after the end.
    if case .data = indication {} else { passSmallFragments(isLast: false, context) }
    if case .nothing = expectation { return }
    switch indication {
    case .associate(let request): fire(.associate(request), context)
    case .accepted(let acceptance):
      noteContexts(of: acceptance)
      fire(.accepted(acceptance), context)
    case .rejected(let rejection): fire(.rejected(rejection), context)
    case .release: fire(.release, context)
    case .releaseConfirmed: fire(.releaseConfirmed, context)
    case .ended(let end): fire(.ended(end), context)
    case .data(let value): take(value, context)
    }
  }

  private func take(_ value: PresentationDataValue, _ context: ChannelHandlerContext) {
    guard acceptedContexts.contains(value.contextID) else {
      return refuse("data on presentation context \(value.contextID), which was not accepted", context)
    }
    switch (expectation, value.isCommand) {
    case (.command, true):
      takeCommand(value, context)
    case (.restOfCommand(let contextID), true) where contextID == value.contextID:
      takeCommand(value, context)
    case (.dataSet(let contextID), false) where contextID == value.contextID:
      takeData(value, context)
    case (.nothing, _):
      break
    default:
      refuse("a fragment that does not belong to the message that was begun", context)
    }
  }

  /// Small fragments are put together: each one by itself would cost far more than its bytes, and a peer may send nothing
  /// but empty ones.
  private func takeData(_ value: PresentationDataValue, _ context: ChannelHandlerContext) {
    if value.isLast { expectation = .command }
    guard small.readableBytes > 0 || (value.data.readableBytes < Self.smallFragment && !value.isLast) else {
      return fire(.dataSet(value.data, isLast: value.isLast), context)
    }
    small.writeImmutableBuffer(value.data)
    if value.isLast || small.readableBytes >= Self.manySmallFragments {
      passSmallFragments(isLast: value.isLast, context)
    }
  }

  private func passSmallFragments(isLast: Bool, _ context: ChannelHandlerContext) {
    guard isLast || small.readableBytes > 0 else { return }
    fire(.dataSet(small, isLast: isLast), context)
    small = ByteBuffer()
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    passSmallFragments(isLast: false, context)
    switch expectation {
    case .restOfCommand, .dataSet: context.triggerUserOutboundEvent(MoreToCome(), promise: nil)
    case .command, .nothing: break
    }
    context.fireChannelReadComplete()
  }

  private func takeCommand(_ value: PresentationDataValue, _ context: ChannelHandlerContext) {
    begunCommand.writeImmutableBuffer(value.data)
    guard begunCommand.readableBytes <= Self.longestCommandSet else {
      return refuse("a command set of more than \(Self.longestCommandSet) bytes", context)
    }
    guard value.isLast else {
      expectation = .restOfCommand(contextID: value.contextID)
      return
    }
    defer { begunCommand = ByteBuffer() }
    do throws(CommandSetError) {
      let command = try CommandSet(reading: begunCommand)
      expectation = command.hasDataSet ? .dataSet(contextID: value.contextID) : .command
      fire(.command(command, contextID: value.contextID), context)
    } catch {
      refuse(error.description, context)
    }
  }

  /// A peer that breaks the rules of messages cannot be answered: nothing says any more where a message begins.
  private func refuse(_ why: String, _ context: ChannelHandlerContext) {
    passSmallFragments(isLast: false, context)
    expectation = .nothing
    begunCommand = ByteBuffer()
    context.writeAndFlush(
      wrapOutboundOut(.abort(Abort(source: .serviceProvider, reason: .invalidPDUParameterValue))), promise: nil)
    fire(.ended(.protocolViolation(why)), context)
  }

  private func fire(_ indication: DIMSEIndication, _ context: ChannelHandlerContext) {
    context.fireChannelRead(wrapInboundOut(indication))
  }

  package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let request: UpperLayerRequest
    switch unwrapOutboundIn(data) {
    case .associate(let rq): request = .associate(rq)
    case .accept(let acceptance):
      noteContexts(of: acceptance)
      request = .accept(acceptance)
    case .reject(let rejection): request = .reject(rejection)
    case .release: request = .release
    case .releaseResponse: request = .releaseResponse
    case .abort(let abort): request = .abort(abort)
    case .command(let command, let contextID):
      request = .data(
        PresentationDataValue(contextID: contextID, isCommand: true, isLast: true, data: command.encoded()))
    case .dataSet(let bytes, let contextID, let isLast):
      request = .data(
        PresentationDataValue(contextID: contextID, isCommand: false, isLast: isLast, data: bytes))
    case .messages(let command, let dataSets, let contextID):
      request = .messages(command: command.encoded(), dataSets, contextID: contextID)
    }
    context.write(wrapOutboundOut(request), promise: promise)
  }

  private func noteContexts(of acceptance: AssociateAC) {
    acceptedContexts = Set(acceptance.presentationContexts.filter { $0.result == .acceptance }.map(\.id))
  }
}

extension ChannelPipeline.SynchronousOperations {
  /// Puts the upper layer and DIMSE on a TCP (or TLS) channel.
  package func configureDIMSE(
    role: UpperLayerStateMachine.Role, limits: UpperLayerLimits = UpperLayerLimits()
  ) throws {
    try addHandlers(UpperLayerHandler(role: role, limits: limits), DIMSEHandler())
  }
}
