// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// The requestor and the acceptor with each other, with what goes between them cut at every byte.
@Suite struct BothSidesTests {
  enum Step {
    case requestor(UpperLayerRequest)
    case acceptor(UpperLayerRequest)
    /// What was sent arrives, until nobody says anything.
    case arrive
  }

  struct Course: CustomTestStringConvertible {
    let testDescription: String
    let steps: [Step]
    let requestorHears: [Heard]
    let acceptorHears: [Heard]
  }

  private static let data = PresentationDataValue(
    contextID: 1, isCommand: false, isLast: true, data: ByteBuffer(bytes: Array(0..<200)))
  private static let established: [Step] = [
    .requestor(.associate(Samples.request)), .arrive, .acceptor(.accept(Samples.acceptance)), .arrive,
  ]
  private static let both: [Step] = [.requestor(.data(data)), .acceptor(.data(data)), .arrive]
  private static let read = Heard.data(Array(0..<200))

  private static let courses = [
    Course(
      testDescription: "released by the requestor",
      steps: established + both + [.requestor(.release), .arrive, .acceptor(.releaseResponse), .arrive],
      requestorHears: [.accepted, read, .releaseConfirmed], acceptorHears: [.associate, read, .release]),
    Course(
      testDescription: "released by the acceptor",
      steps: established + both + [.acceptor(.release), .arrive, .requestor(.releaseResponse), .arrive],
      requestorHears: [.accepted, read, .release], acceptorHears: [.associate, read, .releaseConfirmed]),
    Course(
      testDescription: "released by both at once",
      steps: established + [
        .requestor(.release), .acceptor(.release), .arrive, .requestor(.releaseResponse), .arrive,
        .acceptor(.releaseResponse), .arrive,
      ],
      requestorHears: [.accepted, .release, .releaseConfirmed],
      acceptorHears: [.associate, .release, .releaseConfirmed]),
    Course(
      testDescription: "data on the way to a release",
      steps: established + [
        .requestor(.release), .arrive, .acceptor(.data(data)), .acceptor(.data(data)), .acceptor(.releaseResponse),
        .arrive,
      ],
      requestorHears: [.accepted, .data(Array(0..<200) + Array(0..<200)), .releaseConfirmed],
      acceptorHears: [.associate, .release]),
    Course(
      testDescription: "rejected",
      steps: [
        .requestor(.associate(Samples.request)), .arrive, .acceptor(.reject(.calledAETitleNotRecognized)), .arrive,
      ],
      requestorHears: [.rejected], acceptorHears: [.associate]),
    Course(
      testDescription: "aborted by the requestor", steps: established + both + [.requestor(.abort(.byUser)), .arrive],
      requestorHears: [.accepted, read], acceptorHears: [.associate, read, .ended]),
    Course(
      testDescription: "aborted by the acceptor", steps: established + both + [.acceptor(.abort(.byUser)), .arrive],
      requestorHears: [.accepted, read, .ended], acceptorHears: [.associate, read]),
    Course(
      testDescription: "aborted by both at once",
      steps: established + [.requestor(.abort(.byUser)), .acceptor(.abort(.byUser)), .arrive],
      requestorHears: [.accepted], acceptorHears: [.associate]),
    Course(
      testDescription: "aborted by the requestor before it is answered",
      steps: [.requestor(.associate(Samples.request)), .arrive, .requestor(.abort(.byUser)), .arrive],
      requestorHears: [], acceptorHears: [.associate, .ended]),
    Course(
      testDescription: "an abort that crosses data and a release",
      steps: established + [.acceptor(.data(data)), .requestor(.release), .acceptor(.abort(.byUser)), .arrive],
      requestorHears: [.accepted, read, .ended], acceptorHears: [.associate]),
  ]

  @Test(arguments: courses)
  func theyUnderstandEachOther(course: Course) throws {
    let whole = try run(course) { _ in nil }
    _ = try run(course) { _ in 1 }
    for cut in 1..<max(whole.fromRequestor, whole.fromAcceptor) {
      // One cut in each direction, and the other piece as long as it is.
      _ = try run(course) { sent in sent < cut ? cut - sent : nil }
    }
  }

  /// `piece` says how long the next piece of a direction is, of which so many bytes have gone; nil for all there is.
  @discardableResult
  private func run(
    _ course: Course, _ piece: (Int) -> Int?
  ) throws -> (fromRequestor: Int, fromAcceptor: Int) {
    let (requestor, acceptor) = (try Side(.requestor), try Side(.acceptor))
    var (fromRequestor, fromAcceptor) = (0, 0)
    for step in course.steps {
      switch step {
      case .requestor(let request): requestor.ask(request)
      case .acceptor(let request): acceptor.ask(request)
      case .arrive:
        for _ in 0..<4 {
          fromRequestor += try deliver(from: requestor, to: acceptor, after: fromRequestor, piece)
          fromAcceptor += try deliver(from: acceptor, to: requestor, after: fromAcceptor, piece)
        }
      }
    }
    #expect(Heard.all(try requestor.indications()) == course.requestorHears)
    #expect(Heard.all(try acceptor.indications()) == course.acceptorHears)
    for side in [requestor, acceptor] {
      side.advance(by: .seconds(31))
      #expect(!side.channel.isActive)
      #expect(try side.sent().readableBytes == 0)
      #expect(try side.indications().isEmpty)
    }
    return (fromRequestor, fromAcceptor)
  }

  private func deliver(
    from side: Side, to other: Side, after gone: Int, _ piece: (Int) -> Int?
  ) throws -> Int {
    var bytes = try side.sent()
    var count = 0
    while bytes.readableBytes > 0 {
      let length = min(piece(gone + count) ?? bytes.readableBytes, bytes.readableBytes)
      let next = bytes.readSlice(length: length)
      try other.receive(try #require(next))
      count += length
    }
    return count
  }
}
