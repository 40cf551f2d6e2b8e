// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// Attack line A05: each of the 256 PDU types in each state that a role can be in, on a channel, held against PS3.8 Table 9-10
/// and what Tables 9-6 to 9-9 say of the action in its cell.
@Suite struct PDUTypeTests {
  private struct Answer {
    var sent: [UInt8] = []
    var heard: [String] = []
    var isOpen = true
  }

  private static let states = UpperLayerState.allCases.flatMap { state in
    [UpperLayerStateMachine.Role.requestor, .acceptor].map { (state, $0) }
  }

  @Test func elevenOfThirteenStatesCanBeReached() throws {
    let reached = try Self.states.filter { try Side($0.1, in: $0.0) != nil }.map(\.0)
    #expect(Set(reached) == Set(UpperLayerState.allCases).subtracting([.idle, .awaitingTransportOpen]))
  }

  @Test(arguments: states)
  func everyTypeIsAnsweredByTheTable(state: UpperLayerState, role: UpperLayerStateMachine.Role) throws {
    guard try Side(role, in: state) != nil else { return }
    let table = try StateTable()
    for type in UInt8.min...UInt8.max {
      let event = Self.events[type] ?? "Evt19"
      let cell = try #require(table.cells.first { $0.event == event && $0.state == state.rawValue })
      let action = try #require(cell.action, "received PDUs have an action in every state with a connection")
      let expected = try #require(answer(to: action, type: type, in: state), "\(action)")
      let side = try #require(try Side(role, in: state))
      try side.receive(bytes(of: type))
      let what: Comment = "type \(type) in Sta\(state.rawValue) as \(role): \(action)"
      #expect(try Array(side.sent().readableBytesView) == expected.sent, what)
      #expect(try side.indications().map(name) == expected.heard, what)
      #expect(side.channel.isActive == expected.isOpen, what)
    }
  }

  private static let events: [UInt8: String] = [
    1: "Evt6", 2: "Evt3", 3: "Evt4", 4: "Evt10", 5: "Evt12", 6: "Evt13", 7: "Evt16",
  ]

  private func bytes(of type: UInt8) -> ByteBuffer {
    switch type {
    case 1: Samples.bytes(of: .associateRQ(Samples.request))
    case 2: Samples.bytes(of: .associateAC(Samples.acceptance))
    case 3: Samples.bytes(of: .associateRJ(.noReasonGiven))
    case 4: ByteBuffer(bytes: [4, 0, 0, 0, 0, 7, 0, 0, 0, 3, 1, 2, 9])
    case 5: Samples.bytes(of: .releaseRQ)
    case 6: Samples.bytes(of: .releaseRP)
    case 7: Samples.bytes(of: .abort(.byUser))
    default: ByteBuffer(bytes: [type, 0, 0, 0, 0, 4, 0, 0, 0, 0])
    }
  }

  /// PS3.8 Tables 9-6 to 9-9, and 9-26 for the reason: 1 for a type there is not, 2 for one that is not expected.
  private func answer(to action: String, type: UInt8, in state: UpperLayerState) -> Answer? {
    let abort: [UInt8] = [7, 0, 0, 0, 0, 4, 0, 0, 2, Self.events[type] == nil ? 1 : 2]
    let isAsked = state != .transportOpenAwaitingAssociateRQ
    switch action {
    case "AE-3": return Answer(heard: ["accepted"])
    case "AE-4": return Answer(heard: ["rejected"], isOpen: false)
    case "AE-6": return Answer(heard: ["associate"])
    case "DT-2", "AR-6": return Answer(heard: ["data"])
    case "AR-2", "AR-8": return Answer(heard: ["release"])
    case "AR-3": return Answer(heard: ["releaseConfirmed"], isOpen: false)
    case "AR-10": return Answer(heard: ["releaseConfirmed"])
    case "AA-1", "AA-8": return Answer(sent: abort, heard: [isAsked ? "protocolViolation" : "refused"])
    case "AA-2": return Answer(heard: isAsked ? [] : ["abortedByPeer"], isOpen: false)
    case "AA-3": return Answer(heard: ["abortedByPeer"], isOpen: false)
    case "AA-6": return Answer()
    case "AA-7": return Answer(sent: abort)
    default: return nil
    }
  }

  private func name(_ indication: UpperLayerIndication) -> String {
    switch indication {
    case .associate: "associate"
    case .accepted: "accepted"
    case .rejected: "rejected"
    case .data: "data"
    case .release: "release"
    case .releaseConfirmed: "releaseConfirmed"
    case .ended(.protocolViolation): "protocolViolation"
    case .ended(.refused): "refused"
    case .ended(.abortedByPeer): "abortedByPeer"
    case .ended(let end): "\(end)"
    }
  }
}
