// SPDX-License-Identifier: Apache-2.0

import DICOMData
import PixelCodecs
import Testing

@testable import ServiceClasses

/// Conversions of many associations at once: within the memory that there is for all, and each gets its turn.
struct ConversionRoomTests {
  @Test(arguments: [100, 250, 1000])
  func allComeAndNeverTakeMore(_ limit: Int) async throws {
    let room = ConversionRoom(limit: limit)
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          let place = try await room.take(10 + number % 90, for: "\(number % 7)")
          await Task.yield()
          place.giveBack()
          place.giveBack()
          return 1
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(done == 200)
    #expect(room.mostTaken <= limit && room.taken == 0)
  }

  @Test func whatIsLargerThanAllComesAlone() async throws {
    let room = ConversionRoom(limit: 100)
    let outcomes = try await withThrowingTaskGroup(of: Int.self) { group in
      for bytes in [5000, 60, 60, 5000, 1] {
        group.addTask {
          // Given back with the last who holds it.
          _ = try await room.take(bytes, for: "A")
          return bytes
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(outcomes == 10121)
    #expect(room.mostTaken == 5000 && room.taken == 0)
  }

  /// Who waits can be stopped, and keeps nobody who comes behind.
  @Test(.timeLimit(.minutes(15))) func whoWaitsCanBeStopped() async throws {
    let room = ConversionRoom(limit: 100)
    let held = try await room.take(60, for: "A")
    let large = Task { try await room.take(90, for: "B") }
    while room.waiting < 1 { await Task.yield() }
    let small = Task { try await room.take(40, for: "C") }
    while room.waiting < 2 { await Task.yield() }
    large.cancel()
    await #expect(throws: CancellationError.self) { _ = try await large.value }
    _ = try await small.value
    #expect(room.waiting == 0)
    held.shrink(to: 10)
    #expect(room.taken <= 50)
    held.giveBack()
  }

  /// A receiver that reads slowly keeps its own objects waiting, and nobody else's; one of its objects it may always have.
  @Test(.timeLimit(.minutes(15))) func aSlowReceiverKeepsNothingFromTheOthers() async throws {
    let room = ConversionRoom(limit: 400)
    let large = try await room.take(150, for: "SLOW")
    let more = Task { try await room.take(20, for: "SLOW") }
    while room.waiting < 1 { await Task.yield() }
    let small = Task { try await room.take(1, for: "SLOW") }
    while room.waiting < 2 { await Task.yield() }
    for number in 0..<10 {
      let others = [try await room.take(60, for: "A\(number)"), try await room.take(40, for: "A\(number)")]
      #expect(room.waiting == 2 && room.taken == 250)
      for other in others { other.giveBack() }
    }
    // Together they are within its share now.
    large.shrink(to: 70)
    let places = [try await more.value, try await small.value]
    #expect(room.taken == 91 && room.waiting == 0)
    for place in places + [large] { place.giveBack() }
    #expect(room.taken == 0)
  }

  /// Who waits too long is told why, and keeps nobody who comes behind.
  @Test(.timeLimit(.minutes(15))) func nobodyWaitsForEver() async throws {
    let room = ConversionRoom(limit: 100, patience: .milliseconds(20))
    let held = try await room.take(60, for: "SLOW")
    let late = await #expect(throws: SubOperationFailure.self) { _ = try await room.take(90, for: "A") }
    #expect(late?.description.contains("no room") == true && room.waiting == 0)
    try await room.take(40, for: "B").giveBack()
    held.giveBack()
    #expect(room.taken == 0)
  }

  /// What an object takes is told by its beginning; what does not say gets as much as any may take.
  @Test func theBeginningTellsHowMuch() throws {
    let plain = Self.beginning { _ in }
    #expect(ObjectConversion.memory(of: plain, 5000) == 20_000)
    let image = Self.beginning { object in
      object.setIntegers(.rows, .us, [512])
      object.setIntegers(.columns, .us, [256])
      object.setIntegers(.bitsAllocated, .us, [16])
      object.set(.numberOfFrames, .is, "10")
    }
    // Cut off behind what it says of its frames: there the pixels would begin.
    #expect(ObjectConversion.memory(of: image + [0xE0, 0x7F, 0x10, 0x00], 100) == 100 + 3 * 512 * 256 * 2 * 10)
    #expect(ObjectConversion.memory(of: Array(plain.prefix(160)), 100) == 100 + 3 * ObjectConversion.longestObject)
    let vast = Self.beginning { object in
      object.setIntegers(.rows, .us, [65_535])
      object.setIntegers(.columns, .us, [65_535])
      object.set(.numberOfFrames, .is, "2147483647")
    }
    #expect(ObjectConversion.memory(of: vast, 100) == 100 + 3 * ObjectConversion.longestObject)
  }

  /// Whatever the file says, and under whatever VR: a figure comes of it, and never more than any object may take.
  @Test(
    arguments: [
      ("9223372036854775807", .lo), ("9223372036854775807", .is), ("-9223372036854775808", .lo), ("-1", .is),
      ("0", .is), ("9223372036854775801", .uv), ("18446744073709551615", .uv), ("-9223372036854775808", .sv),
    ] as [(String, VR)])
  func numbersOfAnySizeAreBorne(_ number: String, _ vr: VR) throws {
    let all = 100 + 3 * ObjectConversion.longestObject
    let tags: [DICOMData.Tag] = [.rows, .columns, .bitsAllocated, .samplesPerPixel, .numberOfFrames]
    for hostile in tags.map({ [$0] }) + [[.rows, .columns, .bitsAllocated], tags] {
      let file = Self.beginning { object in
        for tag in tags {
          guard hostile.contains(tag) else {
            object.setIntegers(tag, .us, [8])
            continue
          }
          switch vr {
          case .uv: object.setBytes(tag, vr, (UInt64(number) ?? 0).littleEndianBytes)
          case .sv: object.setBytes(tag, vr, UInt64(bitPattern: Int64(number) ?? 0).littleEndianBytes)
          default: object.set(tag, vr, number)
          }
        }
      }
      let memory = ObjectConversion.memory(of: file, 100)
      #expect((400...all).contains(memory), "\(hostile)")
      // What no Int holds is as good as not there.
      if let value = Int(number), value > 0 || hostile == [.bitsAllocated] { #expect(memory == all, "\(hostile)") }
    }
  }

  /// A deflated object takes room for what it may become, and is not inflated to know: a mebibyte may be 264 of them.
  @Test(arguments: [5000, 1 << 20, 100 << 20, 1 << 30])
  func deflatedObjectsTakeRoomForWhatTheyInflateTo(_ count: Int) {
    let file = Self.beginning(in: .deflatedExplicitVRLittleEndian) { $0.set(.patientComments, .lt, "x") }
    let memory = ObjectConversion.memory(of: file, count)
    #expect(memory >= count + 3 * min(1032 * count, 200 * count + 64 << 20, 1 << 30))
    #expect(memory <= count + 3 << 30)
  }

  /// What inflates beyond the longest object is refused at that length.
  @Test func whatInflatesTooFarIsNotConverted() async throws {
    let file = Self.beginning(in: .deflatedExplicitVRLittleEndian) { object in
      object.setBytes(.pixelData, .ob, [UInt8](repeating: 0, count: 4 << 20))
    }
    #expect(file.count < 1 << 16)
    for (longest, isConverted) in [(2 << 20, false), (5 << 20, true)] {
      let conversion = ObjectConversion(codecs: CodecPool(), room: ConversionRoom(limit: 1), longestObject: longest)
      do {
        let bytes = try await conversion.dataSet(
          of: file, in: TransferSyntax.deflatedExplicitVRLittleEndian.uid, coercion: nil)
        #expect(isConverted && !bytes.isEmpty)
      } catch {
        #expect(!isConverted && "\(error)".contains("inflates beyond"), "\(error)")
      }
    }
  }

  private static func beginning(
    in syntax: TransferSyntax = .explicitVRLittleEndian, _ fill: (inout DataSetBuilder) -> Void
  ) -> [UInt8] {
    var object = DataSetBuilder(characterSet: .utf8)
    object.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
    fill(&object)
    return FileMetaInformation.encoded(
      sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: "1.2.3",
      transferSyntaxUID: syntax.uid, sourceAETitle: "CT") + object.encoded(as: syntax)
  }
}

extension UInt64 {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian, Array.init) }
}
