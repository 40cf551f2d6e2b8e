// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing
import UpperLayer

@testable import DIMSE

@Suite struct DIMSEHandlerTests {
  @Test func aCommandInAnySplitIsOneCommand() throws {
    let command = Self.store
    let bytes = command.encoded()
    for first in 0...bytes.readableBytes {
      let channel = try accepted()
      try channel.writeInbound(fragment(try #require(bytes.getSlice(at: 0, length: first)), isLast: false))
      let rest = try #require(bytes.getSlice(at: first, length: bytes.readableBytes - first))
      try channel.writeInbound(fragment(rest, isLast: true))
      #expect(try channel.readInbound() == DIMSEIndication.command(command, contextID: 1))
    }
  }

  @Test func dataPassThrough() throws {
    let channel = try accepted()
    try channel.writeInbound(fragment(Self.store.encoded(), isLast: true))
    _ = try channel.readInbound(as: DIMSEIndication.self)
    let bytes = ByteBuffer(bytes: [1, 2, 3])
    try channel.writeInbound(fragment(bytes, isCommand: false, isLast: true))
    #expect(try channel.readInbound() == DIMSEIndication.dataSet(bytes, isLast: true))
  }

  /// A12: fragments that belong to nothing end the association.
  @Test(
    arguments: [
      ("data without a command", [(1, false, false)]),
      ("a context that was not accepted", [(3, true, true)]),
      ("a command inside a data set", [(1, true, true), (1, true, true)]),
      ("data on another context", [(1, true, true), (5, false, false)]),
      ("a command that goes on elsewhere", [(1, true, false), (5, true, true)]),
    ] as [(String, [(UInt8, Bool, Bool)])])
  func fragmentsOutOfPlaceAreAborted(what: String, fragments: [(UInt8, Bool, Bool)]) throws {
    let channel = try accepted()
    for (contextID, isCommand, isLast) in fragments {
      try channel.writeInbound(
        fragment(Self.store.encoded(), contextID: contextID, isCommand: isCommand, isLast: isLast))
    }
    var last: DIMSEIndication?
    while let indication = try channel.readInbound(as: DIMSEIndication.self) { last = indication }
    guard case .ended(.protocolViolation) = last else {
      Issue.record("\(what): \(String(describing: last))")
      return
    }
    guard case .abort = try channel.readOutbound(as: UpperLayerRequest.self) else {
      Issue.record("\(what): no abort")
      return
    }
  }

  /// Small fragments wait for the end of a read: whatever ends the message first, they are heard before it, and nothing after the end.
  @Test(arguments: [true, false])
  func whatCameBeforeTheEndIsHeardBeforeIt(isBreach: Bool) throws {
    let channel = try accepted()
    let piece = ByteBuffer(bytes: [1, 2, 3])
    for value in [fragment(Self.store.encoded(), isLast: true), fragment(piece, isCommand: false, isLast: false)] {
      channel.pipeline.fireChannelRead(value)
    }
    let end = UpperLayerIndication.ended(.connectionClosed)
    if isBreach { channel.pipeline.fireChannelRead(fragment(Self.store.encoded(), isLast: true)) }
    channel.pipeline.fireChannelRead(end)
    channel.pipeline.fireChannelReadComplete()
    var heard: [DIMSEIndication] = []
    while let indication = try channel.readInbound(as: DIMSEIndication.self) { heard.append(indication) }
    #expect(heard.count == 3)
    #expect(heard.dropFirst().first == .dataSet(piece, isLast: false))
    guard case .ended(let how) = heard.last else {
      Issue.record("\(heard)")
      return
    }
    #expect((how == .connectionClosed) == !isBreach)
  }

  @Test func anEndlessCommandIsAborted() throws {
    let channel = try accepted()
    for _ in 0..<70 { try channel.writeInbound(fragment(ByteBuffer(repeating: 0, count: 1024), isLast: false)) }
    guard case .ended = try channel.readInbound(as: DIMSEIndication.self) else {
      Issue.record("it goes on")
      return
    }
  }

  /// An empty fragment moves nothing of what came before it: a peer may send nothing else.
  @Test func emptyFragmentsOfACommandAreNoWork() throws {
    let handler = DIMSEHandler()
    let channel = try accepted(by: handler)
    try channel.writeInbound(fragment(ByteBuffer(repeating: 0, count: 60_000), isLast: false))
    let place = { handler.begunCommand.withUnsafeReadableBytes { $0.baseAddress } }
    let begun = place()
    for _ in 0..<1000 {
      try channel.writeInbound(fragment(ByteBuffer(), isLast: false))
      #expect(place() == begun)
    }
  }

  private static var store: CommandSet {
    var command = CommandSet(.cStoreRQ)
    command.messageID = 1
    command.affectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    command.affectedSOPInstanceUID = "1.2.3"
    command.hasDataSet = true
    return command
  }

  private func fragment(
    _ data: ByteBuffer, contextID: UInt8 = 1, isCommand: Bool = true, isLast: Bool
  ) -> UpperLayerIndication {
    .data(PresentationDataValue(contextID: contextID, isCommand: isCommand, isLast: isLast, data: data))
  }

  /// An association with contexts 1 and 5.
  private func accepted(by handler: DIMSEHandler = DIMSEHandler()) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handler: handler)
    let request = AssociateRQ(
      calledAETitle: "A", callingAETitle: "B", presentationContexts: [],
      userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1"))
    let acceptance = AssociateAC(
      answering: request,
      presentationContexts: [1, 5].map {
        PresentationContextResult(id: $0, result: .acceptance, transferSyntax: "1.2.840.10008.1.2")
      }, userInformation: UserInformation(maximumLength: 0, implementationClassUID: "1"))
    channel.writeAndFlush(DIMSERequest.accept(acceptance), promise: nil)
    _ = try channel.readOutbound(as: UpperLayerRequest.self)
    return channel
  }
}
