// SPDX-License-Identifier: Apache-2.0

import DIMSE
import NIOCore
import NIOPosix
import Testing
import UpperLayer

@testable import ServiceClasses

/// Responses that somebody else reads.
@Suite struct AwaitedResponsesTests {
  private struct Over: Error {}

  @Test(.timeLimit(.minutes(15))) func whoWaitsCanBeStopped() async throws {
    let responses = AwaitedResponses()
    let messageID = try responses.begin()
    let waiting = Task { try await responses.response(to: messageID) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    // It comes late, and is nobody's.
    responses.take(Self.response(to: messageID))
    let next = try responses.begin()
    #expect(next != messageID)
    responses.take(Self.response(to: next))
    #expect(try await responses.response(to: next).messageIDBeingRespondedTo == next)
  }

  @Test(.timeLimit(.minutes(15))) func whoWaitsHearsOfTheEnd() async throws {
    let responses = AwaitedResponses()
    let messageID = try responses.begin()
    let waiting = Task { try await responses.response(to: messageID) }
    responses.end(Over())
    await #expect(throws: Over.self) { try await waiting.value }
    #expect(throws: Over.self) { try responses.begin() }
  }

  /// Whatever else the peer says meanwhile.
  @Test(.timeLimit(.minutes(15))) func whoAnswersTooLateIsNotWaitedFor() async throws {
    let responses = AwaitedResponses()
    let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
    let messageID = try responses.begin()
    let late = await #expect(throws: AssociationEnd.self) {
      _ = try await responses.response(to: messageID, within: .milliseconds(5), on: eventLoop)
    }
    guard case .timedOut = late else {
      Issue.record("\(String(describing: late))")
      return
    }
    responses.take(Self.response(to: messageID))
    let next = try responses.begin()
    responses.take(Self.response(to: next))
    #expect(
      try await responses.response(to: next, within: .hours(1), on: eventLoop).messageIDBeingRespondedTo == next)
    let withdrawn = try responses.begin()
    responses.withdraw(withdrawn)
    responses.end(Over())
  }

  /// A peer that never answers is asked no more, and what it is asked ends: no search for a Message ID goes on for ever.
  @Test(.timeLimit(.minutes(15))) func aPeerThatNeverAnswersIsAskedNoMore() async throws {
    let responses = AwaitedResponses()
    var asked: [UInt16] = []
    for _ in 0..<AwaitedResponses.most {
      let messageID = try responses.begin()
      asked.append(messageID)
      let waiting = Task { try await responses.response(to: messageID) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
    }
    #expect(Set(asked).count == AwaitedResponses.most)
    for _ in 0..<3 { #expect(throws: AssociationEnd.self) { try responses.begin() } }
    responses.take(Self.response(to: asked[7]))
    let next = try responses.begin()
    #expect(!asked.contains(next))
    #expect(throws: AssociationEnd.self) { try responses.begin() }
  }

  /// A deadline that passes before anybody waits is not forgotten.
  @Test(.timeLimit(.minutes(15))) func aDeadlineHoldsForWhoWaitsLater() async throws {
    let responses = AwaitedResponses()
    let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
    for _ in 0..<AwaitedResponses.most {
      let messageID = try responses.begin()
      await #expect(throws: AssociationEnd.self) {
        _ = try await responses.response(to: messageID, within: .zero, on: eventLoop)
      }
      responses.take(Self.response(to: messageID))
    }
    #expect(try responses.begin() > 0)
  }

  private static func response(to messageID: UInt16) -> CommandSet {
    var request = CommandSet(.cStoreRQ)
    request.messageID = messageID
    return .response(to: request, status: .success)
  }
}
