// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import UpperLayer

/// What peers may make a node keep before it knows who they are.
@Suite struct BudgetTests {
  /// However long a request is announced to be, a connection keeps no more than its own share without the budget.
  @Test(arguments: [1, 100, 1500, 2048, 65_536])
  func aConnectionKeepsNoMoreThanItsShare(read: Int) throws {
    let limits = UpperLayerLimits(requestBudget: RequestBudget(limit: 0))
    var decoder = PDUDecoder(limits: limits)
    var left = longRequest(of: 1 << 20)
    var error: PDUError?
    do throws(PDUError) {
      while let piece = left.readSlice(length: min(read, left.readableBytes)), piece.readableBytes > 0 {
        // A read is a buffer of its own.
        try decoder.append(ByteBuffer(bytes: piece.readableBytesView))
        #expect(try decoder.next(in: .transportOpenAwaitingAssociateRQ) == nil)
        #expect(decoder.keptCapacity <= PDUDecoder.ownShare)
      }
    } catch let thrown {
      error = thrown
    }
    #expect(error?.reason == .notSpecified)
    #expect(left.readableBytes > (1 << 20) - 65_536 - 32_768)
  }

  /// A read of 64 KiB that ends in the midst of a header does not stay.
  @Test func whatIsLeftOfAReadIsSmall() throws {
    var decoder = PDUDecoder(limits: UpperLayerLimits())
    var read = ByteBuffer(bytes: [4, 0, 0, 0, 0xFF, 0xF6, 0, 0, 0xFF, 0xF2, 1, 0])
    read.writeRepeatingByte(0, count: 0xFFF0)
    read.writeBytes([4, 0, 0])
    try decoder.append(read)
    while try decoder.next(in: .established) != nil {}
    #expect(decoder.bufferedBytes == 3)
    #expect(decoder.keptCapacity <= 512)
  }

  @Test func aRequestOfAMebibyteIsReadAndPaidBack() throws {
    let budget = RequestBudget(limit: 1 << 20)
    let side = try Side(.acceptor, limits: UpperLayerLimits(requestBudget: budget))
    var request = longRequest(of: 1 << 20)
    var most = 0
    while let piece = request.readSlice(length: min(2048, request.readableBytes)), piece.readableBytes > 0 {
      try side.receive(ByteBuffer(bytes: piece.readableBytesView))
      most = max(most, budget.bytesTaken)
    }
    #expect(try side.indications().count == 1)
    #expect(try side.sent().readableBytes == 0)
    #expect(most > 900_000 && most <= 1 << 20)
    #expect(budget.bytesTaken == 0)
  }

  /// A08: one byte more than the limit is refused on the header.
  @Test func aByteMoreThanTheLimitIsRefused() throws {
    let side = try Side(.acceptor)
    try side.receive(try #require(longRequest(of: (1 << 20) + 1).getSlice(at: 0, length: 6)))
    #expect(try side.sent() == ByteBuffer(bytes: [7, 0, 0, 0, 0, 4, 0, 0, 2, 6]))
    #expect(try side.ends().count == 1)
  }

  /// Many connections begin long requests: when the budget is spent they are refused, each once, and short requests are not.
  @Test func aSpentBudgetIsNoHarmToOthers() throws {
    let budget = RequestBudget(limit: 1 << 20)
    let limits = UpperLayerLimits(requestBudget: budget)
    let begun = try #require(longRequest(of: 1 << 20).getSlice(at: 0, length: 200_000))
    let sides = try (0..<20).map { _ in try Side(.acceptor, limits: limits) }
    var refused = 0
    for side in sides {
      try side.receive(begun)
      #expect(budget.bytesTaken <= budget.limit)
      let ends = try side.ends()
      guard let end = ends.first else { continue }
      refused += 1
      #expect(ends.count == 1)
      guard case .refused(let refusal) = end else {
        Issue.record("\(end)")
        continue
      }
      #expect(refusal.why.contains("memory"))
      #expect(refusal.callingAETitle == "MODALITY")
      // A-ASSOCIATE-RJ: for now, presentation, temporary congestion.
      #expect(try side.sent() == ByteBuffer(bytes: [3, 0, 0, 0, 0, 4, 0, 2, 3, 1]))
    }
    #expect(refused >= 15)
    let short = try Side(.acceptor, limits: limits)
    try short.receive(Samples.bytes(of: .associateRQ(Samples.request)))
    #expect(try short.indications() == [.associate(Samples.request)])
    for side in sides {
      side.advance(by: .seconds(31))
      #expect(!side.channel.isActive)
    }
    #expect(budget.bytesTaken == 0)
  }

  /// However a connection ends, what it took is there again.
  @Test(arguments: ["closed", "refused", "expired"])
  func theBudgetIsGivenBack(how: String) throws {
    let budget = RequestBudget()
    let side = try Side(.acceptor, limits: UpperLayerLimits(requestBudget: budget))
    var request = longRequest(of: 100_000)
    // The ID of the first context: even.
    request.setInteger(UInt8(2), at: 103)
    try side.receive(try #require(request.getSlice(at: 0, length: 90_000)))
    #expect(budget.bytesTaken > 0)
    switch how {
    case "closed": side.channel.close(promise: nil)
    case "expired": side.advance(by: .seconds(31))
    default: try side.receive(try #require(request.getSlice(at: 90_000, length: request.readableBytes - 90_000)))
    }
    #expect(try side.ends().count == (how == "closed" ? 0 : 1))
    #expect(budget.bytesTaken == 0)
  }

  @Test func theBudgetHoldsBetweenThreads() async {
    let budget = RequestBudget(limit: 1000)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for turn in 0..<5000 where (try? budget.take(turn % 400, for: nil)) != nil {
            #expect(budget.bytesTaken <= 1000)
            budget.giveBack(turn % 400, for: nil)
          }
        }
      }
    }
    #expect(budget.bytesTaken == 0)
    #expect(throws: Never.self) { try budget.take(1000, for: nil) }
    #expect(throws: RequestBudget.Shortage.spent) { try budget.take(1, for: nil) }
    #expect(throws: RequestBudget.Shortage.spent) { try budget.take(.max, for: nil) }
  }

  /// Whoever takes all that an address gets leaves the rest to others, by IPv6 with as many addresses as they have of one network.
  @Test(
    arguments: [
      ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false), ("::ffff:10.0.0.1", "10.0.0.1", true),
      ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false), ("2001:db8::1", "2001:db8::2", true),
      ("2001:db8::1", "2001:db8:0:1::1", false),
    ] as [(String, String, Bool)])
  func anAddressGetsAShare(first: String, second: String, isShared: Bool) throws {
    let budget = RequestBudget(limit: 4 << 20)
    #expect(budget.share == 1 << 20)
    let (one, other) = try (address(first), address(second))
    try budget.take(1 << 20, for: one)
    #expect(throws: RequestBudget.Shortage.shareIsSpent) { try budget.take(1, for: one) }
    if isShared {
      #expect(throws: RequestBudget.Shortage.shareIsSpent) { try budget.take(1, for: other) }
    } else {
      #expect(throws: Never.self) { try budget.take(1 << 20, for: other) }
      budget.giveBack(1 << 20, for: other)
    }
    budget.giveBack(1 << 20, for: one)
    #expect(budget.bytesTaken == 0)
    #expect(throws: Never.self) { try budget.take(1 << 20, for: other) }
  }

  /// In true words: nothing is wrong with the request, and it may come again.
  @Test func whoFindsNoShareIsToldToComeAgain() throws {
    let limits = UpperLayerLimits(requestBudget: RequestBudget(limit: 4 << 20, share: 0))
    let side = try Side(.acceptor, limits: limits)
    try side.receive(try #require(longRequest(of: 1 << 20).getSlice(at: 0, length: 200_000)))
    // A-ASSOCIATE-RJ: for now, presentation, local limit exceeded.
    #expect(try side.sent() == ByteBuffer(bytes: [3, 0, 0, 0, 0, 4, 0, 2, 3, 2]))
    guard case .refused(let refusal)? = try side.ends().first else {
      Issue.record("nobody was told")
      return
    }
    #expect(refusal.why == "the memory that one address gets for long association requests is in use")
    // What is still on its way is no association's.
    try side.receive([4, 0, 0, 0, 0, 1])
    #expect(try side.sent().readableBytes == 0)
  }

  private func address(_ text: String) throws -> NetworkAddress {
    try #require(NetworkAddress(SocketAddress(ipAddress: text, port: 104)))
  }

  /// A request whose variable field has `count` bytes, with items that nobody knows.
  private func longRequest(of count: Int) -> ByteBuffer {
    var bytes = Samples.bytes(of: .associateRQ(Samples.request))
    while bytes.readableBytes < count + 6 {
      // An item takes four bytes of head; none may be left that are too few for one.
      var length = min(count + 6 - bytes.readableBytes - 4, 65_535)
      if 1..<4 ~= count + 6 - bytes.readableBytes - 4 - length { length -= 8 }
      bytes.writeMultipleIntegers(UInt8(0x7E), UInt8(0), UInt16(length))
      bytes.writeRepeatingByte(0x61, count: length)
    }
    bytes.setInteger(UInt32(count), at: 2)
    return bytes
  }
}
