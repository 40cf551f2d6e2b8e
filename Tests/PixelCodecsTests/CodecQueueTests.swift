// SPDX-License-Identifier: Apache-2.0

import CodecWorker
import DICOMData
import Testing

@testable import PixelCodecs

/// Who gets a worker when there is one, and how much memory all may have.
struct CodecQueueTests {
  private typealias Queue = CodecQueue<String>

  private static func claim(_ priority: CodecPriority, _ memory: Int = 1) -> Queue.Claim {
    Queue.Claim(priority: priority, memory: memory)
  }

  @Test func thoseWhoWaitForAPictureComeFirstAndThumbnailsLast() {
    var queue = Queue(workers: 8, memoryLimit: 100, longest: 10)
    for (waiter, priority) in [
      ("thumbnail", .background), ("store", .ordinary), ("get", .ordinary), ("picture", .urgent),
    ] as [(String, CodecPriority)] {
      queue.append(waiter, Self.claim(priority))
    }
    #expect((0..<5).map { _ in queue.next()?.waiter } == ["picture", "store", "get", "thumbnail", nil])
  }

  @Test(arguments: [(1, 1), (2, 1), (5, 2), (8, 4)])
  func thumbnailsNeverTakeMoreThanHalf(_ workers: Int, most: Int) {
    var queue = Queue(workers: workers, memoryLimit: 100, longest: 100)
    for number in 0..<20 { queue.append("\(number)", Self.claim(.background)) }
    for number in 0..<most { #expect(queue.next()?.waiter == "\(number)") }
    #expect(queue.next() == nil)
    queue.append("get", Self.claim(.ordinary))
    #expect(queue.next()?.waiter == "get")
    #expect(queue.next() == nil)
    queue.finish(Self.claim(.background))
    #expect(queue.next()?.waiter == "\(most)")
  }

  @Test func memoryIsNeverPromisedTwice() {
    var queue = Queue(workers: 8, memoryLimit: 100, longest: 10)
    for (waiter, memory) in [("a", 60), ("b", 40), ("large", 50), ("small", 1)] {
      queue.append(waiter, Self.claim(.ordinary, memory))
    }
    #expect(queue.next()?.waiter == "a")
    #expect(queue.next()?.waiter == "b")
    // The small one would fit; it does not pass the large one, which would wait for ever.
    #expect(queue.next() == nil)
    queue.finish(Self.claim(.ordinary, 40))
    #expect(queue.next() == nil)
    queue.finish(Self.claim(.ordinary, 60))
    #expect(queue.next()?.waiter == "large")
    #expect(queue.next()?.waiter == "small")
    #expect(queue.memoryPromised == 51)
  }

  @Test func whatIsLargerThanAllIsWorkedOnAlone() {
    var queue = Queue(workers: 8, memoryLimit: 100, longest: 10)
    queue.append("huge", Self.claim(.ordinary, 1000))
    queue.append("next", Self.claim(.ordinary, 1))
    #expect(queue.next()?.waiter == "huge")
    #expect(queue.next() == nil)
    queue.finish(Self.claim(.ordinary, 1000))
    #expect(queue.next()?.waiter == "next")
  }

  @Test func itIsAsLongAsItMayBe() {
    var queue = Queue(workers: 1, memoryLimit: 100, longest: 2)
    queue.append("a", Self.claim(.background))
    #expect(!queue.isFull)
    queue.append("b", Self.claim(.urgent))
    #expect(queue.isFull && queue.count == 2)
  }

  /// Of a pool: many frames at once stay within its memory, and all come.
  @Test(arguments: CodecPriority.allCases)
  func aPoolStaysWithinItsMemory(_ priority: CodecPriority) async throws {
    var settings = CodecPool.Settings()
    settings.executable = CodecPoolTests.executable
    settings.workers = 3
    let (frame, encoded) = try await CodecPoolTests.encoded()
    let one =
      CodecArena.lanes * CodecJob(CodecRequest(.decode, .jpegLS, layout: frame.layout), on: encoded.bytes).memory
    settings.memoryLimit = 2 * one
    let pool = CodecPool(settings)
    let decoded = try await withThrowingTaskGroup(of: DecodedFrame.self) { group in
      for _ in 0..<24 { group.addTask { try await pool.at(priority).decode(encoded) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(decoded == Array(repeating: frame, count: 24))
    #expect(await pool.statistics().mostMemory == (priority == .background ? 1 : 2) * one)
  }

  /// A few bytes make many frames: what they come to is asked before the first is decoded.
  @Test(arguments: ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.98"])
  func framesInAllAreBounded(_ target: String) async throws {
    let layout = try Samples.layout(64, 64)
    let black = DecodedFrame(layout: layout, bytes: [UInt8](repeating: 0, count: layout.byteCount))
    let encoded = try await UnconfinedCodecs().encode(black, with: .jpeg2000)
    var builder = Samples.attributes(of: layout, frames: 100)
    builder.setEncapsulatedPixelData(frames: [[UInt8]](repeating: encoded, count: 100))
    let syntax = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.4.90"))
    let dataSet = try DataSet(reading: builder.encoded(as: syntax), transferSyntax: syntax)
    let to = try #require(TransferSyntax(uid: target))
    let total = 100 * layout.byteCount
    await #expect(throws: PixelError.objectTooLarge(bytes: total, limit: total - 1)) {
      try await Transcoder(UnconfinedCodecs(), longestObject: total - 1).transcoded(dataSet, to: to)
    }
    _ = try await Transcoder(UnconfinedCodecs(), longestObject: total).transcoded(dataSet, to: to)
    let rle = try #require(TransferSyntax(uid: "1.2.840.10008.1.2.5"))
    await #expect(throws: PixelError.self) {
      try await Transcoder(UnconfinedCodecs(), longestObject: 1000).transcoded(dataSet, to: rle)
    }
  }
}
