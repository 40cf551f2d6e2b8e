// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UpperLayer

/// PS3.8 Table 9-10 stands in Fixtures; the state machine is held against each of its 19 × 13 cells, blanks included.
@Suite struct StateTableTests {
  @Test func everyCellIsTheStandards() throws {
    let table = try StateTable()
    #expect(table.cells.count == 19 * 13)
    for cell in table.cells {
      let event = try #require(Samples.events[cell.event])
      let state = try #require(UpperLayerState(rawValue: cell.state))
      #expect(
        UpperLayerAction(event: event, in: state)?.rawValue == cell.action, "\(cell.event), Sta\(cell.state)")
    }
  }

  /// What PS3.8 Tables 9-6 to 9-9 say of the next state and of what goes out; AE-6 and AR-8 have two.
  @Test(arguments: [
    ("AE-1", 4), ("AE-2", 5), ("AE-3", 6), ("AE-4", 1), ("AE-5", 2), ("AE-7", 6), ("AE-8", 13), ("DT-1", 6),
    ("DT-2", 6), ("AR-1", 7), ("AR-2", 8), ("AR-3", 1), ("AR-4", 13), ("AR-5", 1), ("AR-6", 7), ("AR-7", 8),
    ("AR-9", 11), ("AR-10", 12), ("AA-1", 13), ("AA-2", 1), ("AA-3", 1), ("AA-4", 1), ("AA-5", 1), ("AA-6", 13),
    ("AA-7", 13), ("AA-8", 13),
  ])
  func everyActionEndsInItsState(action: String, next: Int) throws {
    let cells = try StateTable().cells.filter { $0.action == action }
    #expect(!cells.isEmpty)
    for cell in cells {
      let state = try #require(UpperLayerState(rawValue: cell.state))
      var machine = UpperLayerStateMachine(role: .acceptor, state: state)
      let event = try #require(Samples.events[cell.event])
      #expect(machine.handle(event) != nil)
      #expect(machine.state.rawValue == next, "\(action) on \(cell.event) in Sta\(cell.state)")
    }
  }

  @Test func aBlankCellChangesNothing() throws {
    for cell in try StateTable().cells where cell.action == nil {
      let state = try #require(UpperLayerState(rawValue: cell.state))
      var machine = UpperLayerStateMachine(role: .requestor, state: state)
      let event = try #require(Samples.events[cell.event])
      #expect(machine.handle(event) == nil)
      #expect(machine.state == state)
    }
  }

  @Test func aReleaseCollisionGoesTheWayOfItsRole() {
    var requestor = UpperLayerStateMachine(role: .requestor, state: .awaitingReleaseRP)
    #expect(requestor.handle(.receivedReleaseRQ) == [.indicate(.release)])
    #expect(requestor.handle(.releaseResponse) == [.send(.releaseRP)])
    #expect(requestor.handle(.receivedReleaseRP) == [.indicate(.releaseConfirmed), .closeTransport])
    var acceptor = UpperLayerStateMachine(role: .acceptor, state: .awaitingReleaseRP)
    #expect(acceptor.handle(.receivedReleaseRQ) == [.indicate(.release)])
    #expect(acceptor.handle(.receivedReleaseRP) == [.indicate(.releaseConfirmed)])
    #expect(acceptor.handle(.releaseResponse) == [.send(.releaseRP), .startARTIM])
  }

  @Test func aRequestOfAnotherProtocolVersionIsRejected() {
    var request = Samples.request
    request.protocolVersion = 2
    var machine = UpperLayerStateMachine(role: .acceptor, state: .transportOpenAwaitingAssociateRQ)
    #expect(
      machine.handle(.receivedAssociateRQ(request))
        == [
          .send(.associateRJ(.protocolVersionNotSupported)),
          .indicate(.ended(.rejected(.protocolVersionNotSupported))), .startARTIM,
        ])
    #expect(machine.state == .awaitingTransportClose)
  }
}
